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
