"""What a person reads after a run: one page, a model card, the sources to cite. Made from the run folder's files alone.

Read from the folder, each left out of the page where it is missing:

| file                           | what it gives                                                  |
|--------------------------------|----------------------------------------------------------------|
| results.json                   | scores, intervals, baselines, verdicts                         |
| predictions.h5                 | tracks of the strip, shares of test labels                     |
| examples.json, examples.png    | faces of the strip and of the worst frames                     |
| metrics.jsonl                  | training curves                                                |
| resolved.toml                  | settings                                                       |
| environment.json               | components with their sources, versions, machine               |
| data.json                      | data sets, origin, terms, people of each part, overlap         |
| stages/NAME/state.json         | seconds of each stage                                          |
"""

from __future__ import annotations

from pathlib import Path


def write_report(folder: str | Path) -> Path:
    """Write model_card.md and report.html into a run folder; returns the page's path.

    Raises:
        RunFolderError: the folder holds no run.
        DataError: one of its files is damaged.
        StorageError: the files cannot be written.
    """
    from aukit.report.model_card import write_model_card
    from aukit.report.page import write_page

    write_model_card(folder)
    return write_page(folder)
