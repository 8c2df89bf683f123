"""Any timm model with feature maps as a backbone, its weights from a local file only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from aukit.builtin.torchvision_guard import import_timm
from aukit.errors import ComponentError, DataError, did_you_mean

timm = import_timm()


class TimmBackbone(nn.Module):
    """A timm model, cut off after the deepest feature map of the asked stride, then projected to the asked channels.

    With `channels`, a 1x1 convolution follows, so that features may have either sign, as those of `resnet18-256` do.
    Without it they are the model's own, which in many families end with a ReLU. Colours are normalised as the model's
    pretrained weights expect.

    Raises:
        ComponentError: no such model, no feature map of this stride, or the model cannot be built so.
        DataError: the weights are missing, no safetensors file, or another model's.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        *,
        model: str = "resnet18",
        stride: int = 16,
        channels: int = 256,
        weights: str = "",
        image_size: int | None = None,
    ) -> None:
        super().__init__()
        if not timm.is_model(model):  # nor is a name that timm would look up in the network
            raise ComponentError(
                f"timm has no model `{model}`", hint=did_you_mean(model.partition(".")[0], timm.list_models())
            )
        # timm's getter also cuts off what lies behind the last map it is asked for
        options: dict[str, Any] = {"features_only": True, "feature_cls": "getter"}
        if image_size:
            options["img_size"] = image_size
        strides = _create(model, **options).feature_info.reduction()
        if stride not in strides:
            raise ComponentError(
                f"timm's `{model}` has no feature map of stride {stride}",
                hint="choose from " + ", ".join(str(known) for known in sorted(set(strides))),
            )
        options["out_indices"] = (len(strides) - 1 - strides[::-1].index(stride),)
        self.features = _load(model, weights, **options) if weights else _create(model, **options)
        own = self.features.feature_info.channels()[0]
        self.channels = channels or own
        self.stride = stride
        self.project = nn.Conv2d(own, channels, kernel_size=1) if channels else nn.Identity()
        config = self.features.pretrained_cfg
        self.register_buffer("mean", torch.tensor(config["mean"]).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(config["std"]).view(3, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(N,3,H,W)` in 0..1 to `(N,channels,H/stride,W/stride)`."""
        (x,) = self.features((x - self.mean) / self.std)
        x = self.project(x)
        return x


def _create(model: str, **options: Any) -> Any:
    try:
        return timm.create_model(model, **{"pretrained": False, **options})
    except (RuntimeError, TypeError, AttributeError, AssertionError) as error:
        raise ComponentError(f"timm cannot build `{model}` as a backbone: {error}") from error


def _load(model: str, weights: str, **options: Any) -> Any:
    """The model with the weights of a safetensors file; timm adapts the names, nothing is unpickled or downloaded."""
    file = Path(weights)
    if file.suffix != ".safetensors":
        raise DataError("weights must be a .safetensors file", where=weights)
    if not file.is_file():
        raise DataError(
            "there is no such file", where=weights, hint="give the path of a local .safetensors file"
        )
    overlay = {"file": str(file), "custom_load": False}
    try:
        loaded, again = (
            timm.create_model(model, pretrained=True, pretrained_cfg_overlay=overlay, **options)
            for _ in range(2)
        )
    except Exception as error:  # whatever a damaged or foreign file makes timm and safetensors raise
        raise DataError(f"these weights do not fit timm's `{model}`: {error}", where=weights) from error
    # timm passes over weights that a file lacks. They are still random, so two loads differ there.
    pairs = zip(loaded.named_parameters(), again.parameters(), strict=True)
    if missing := [name for (name, one), other in pairs if not torch.equal(one, other)]:
        raise DataError(
            f"these weights do not fit timm's `{model}`: {len(missing)} are missing, the first is `{missing[0]}`",
            where=weights,
        )
    return loaded
