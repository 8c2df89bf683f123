"""Checkpoints: any layout of tensors goes through, the old one goes last, nothing is unpickled."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from aukit.errors import RunFolderError
from aukit.rundir.checkpoint import Checkpoints, load, load_tensors, save, save_tensors


def test_round_trip_of_layouts_types_and_shared_memory(tmp_path: Path) -> None:
    base = torch.randn(2, 3, 4, 5)
    tensors = {
        "channels_last": base.to(memory_format=torch.channels_last),
        "view": base[:, 1],
        "transposed": base.transpose(0, 3),
        "tied": base,
        "also tied": base,
        "scalar": torch.tensor(3.0),
        "whole": torch.tensor(7),
        "empty": torch.zeros(0, 4),
        "half": base.bfloat16(),
        "grad": torch.nn.Parameter(base.clone()),
    }
    save(tmp_path / "c", tensors, {"step": 3, "name": "x"})
    found, state = load(tmp_path / "c")
    assert state == {"step": 3, "name": "x"}
    assert set(found) == set(tensors)
    assert all(torch.equal(found[name], value.detach()) for name, value in tensors.items())


def test_the_newest_is_loaded_and_the_old_is_removed(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    assert checkpoints.load() is None
    for number in range(12):
        checkpoints.save({"w": torch.full((2,), float(number))}, {"n": number})
        found = checkpoints.load()
        assert found is not None
        assert found[0]["w"][0] == number
        assert len(list((tmp_path / "checkpoints").iterdir())) == 1
    checkpoints.clear()
    assert checkpoints.load() is None


def test_what_a_kill_leaves_half_written_is_not_seen(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({"w": torch.ones(2)}, {"n": 1})
    half = tmp_path / ".000002.tmp"
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"torn")
    found = checkpoints.load()
    assert found is not None
    assert found[1] == {"n": 1}
    checkpoints.save({"w": torch.ones(2)}, {"n": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["000002"]


@pytest.mark.parametrize("content", [b"", b"torn", b"\x10\x00\x00\x00\x00\x00\x00\x00{}"])
def test_damaged_weights_are_an_error_of_the_user(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(RunFolderError, match="cannot be read") as caught:
        load_tensors(tmp_path / "w.safetensors")
    assert caught.value.exit_code == 2


def test_a_pickle_is_refused_and_never_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    (tmp_path / "w.safetensors").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(RunFolderError):
        load_tensors(tmp_path / "w.safetensors")
    torch.save({"w": torch.ones(1)}, tmp_path / "t.safetensors")
    with pytest.raises(RunFolderError):
        load_tensors(tmp_path / "t.safetensors")
    assert not (tmp_path / "sprung").exists()


def test_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no checkpoint"):
        load(tmp_path)


def test_saved_tensors_replace_the_old_ones(tmp_path: Path) -> None:
    for value in (1.0, 2.0):
        save_tensors(tmp_path / "w.safetensors", {"w": torch.tensor([value])})
    assert load_tensors(tmp_path / "w.safetensors")["w"].item() == 2.0
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]
