"""The contract of losses."""

from __future__ import annotations

import torch
from torch import Tensor

from aukit.errors import DataError
from aukit.testing.contract import Make, require
from aukit.testing.tensors import make_module, random, require_tensor, same

NAN = float("nan")


def check_loss(make: Make) -> None:
    """`(N,A)` predictions and `(N,A)` labels, NaN where unlabelled, to the mean over labelled cells.

    An unlabelled cell changes neither the loss nor a gradient. A batch without any label is a DataError or 0.

    Raises:
        ContractError: with the first sentence that is not kept.
    """
    loss = make_module(make)
    labels = 5 * torch.rand(8, 4, generator=torch.Generator().manual_seed(0))
    labels[0] = NAN
    labels[2:5, 1] = NAN
    labels[:, 3] = NAN
    missing = labels.isnan()
    predictions = labels.nan_to_num(2.0) + random(8, 4, seed=1)

    def value(predictions: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        leaf = predictions.clone().requires_grad_()
        result = require_tensor(loss(leaf, labels), (), "its output")
        require(result.requires_grad, "its output has no gradient")
        (gradient,) = torch.autograd.grad(result, leaf)
        require(bool(gradient.isfinite().all()), "its gradient is not finite where labels are missing")
        return result.detach(), gradient

    kept = labels.clone()
    first, gradient = value(predictions, labels)
    require(
        torch.equal(labels.isnan(), missing) and same(labels[~missing], kept[~missing]),
        "it changes the labels",
    )
    require(not gradient[missing].any(), "an unlabelled cell has a gradient: NaN means not labelled, never 0")
    require(bool((gradient[~missing] != 0).all()), "a labelled cell has no gradient")
    elsewhere = torch.where(missing, predictions + 100, predictions)
    require(same(value(elsewhere, labels)[0], first), "the prediction at an unlabelled cell changes the loss")
    twice = value(torch.cat([predictions, predictions]), torch.cat([labels, labels]))[0]
    require(same(twice, first), "the same batch twice gives another loss: it is the mean over labelled cells")
    known = labels.nan_to_num(2.0)
    far = value(known + 3, labels)[0]
    require(bool(value(known, labels)[0] < far), "predictions equal to the labels do not give a smaller loss")
    try:
        nothing, gradient = value(predictions, torch.full_like(labels, NAN))
    except DataError:
        return
    require(float(nothing) == 0, "a batch without any label is neither a DataError nor 0")
    require(not gradient.any(), "a batch without any label gives a gradient")
