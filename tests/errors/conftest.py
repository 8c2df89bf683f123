"""A tiny recipe that stands, to be broken in one place a test, and a look at what the user then sees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aukit.cli.app import main

RECIPE = """\
name = "tiny"
seed = 0

[data.tiny]
path = "tiny.h5"
split = "default"

[model]
aus = ["AU04", "AU12"]
backbone = { name = "resnet18-256", width = 8, channels = 8, blocks = [1, 1, 1, 1] }
temporal = { name = "convgru" }
head = { name = "pool-bn-linear" }

[stages.pretrain]
name = "contrastive"
data = "tiny"
steps = 2
batch = 2
validate_every = 0
augmentation = { name = "none" }
objective = { name = "dpc-nce", frames = 5, context = 3 }

[stages.finetune]
name = "regression"
data = "tiny"
steps = 2
batch = 4
window = 5
evaluate_every = 1
augmentation = { name = "none" }
sampler = { name = "random", fraction = 0.5 }

[evaluation]
resamples = 20

[compute]
device = "cpu"
threads = 1
checkpoint_every = 1
"""

Write = Callable[..., Path]


@pytest.fixture
def recipe(tmp_path: Path) -> Write:
    """`recipe(old, new, old, new ...)`: the tiny recipe with pieces of its text replaced, as a file."""

    def write(*changes: str, text: str = RECIPE, name: str = "tiny.toml") -> Path:
        for old, new in zip(changes[::2], changes[1::2], strict=True):
            assert text.count(old) >= 1, f"{old!r} is not in the recipe"
            text = text.replace(old, new, 1)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """`refused(*arguments, code=2)`: run a command in the test's folder that must fail so; what it said on stderr.

    stdout stays empty, there is no traceback, and every message begins with `error:`. The command runs in this
    process, which has torch loaded already; `tests/cli` sees that processes of their own behave the same.
    """
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path, code: int = 2) -> str:
        capfd.readouterr()
        found = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert found == code, (found, out, err)
        assert out == ""
        assert "Traceback" not in err
        assert "error: " in err
        assert "unexpected" not in err
        return err

    return run
