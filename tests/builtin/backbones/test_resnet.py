"""`resnet18-256` is timm's ResNet-18, trimmed as the paper says."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from aukit.builtin.backbones.resnet import ResNet18
from aukit.builtin.torchvision_guard import import_timm

timm = import_timm()


@pytest.fixture
def frames() -> torch.Tensor:
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def test_the_default_turns_128_pixels_into_8_cells_of_256_channels() -> None:
    backbone = ResNet18().eval()
    with torch.no_grad():
        assert backbone(torch.rand(1, 3, 128, 128)).shape == (1, 256, 8, 8)
    assert (backbone.channels, backbone.stride) == (256, 16)
    stages = [backbone.layer1, backbone.layer2, backbone.layer3, backbone.layer4]
    assert [stage[-1].conv2.out_channels for stage in stages] == [64, 128, 256, 256]
    assert [len(stage) for stage in stages] == [2, 2, 2, 2]


def timm_resnet(output_stride: int, channels: tuple[int, ...]) -> nn.Module:
    """timm's own network without pooling, classifier, dilation and the last ReLU."""
    network = timm.models.resnet.ResNet(
        timm.models.resnet.BasicBlock,
        (2, 2, 2, 2),
        num_classes=0,
        global_pool="",
        output_stride=output_stride,
        channels=channels,
    )
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.dilation != (1, 1):
            module.dilation = module.padding = (1, 1)
    network.layer4[-1].act2 = nn.Identity()
    return network


@pytest.mark.parametrize(
    ("output_stride", "channels"),
    [(16, (64, 128, 256, 256)), (8, (64, 128, 256, 256)), (32, (64, 128, 256, 512))],
)
def test_it_equals_timms_network_with_the_same_weights(
    frames: torch.Tensor, output_stride: int, channels: tuple[int, ...]
) -> None:
    ours = ResNet18(channels=channels[-1], output_stride=output_stride).eval()
    theirs = timm_resnet(output_stride, channels).eval()
    theirs.load_state_dict(ours.state_dict())
    mean, std = timm.data.IMAGENET_DEFAULT_MEAN, timm.data.IMAGENET_DEFAULT_STD
    normalised = (frames - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    with torch.no_grad():
        features = ours(frames)
        torch.testing.assert_close(features, theirs(normalised), rtol=1e-4, atol=1e-4)
    assert features.min() < 0
    assert features.shape[2:] == (64 // output_stride, 64 // output_stride)


def test_weights_start_from_kaimings_distribution_and_no_normalisation_starts_at_zero() -> None:
    torch.manual_seed(0)
    backbone = ResNet18()
    convolutions = [module for module in backbone.modules() if isinstance(module, nn.Conv2d)]
    norms = [module for module in backbone.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(convolutions) == 19  # 17 and the two shortcuts that change the width
    for convolution in convolutions:
        fan_out = convolution.out_channels * convolution.kernel_size[0] ** 2
        assert convolution.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.05)
    assert all((norm.weight == 1).all() and (norm.bias == 0).all() for norm in norms)


def test_a_narrow_and_shallow_network_is_the_same_code(frames: torch.Tensor) -> None:
    backbone = ResNet18(width=8, channels=24, blocks=(1, 1, 1, 1))
    assert backbone(frames).shape == (2, 24, 4, 4)
    widths = [stage[-1].conv2.out_channels for stage in (backbone.layer1, backbone.layer2, backbone.layer3)]
    assert widths == [8, 16, 24]
    assert sum(parameter.numel() for parameter in backbone.parameters()) < 40_000


def test_features_lie_in_rows_of_channels_and_parameters_as_usual(frames: torch.Tensor) -> None:
    backbone = ResNet18(width=8, channels=24, blocks=(1, 1, 1, 1))
    assert backbone(frames).is_contiguous(memory_format=torch.channels_last)
    assert all(parameter.is_contiguous() for parameter in backbone.parameters())
