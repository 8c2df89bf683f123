"""`min-gru` for aukit. This module holds the hook and the parameters, and stays free of torch."""

from __future__ import annotations

from pydantic import Field

import aukit


class MinGRUParams(aukit.Params):
    """A gated recurrent unit whose gates look at the input only."""

    hidden: int | None = Field(None, ge=1, description="channels of the state; none: those of the features")
    memory: float = Field(
        8.0,
        gt=0,
        description="frames after which, at the start of training, about a third of a state is left",
    )


@aukit.hookimpl
def aukit_components() -> list[aukit.Component]:
    """The component this package brings."""
    return [
        aukit.Component(
            kind="temporal",
            name="min-gru",
            build="aukit_example_temporal.module:MinGRU",
            params=MinGRUParams,
            summary="a GRU whose gates look at the input only: one product for all frames",
            cite="Feng et al., Were RNNs All We Needed?, 2024",
        )
    ]
