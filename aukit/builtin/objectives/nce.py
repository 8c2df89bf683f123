"""Noise contrastive estimation over many candidates without holding their scores.

The scores of N predictions against N features are an N x N matrix: 164 MB at the paper's N = 6400, and a plain softmax
keeps several copies. Here a block of rows is scored at a time and its part of the gradient is formed at once, while
the scores are at hand; the backward pass only scales what is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

SCORES_AT_ONCE = 2**21
"""Scores in a block: 8 MiB of float32. Up to this many candidates squared, a group is one block."""


def contrast(predictions: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
    """Tell each prediction's own feature from the others of its group (paper, equation 1, as a mean).

    Args:
        predictions: (G,n,D). Row i of a group belongs to row i of the same group's features.
        features: (G,m,D), m at least n: those after the first n belong to nobody here.

    Returns:
        The mean over all predictions of -log softmax(own score), and the rank of each one's own feature (G,n): how many
        others of the group score as high or higher. A tie is no hit, so features that collapse to a point rank last.

    Scores are plain dot products, in float32 or better, under autocast too.
    """
    dtype = torch.promote_types(predictions.dtype, torch.float32)
    with torch.autocast(predictions.device.type, enabled=False):
        loss, rank = _Contrast.apply(predictions.to(dtype), features.to(dtype))  # type: ignore[no-untyped-call]
    return loss, rank


@torch.no_grad()
def ranks(queries: Tensor, features: Tensor, own: Tensor) -> Tensor:
    """The ranks of `contrast`, without a loss, for queries that are meant for several features each.

    Args:
        queries: (q,D).
        features: (n,D).
        own: (q,P), rows of `features`.

    Returns:
        (q,P).
    """
    found = torch.empty_like(own)
    dtype = torch.promote_types(queries.dtype, torch.float32)
    with torch.autocast(queries.device.type, enabled=False):
        for _, rows in _blocks(1, len(queries), len(features)):
            scores = queries[rows].to(dtype) @ features.to(dtype).mT
            for number, column in enumerate(own[rows].unbind(1)):
                found[rows, number] = (scores >= scores.gather(1, column.unsqueeze(1))).sum(1) - 1
    return found


def _blocks(groups: int, rows: int, columns: int) -> Iterator[tuple[slice, slice]]:
    if rows * columns <= SCORES_AT_ONCE:
        step = SCORES_AT_ONCE // (rows * columns)
        for start in range(0, groups, step):
            yield slice(start, start + step), slice(0, rows)
    else:
        step = max(1, SCORES_AT_ONCE // columns)
        for group in range(groups):
            for start in range(0, rows, step):
                yield slice(group, group + 1), slice(start, start + step)


class _Contrast(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, predictions: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        groups, count, _ = predictions.shape
        candidates = features.shape[1]
        rank = torch.empty(groups, count, dtype=torch.int64, device=predictions.device)
        loss = predictions.new_zeros(())
        to_predictions = torch.empty_like(predictions) if ctx.needs_input_grad[0] else None
        to_features = torch.zeros_like(features) if ctx.needs_input_grad[1] else None
        buffer = predictions.new_empty(max(candidates, SCORES_AT_ONCE))  # one for all blocks
        for group, rows in _blocks(groups, count, candidates):
            left, right = predictions[group, rows], features[group].mT
            scores = buffer[: len(left) * left.shape[1] * candidates].view(*left.shape[:2], candidates)
            torch.bmm(left, right, out=scores)
            own = scores.diagonal(rows.start, 1, 2).unsqueeze(2).clone()
            rank[group, rows] = (scores >= own).sum(2) - 1
            highest = scores.amax(2, keepdim=True)
            total = scores.sub_(highest).exp_().sum(2, keepdim=True)
            loss += (total.log() + (highest - own)).sum()
            # softmax is scores / total; the gradient of a score is softmax, less 1 where it is the own one
            if to_predictions is not None:
                to_predictions[group, rows] = scores @ features[group] / total
            if to_features is not None:
                to_features[group].baddbmm_(scores.mT, left / total)
        if to_predictions is not None:
            to_predictions.sub_(features[:, :count]).div_(groups * count)
        if to_features is not None:
            to_features[:, :count].sub_(predictions)
            to_features.div_(groups * count)
        ctx.save_for_backward(to_predictions, to_features)
        ctx.mark_non_differentiable(rank)
        return loss / (groups * count), rank

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Any) -> tuple[Tensor | None, Tensor | None]:
        to_predictions, to_features = ctx.saved_tensors
        return (
            None if to_predictions is None else to_predictions * gradient,
            None if to_features is None else to_features * gradient,
        )
