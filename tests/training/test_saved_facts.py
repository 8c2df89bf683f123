"""The facts beside a model's weights: what is wrong with them is said, not thrown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aukit.errors import RunFolderError
from aukit.training.saved import FACTS, FORMAT, VERSION, load_facts

WHOLE: dict[str, Any] = {"format": FORMAT, "version": VERSION}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "no model of aukit"),
        ({**WHOLE, "version": VERSION + 1}, "newer aukit"),
        (WHOLE, "not those that version"),
        ({**WHOLE, "aus": ["AU12"], "size": [64, 64], "unheard_of": 1}, "unheard_of"),
    ],
)
def test_facts_that_do_not_fit(facts: dict[str, Any], said: str, tmp_path: Path) -> None:
    (tmp_path / FACTS).write_text(json.dumps(facts))
    with pytest.raises(RunFolderError, match=said) as caught:
        load_facts(tmp_path)
    assert caught.value.where == str(tmp_path / FACTS)


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no finished model"):
        load_facts(tmp_path)
