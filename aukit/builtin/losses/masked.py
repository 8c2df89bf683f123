"""What the losses share: only labelled cells count."""

from __future__ import annotations

from torch import Tensor

from aukit.errors import DataError


def labelled(predictions: Tensor, labels: Tensor) -> Tensor:
    """Which cells of `(N,A)` have a label: bool `(N,A)`, at least one of them true.

    Raises:
        ValueError: the shapes differ; they are not broadcast.
        DataError: nothing is labelled, so that there is no mean.
    """
    if predictions.shape != labels.shape:
        raise ValueError(
            f"predictions {tuple(predictions.shape)} and labels {tuple(labels.shape)} differ in shape"
        )
    known = ~labels.isnan()
    if not known.any():
        raise DataError("no cell of this batch is labelled", hint="draw frames with at least one labelled AU")
    return known


def errors(predictions: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """`(N,A)` errors in float32 or better, 0 where there is no label, and the number of labelled cells.

    Raises what `labelled` raises.
    """
    known = labelled(predictions, labels)
    return (predictions - labels).where(known, 0.0), known.sum()
