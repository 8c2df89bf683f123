"""ResNet-18 that keeps its feature map: `(3,128,128)` to `(256,8,8)` by default (paper, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from aukit.builtin.torchvision_guard import import_timm

timm = import_timm()


class ResNet18(nn.Module):
    """timm's BasicBlock in four stages, without pooling, classifier and last ReLU.

    Stage widths are `width` times 1, 2, 4, none above `channels`, then `channels`. A stage that would go beyond
    `output_stride` has stride 1 and no dilation. Convolutions start from Kaiming's normal distribution, and no
    normalisation starts at zero. Weights have the names of timm's ResNet.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        *,
        width: int = 64,
        channels: int = 256,
        blocks: Sequence[int] = (2, 2, 2, 2),
        output_stride: int = 16,
    ) -> None:
        super().__init__()
        self.channels = channels
        self.stride = output_stride
        self.register_buffer(
            "mean", torch.tensor(timm.data.IMAGENET_DEFAULT_MEAN).view(3, 1, 1), persistent=False
        )
        self.register_buffer(
            "std", torch.tensor(timm.data.IMAGENET_DEFAULT_STD).view(3, 1, 1), persistent=False
        )
        widths = [min(width * factor, channels) for factor in (1, 2, 4)] + [channels]
        self.conv1 = nn.Conv2d(3, widths[0], kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.act1 = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        strides = [1] + [2 if 4 * 2**doublings < output_stride else 1 for doublings in range(3)]
        stages = [
            _stage(*shape) for shape in zip([widths[0], *widths], widths, blocks, strides, strict=False)
        ]
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        stages[-1][-1].act2 = nn.Identity()
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """`(N,3,H,W)` in 0..1 to `(N,channels,h,w)`, the raw sum before the last ReLU.

        Colours are normalised by ImageNet's mean and standard deviation. The features lie in memory as
        `torch.channels_last`, which is faster on a CPU and gives the temporal part its rows without a copy.
        """
        x = ((x - self.mean) / self.std).contiguous(memory_format=torch.channels_last)
        x = self.maxpool(self.act1(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return x


def _stage(channels_in: int, channels_out: int, count: int, stride: int) -> nn.Sequential:
    shortcut = None
    if stride > 1 or channels_in != channels_out:
        shortcut = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, kernel_size=1, stride=stride, bias=False),
            nn.BatchNorm2d(channels_out),
        )
    block = timm.models.resnet.BasicBlock
    first = block(channels_in, channels_out, stride, shortcut)
    return nn.Sequential(first, *(block(channels_out, channels_out) for _ in range(count - 1)))
