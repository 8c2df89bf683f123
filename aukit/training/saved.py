"""The finished model on disk: weights, and everything that predicting with them needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aukit.contracts.faces import Framing
from aukit.contracts.params import Choice
from aukit.errors import RunFolderError
from aukit.hosting.registry import Registry
from aukit.rundir.atomic import read_json, storage, write_json
from aukit.rundir.checkpoint import load_tensors, save_tensors
from aukit.training.framing import framing_of
from aukit.training.model import PARTS, AUModel, build_model

FORMAT = "aukit model"
VERSION = 1
WEIGHTS = "model.safetensors"
FACTS = "model.json"


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What is known of a trained model beside its weights.

    `parts` holds name and complete parameters of backbone, temporal module and head; `providers` who brought them.
    `size` is (H, W) of the frames it was trained on, `seconds_per_frame` the time between two frames of a window.
    `crop` is the framing of the data whose labels it learnt last, as a table; empty where that came as ready squares.
    """

    aus: tuple[str, ...]
    origin: str
    size: tuple[int, int]
    seconds_per_frame: float
    window: int
    predictor: str
    clip: bool
    parts: Mapping[str, Mapping[str, Any]]
    providers: Mapping[str, str]
    crop: Mapping[str, Any]
    recipe: str = ""

    @property
    def framing(self) -> Framing | None:
        """How faces were found and cut; None where it was trained on ready-made squares.

        Raises:
            DataError: it is of another kind than this version knows.
        """
        return framing_of(self.crop, where=f"{FACTS} of the run")


def save_model(folder: Path, model: AUModel, facts: ModelFacts) -> None:
    """Write weights, then facts.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    with storage(folder):
        folder.mkdir(parents=True, exist_ok=True)
    save_tensors(folder / WEIGHTS, model.state_dict())
    write_json(folder / FACTS, {"format": FORMAT, "version": VERSION, **asdict(facts)})


def load_facts(folder: Path) -> ModelFacts:
    """The facts of a saved model.

    Raises:
        RunFolderError: there is none, it is of a newer version, or it is damaged.
    """
    path = folder / FACTS
    if not path.exists():
        raise RunFolderError(
            "there is no finished model here",
            where=str(folder),
            hint="name a run folder whose training is finished",
        )
    table = read_json(path)
    if table.pop("format", "") != FORMAT:
        raise RunFolderError("this is no model of aukit", where=str(path))
    if table.pop("version") > VERSION:
        raise RunFolderError("this model was written by a newer aukit", where=str(path), hint="upgrade aukit")
    try:
        return ModelFacts(**{**table, "aus": tuple(table["aus"]), "size": tuple(table["size"])})
    except (KeyError, TypeError) as error:
        raise RunFolderError(
            f"the facts of this model are not those that version {VERSION} has: {error}", where=str(path)
        ) from None


def load_model(folder: Path, *, registry: Registry | None = None) -> tuple[AUModel, ModelFacts]:
    """A saved model, in evaluation mode, on the CPU.

    Raises:
        RunFolderError: weights or facts are missing, damaged, or do not belong together.
        ComponentError: a part's plugin is not installed.
    """
    facts = load_facts(folder)
    parts = {part: Choice(**facts.parts[part]) for part in PARTS}
    model = build_model(parts, facts.aus, seed=0, registry=registry)
    load_weights(model, folder / WEIGHTS)
    return model.eval(), facts


def load_weights(model: AUModel, path: Path, *, parts: Sequence[str] = ()) -> None:
    """Put saved weights into a model of the same shape; with `parts`, only those of its backbone, head and so on.

    Raises:
        RunFolderError: they are another model's: the first differences are named.
    """
    weights, own = (
        {name: value for name, value in found.items() if not parts or name.partition(".")[0] in parts}
        for found in (load_tensors(path), model.state_dict())
    )
    wrong = [f"`{name}` is missing" for name in own if name not in weights]
    wrong += [f"`{name}` is not known" for name in weights if name not in own]
    wrong += [
        f"`{name}` is {tuple(weights[name].shape)}, the model's is {tuple(value.shape)}"
        for name, value in own.items()
        if name in weights and weights[name].shape != value.shape
    ]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise RunFolderError(
            f"these are the weights of another model: {'; '.join(wrong[:3])}{more}",
            where=str(path),
            hint="the recipe's [model] must be the one they were trained with",
        )
    model.load_state_dict(weights, strict=not parts)
