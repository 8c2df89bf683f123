"""Packed windows equal windows computed one at a time, forward and backward, for any causal module."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from aukit.hosting.build import build
from aukit.training.batches import packed, to_unit
from aukit.training.model import AUModel
from aukit.training.packing import longest_first, predict_at, states_at


class Sum(nn.Module):
    """A causal module with a nested state: the running sum, and how many frames went into it."""

    causal = True
    lookahead = 0

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: Tensor, state: tuple[Tensor, tuple[Tensor]] | None = None) -> tuple[Tensor, object]:
        total = x.new_zeros(x[:, 0].shape) if state is None else state[0]
        count = x.new_zeros(len(x)) if state is None else state[1][0]
        totals = total[:, None] + (self.weight * x).cumsum(1)
        counts = count[:, None] + torch.arange(1, x.shape[1] + 1)
        return totals / counts[..., None, None, None], (totals[:, -1], (counts[:, -1],))


class Mean(nn.Module):
    """Looks ahead: every frame's state is the mean of the whole window, plus the frame itself."""

    causal = False
    lookahead = 100

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor, state: None = None) -> tuple[Tensor, None]:
        return x.mean(1, keepdim=True) + x, None


lengths_of_windows = st.lists(st.integers(1, 9), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(lengths_of_windows, st.sampled_from(["convgru", "gru", "tcn", "transformer", "sum", "none"]))
def test_causal_modules(lengths: list[int], name: str) -> None:
    torch.manual_seed(0)
    lengths = sorted(lengths, reverse=True)
    temporal = Sum(8) if name == "sum" else build("temporal", name, {"channels": 8})
    features = torch.randn(sum(lengths), 8, 2, 3, dtype=torch.float64, requires_grad=True)
    temporal = temporal.double()
    found = states_at(temporal, features, lengths, [length - 1 for length in lengths])
    alone = torch.cat([temporal(one[None])[0][:, -1] for one in features.split(lengths)])
    torch.testing.assert_close(found, alone, rtol=1e-12, atol=1e-12)
    weights = torch.randn_like(found)
    (one,) = torch.autograd.grad((found * weights).sum(), features)
    (other,) = torch.autograd.grad((alone * weights).sum(), features)
    torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(lengths_of_windows, st.randoms())
def test_modules_that_look_ahead_see_their_whole_window(lengths: list[int], random: object) -> None:
    lengths = sorted(lengths, reverse=True)
    positions = [random.randrange(length) for length in lengths]  # type: ignore[attr-defined]
    features = torch.randn(sum(lengths), 3, 2, 2)
    found = states_at(Mean(3), features, lengths, positions)
    for row, (one, position) in enumerate(zip(features.split(lengths), positions, strict=True)):
        torch.testing.assert_close(found[row], one.mean(0) + one[position])


def test_only_needed_frames_are_computed() -> None:
    seen = []

    class Counting(Sum):
        def forward(self, x: Tensor, state: object = None) -> tuple[Tensor, object]:
            seen.append(tuple(x.shape[:2]))
            return super().forward(x, state)

    states_at(Counting(2), torch.zeros(15 + 15 + 9, 2, 1, 1), [15, 15, 9], [14, 14, 8])
    assert seen == [(3, 9), (2, 6)]
    pixels = torch.zeros(3, 15, 4, 4, 3, dtype=torch.uint8)
    frames, order, lengths = packed(pixels, [9, 15, 15], to_unit)
    assert frames.shape == (39, 3, 4, 4)
    assert (order, lengths) == ([1, 2, 0], [15, 15, 9])


def test_packed_frames_are_the_windows_own() -> None:
    pixels = torch.randint(0, 256, (4, 6, 5, 5, 3), dtype=torch.uint8)
    lengths = [3, 6, 1, 3]
    frames, order, sizes = packed(pixels, lengths, to_unit)
    for index, one in zip(order, frames.split(sizes), strict=True):
        expected = pixels[index, : lengths[index]].permute(0, 3, 1, 2) / 255
        torch.testing.assert_close(one, expected)
    assert order == longest_first(lengths) == [1, 0, 3, 2]


def test_predictions_equal_those_of_the_model_on_each_window() -> None:
    backbone = build("backbone", "resnet18-256", width=4, channels=8, blocks=[1, 1, 1, 1])
    temporal = build("temporal", "convgru", {"channels": 8})
    model = AUModel(
        backbone, temporal, build("head", "pool-bn-linear", {"channels": 8, "aus": ("AU12",)}), ("AU12",)
    )
    model.eval()
    frames, lengths = torch.rand(5 + 2 + 2, 3, 32, 32), [5, 2, 2]
    found = predict_at(model, frames, lengths, [4, 1, 1])
    for row, window in zip(found, frames.split(lengths), strict=True):
        torch.testing.assert_close(row, model(window[None])[0][0, -1], rtol=1e-5, atol=1e-6)
