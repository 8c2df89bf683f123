"""What the losses share: errors at labelled cells only."""

from __future__ import annotations

from torch import Tensor

from aukit.errors import DataError


def errors(predictions: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """`(N,A)` errors in float32 or better, 0 where there is no label, and the number of labelled cells.

    Raises:
        ValueError: the shapes differ; they are not broadcast.
        DataError: nothing is labelled, so that there is no mean.
    """
    if predictions.shape != labels.shape:
        raise ValueError(
            f"predictions {tuple(predictions.shape)} and labels {tuple(labels.shape)} differ in shape"
        )
    labelled = ~labels.isnan()
    count = labelled.sum()
    if count == 0:
        raise DataError("no cell of this batch is labelled", hint="draw frames with at least one labelled AU")
    return (predictions - labels).where(labelled, 0.0), count
