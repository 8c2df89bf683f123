"""The empty host, the tiny store, the command line and their fixtures."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import aukit
from aukit.clips.reader import ClipStore
from aukit.contracts.schema import Split
from aukit.errors import PluginError


def test_an_empty_host_is_empty(empty_host):
    registry = empty_host()
    assert not registry.components()
    assert not registry.plugins()
    assert empty_host(builtins=True).find("loss", "l2").provider == "aukit"


def test_an_empty_host_refuses_a_record_that_does_not_stand(empty_host):
    wrong = aukit.Component(kind="los", name="x", build="a:B", summary="")
    with pytest.raises(PluginError, match="did you mean `loss`"):
        empty_host(wrong)


def test_a_tiny_store_has_people_labels_and_a_split(tiny_store):
    path = tiny_store(people=8, videos=2, frames=30, size=24, fps=25.0, aus=("AU12", "AU25"))
    store = ClipStore(path)
    assert store.aus == ("AU12", "AU25")
    assert (store.size, store.origin, store.data_set) == ((24, 24), "synthetic", "tiny")
    assert len(store.videos) == 16
    assert {video.length for video in store.videos} == {30}
    assert {video.fps for video in store.videos} == {25.0}
    assert len({video.subject for video in store.videos}) == 8
    (split,) = store.schema.splits["default"]
    assert isinstance(split, Split)
    assert [len(subjects) for _, subjects in split.parts()] == [4, 2, 2]


def test_the_content_of_a_tiny_store_moves_with_its_labels(tiny_store):
    store = ClipStore(tiny_store(people=4, frames=60, size=64, aus=("AU12",)))
    for video in store.videos:
        labels = store.labels(video.id)[:, 0]
        assert set(labels) <= set(range(6))
        assert labels.min() <= 1
        assert labels.max() >= 4
        columns = store.frames(video.id, 0, video.length).mean(axis=(1, 3))
        assert np.corrcoef(columns.argmax(axis=1), labels)[0, 1] > 0.9


def test_a_tiny_store_comes_from_its_seed_alone(tiny_store):
    one, same, other = (ClipStore(tiny_store(f"{i}.h5", seed=seed)) for i, seed in enumerate((1, 1, 2)))
    video = one.videos[0].id
    assert np.array_equal(one.frames(video, 0, 40), same.frames(video, 0, 40))
    assert not np.array_equal(one.frames(video, 0, 40), other.frames(video, 0, 40))


def test_a_tiny_store_can_be_unlabelled_and_jpeg(tiny_store):
    store = ClipStore(tiny_store(labelled=False, encoding="jpeg", people=3, frames=5))
    assert store.encoding == "jpeg"
    assert np.isnan(store.labels(store.videos[0].id)).all()


def test_run_cli_gives_code_and_both_streams(run_cli):
    fine = run_cli("list-components", "--kind", "loss")
    assert fine.code == 0
    assert "huber" in fine.stdout
    assert fine.stderr == ""
    wrong = run_cli("list-components", "--kind", "los")
    assert wrong.code == 2
    assert wrong.stdout == ""
    assert "did you mean `loss`" in wrong.stderr


def test_run_cli_takes_a_folder_and_an_environment(run_cli, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine.py").write_text("import sys; sys.exit('no')")
    plugins = run_cli("plugins", "--plugin", "mine.py", cwd=tmp_path / "elsewhere")
    assert "SystemExit: no" in plugins.stdout
    strict = run_cli(
        "plugins", "--plugin", "mine.py", cwd=tmp_path / "elsewhere", env={"AUKIT_PLUGINS_STRICT": "1"}
    )
    assert strict.code == 2


def test_the_fixtures_import_aukit_only_when_used():
    code = "import sys, aukit.testing.pytest_plugin; sys.exit('aukit.testing.store' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    light = "import sys, aukit.testing; aukit.testing.empty_host; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", light], check=False).returncode == 0
