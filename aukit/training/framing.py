"""May a model see what it is shown? Faces framed as in training, and people of the kind it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aukit.contracts.faces import FaceRules, Framing
from aukit.errors import DataError, UsageError
from aukit.hosting.build import build
from aukit.hosting.registry import Registry

KNOWINGLY = "to use another one knowingly, give a whole `framing` (`--framing` on the command line)"


def framing_of(crop: Mapping[str, Any], *, where: str = "") -> Framing | None:
    """The framing that a store or a model carries; None for frames that came as ready-made squares.

    Raises:
        DataError: it is of another kind than this version knows.
    """
    if not crop:
        return None
    try:
        return Framing.from_table(crop)
    except ValidationError as error:
        wrong = ", ".join(f"`{'.'.join(map(str, entry['loc']))}`" for entry in error.errors())
        raise DataError(
            f"the framing kept here is not one that this aukit knows: {wrong}",
            where=where,
            hint="prepare the data again, or upgrade aukit",
        ) from None


def framing_for(
    trained: Framing | None,
    size: tuple[int, int],
    *,
    framing: Framing | None = None,
    faces: Mapping[str, Any] | None = None,
    locator_options: Mapping[str, Any] | None = None,
) -> Framing:
    """How faces are found and cut for a model: as in training, unless another `framing` is given knowingly.

    `faces` (see `FaceRules`) and `locator_options` stand before those of the framing: they change who is meant, the
    speed, or where a locator finds its file, not what a face looks like to the model. Squares are cut at `size`, (H, W)
    of the frames that the model was trained on.

    Raises:
        UsageError: the model has no framing and none is given; a rule is unknown or out of range.
    """
    found = framing or trained
    if found is None:
        raise UsageError(
            "this model was trained on ready-made squares, so it is not known how to cut a face for it",
            hint="say how the faces that it was trained on were found and cut with `framing`, such as "
            "`framing=Framing(locator='yunet', crop=CropRule(margin=0.1))`; "
            "on the command line `--framing crop.margin=0.1`",
        )
    if size[0] != size[1]:
        raise UsageError(
            f"this model was trained on frames of {size[0]}x{size[1]}, and faces are cut as squares",
            hint="cut the frames yourself and use `AUEstimator.predict`",
        )
    try:
        rules = FaceRules.from_table({**found.faces.table(), **(faces or {})})
    except ValidationError as error:
        wrong = "; ".join(f"`{'.'.join(map(str, entry['loc']))}`: {entry['msg']}" for entry in error.errors())
        raise UsageError(
            f"rules for faces: {wrong}", hint=f"there are {', '.join(FaceRules.model_fields)}"
        ) from None
    return found.model_copy(
        update={
            "crop": found.crop.model_copy(update={"size": size[0]}),
            "faces": rules,
            "options": {**found.options, **(locator_options or {})},
        }
    )


def locator_for(framing: Framing, *, registry: Registry | None = None) -> Any:
    """The locator of a framing.

    Raises:
        UsageError: its weights are not those that the framing names.
        ComponentError: it is unknown, or its options are wrong.
        MissingExtraError: it needs packages that are not installed.
    """
    locator = build("locator", framing.locator, registry=registry, **framing.options)
    weights = getattr(locator, "weights", "")
    if framing.weights and weights != framing.weights:
        raise UsageError(
            f"the locator `{framing.locator}` has other weights than in training: {_short(weights)} instead of "
            f"{_short(framing.weights)}",
            hint=f"name the file with those weights by the locator's option `weights`; {KNOWINGLY}",
        )
    return locator


def shared_framing(framings: Mapping[str, Framing | None]) -> Framing | None:
    """The framing of data that are used as one; `framings` by the data's name. Unknown is not other.

    Raises:
        DataError: crop rule, locator or its weights differ; both are named.
    """
    known = {name: framing for name, framing in framings.items() if framing}
    for name, framing in known.items():
        first = next(iter(known))
        if not framing.cuts_like(known[first]):
            raise DataError(
                f"faces are cut otherwise than in {first}: {framing.summary}, there {known[first].summary}",
                where=name,
                hint="prepare both with the same crop rule, margin and size, and with the same locator",
            )
    return next(iter(known.values()), None)


def in_words(framing: Framing | None) -> str:
    """How faces were framed, for reports and messages."""
    return framing.summary if framing else "ready-made squares"


def refuse_real_people(
    model: str, *, origin: str = "real", allow_synthetic: bool = False, where: str | Path = ""
) -> None:
    """Refuse to predict real people with a model that saw none; `model` is the origin of its training data.

    Raises:
        UsageError: that is so, and `allow_synthetic` does not say that it is meant.
    """
    if origin == "real" and model != "real" and not allow_synthetic:
        raise UsageError(
            f"this model was trained on {model} people, and a video shows real ones",
            where=str(where),
            hint="its values are not to be trusted there; `allow_synthetic` (`--allow-synthetic`) predicts them "
            "all the same",
        )


def _short(weights: str) -> str:
    return weights[:19] + "…" if len(weights) > 20 else weights or "none"
