"""`aukit predict`: a trained model's intensities for every frame of a clip store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aukit.cli import options, terminal
from aukit.errors import UsageError

EPILOG = options.examples(
    "aukit predict faces.h5 --run runs/first --out tracks.csv",
    "aukit predict faces.h5 --run runs/first --out tracks.h5 --device cpu",
    then="aukit cite runs/first",
)


def predict(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="A clip store (.h5).")],
    run: Annotated[Path, typer.Option(metavar="DIR", help="The run folder whose model predicts.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="A .csv or .h5 file.")],
    device: options.Device = None,
    allow_synthetic: Annotated[
        bool, typer.Option("--allow-synthetic", help="Let a model that saw no real people predict real ones.")
    ] = False,
) -> None:
    """Predict the intensity of each AU in every frame of a clip store."""
    from aukit.training.estimator import AUEstimator

    if out.suffix not in (".csv", ".h5"):
        raise UsageError(
            f"cannot write predictions as `{out.suffix}`", where=str(out), hint="use .csv or .h5"
        )
    estimator = AUEstimator.load(run, device=device or "auto")
    with terminal.watch() as view:
        estimator.predict_store(store, out, allow_synthetic=allow_synthetic, on_event=view.on)
    terminal.out(str(out))
