"""The backbone `timm`: models by name, cut at a stride, weights from local safetensors files only."""

from __future__ import annotations

import pickle
import socket
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from aukit.builtin.backbones.timm import TimmBackbone
from aukit.builtin.torchvision_guard import import_timm
from aukit.errors import ComponentError, DataError

timm = import_timm()
MODEL = "mobilenetv3_small_050"
FRAMES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"model": "resnet10t"}, (2, 256, 4, 4)),
        ({"model": MODEL, "channels": 0}, (2, 24, 4, 4)),
        ({"model": MODEL, "stride": 8, "channels": 32}, (2, 32, 8, 8)),
        ({"model": "vit_tiny_patch16_224", "channels": 8, "image_size": 64}, (2, 8, 4, 4)),
    ],
)
def test_a_model_is_cut_at_a_stride_and_projected(options: dict[str, Any], shape: tuple[int, ...]) -> None:
    backbone = TimmBackbone(**options)
    features = backbone(FRAMES)
    assert features.shape == shape
    assert (backbone.channels, backbone.stride) == (shape[1], 64 // shape[2])
    features.square().mean().backward()
    assert all(parameter.grad is not None for parameter in backbone.parameters())


def test_features_are_those_of_timms_model() -> None:
    backbone = TimmBackbone(model=MODEL, channels=0).eval()
    whole = timm.create_model(MODEL, pretrained=False).eval()
    ours = {name.removeprefix("model."): value for name, value in backbone.features.state_dict().items()}
    missing = whole.load_state_dict(ours, strict=False)
    assert not missing.unexpected_keys
    config = whole.pretrained_cfg
    normalised = (FRAMES - torch.tensor(config["mean"]).view(3, 1, 1)) / torch.tensor(config["std"]).view(
        3, 1, 1
    )
    with torch.no_grad():
        expected = whole.forward_intermediates(normalised, intermediates_only=True)[3]
        torch.testing.assert_close(backbone(FRAMES), expected)


def test_weights_come_from_a_local_safetensors_file(tmp_path: Path) -> None:
    trained = timm.create_model(MODEL, pretrained=False)
    file = tmp_path / "weights.safetensors"
    save_file(trained.state_dict(), str(file))
    backbone = TimmBackbone(model=MODEL, weights=str(file))
    torch.testing.assert_close(backbone.features.model.conv_stem.weight, trained.conv_stem.weight)


def test_no_other_file_is_read(tmp_path: Path) -> None:
    pickled = tmp_path / "weights.pth"
    pickled.write_bytes(pickle.dumps({}))
    with pytest.raises(DataError, match=r"must be a \.safetensors file"):
        TimmBackbone(model=MODEL, weights=str(pickled))
    with pytest.raises(DataError, match="no such file"):
        TimmBackbone(model=MODEL, weights=str(tmp_path / "missing.safetensors"))


def test_weights_that_do_not_fit_are_an_error(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(2)}, str(foreign))
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(foreign.read_bytes()[:20])
    for file in (foreign, damaged):
        with pytest.raises(DataError, match="do not fit") as error:
            TimmBackbone(model=MODEL, weights=str(file))
        assert error.value.where == str(file)


def test_a_wrong_name_stride_or_size_is_an_error_with_a_hint() -> None:
    with pytest.raises(ComponentError, match="no model `resnet81`") as error:
        TimmBackbone(model="resnet81")
    assert "resnet18" in error.value.hint
    with pytest.raises(ComponentError, match="stride 5") as error:
        TimmBackbone(model=MODEL, stride=5)
    assert error.value.hint == "choose from 2, 4, 8, 16, 32"
    with pytest.raises(ComponentError, match="cannot build"):
        TimmBackbone(model=MODEL, image_size=64)


@pytest.mark.parametrize("name", ["hf-hub:timm/resnet18", "local-dir:/tmp/resnet18"])
def test_a_name_that_means_a_place_is_refused(name: str) -> None:
    with pytest.raises(ComponentError, match="no model"):
        TimmBackbone(model=name)
