"""Other finished runs that a run builds on: one whose weights it starts from, and those that its stages use.

Who was seen by such a run, and by the runs that it built on, counts as seen by this one; so do origin, terms, sources.
Of the weights that training starts from, those parts are taken that they fit; the head only where both runs have the
same AUs. What does not fit starts anew, but for the backbone, which has to fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from aukit.clips.clipset import ClipSet
from aukit.contracts.run import StageParams
from aukit.errors import RunFolderError
from aukit.hosting.registry import Registry
from aukit.recipe import Recipe
from aukit.rundir.atomic import read_json
from aukit.rundir.checkpoint import load_tensors
from aukit.rundir.layout import RunFolder
from aukit.training.model import PARTS, AUModel
from aukit.training.saved import WEIGHTS, ModelFacts, load_facts, load_model, load_weights

KEY = "model.weights"
"""Where a recipe names them, and what stands for them among the stages of an overlap."""


@dataclass(frozen=True, kw_only=True)
class Inherited:
    """A finished run, before its model is loaded. `data` is its data.json; `stage` uses it, none where training starts
    from it.
    """

    folder: RunFolder
    model: ModelFacts
    data: Mapping[str, Any]
    stage: str = ""

    def load_into(self, model: AUModel) -> tuple[str, ...]:
        """Put the weights into the parts of a new model that they fit; these parts.

        Raises:
            RunFolderError: the backbone is not of the same shape.
        """
        path = self.folder.model / WEIGHTS
        saved = {name: value.shape for name, value in load_tensors(path).items()}
        own = {name: value.shape for name, value in model.state_dict().items()}

        def fits(part: str) -> bool:
            there, here = (
                {name: shape for name, shape in shapes.items() if name.partition(".")[0] == part}
                for shapes in (saved, own)
            )
            return bool(here) and here == there and (part != "head" or self.model.aus == model.aus)

        parts = tuple(part for part in PARTS if part == "backbone" or fits(part))
        load_weights(model, path, parts=parts)
        return parts

    def network(self, registry: Registry | None = None) -> AUModel:
        """The run's own model, in evaluation mode, on the CPU.

        Raises:
            RunFolderError: weights and facts do not belong together.
            ComponentError: a part's plugin is not installed.
        """
        return load_model(self.folder.model, registry=registry)[0]

    @property
    def sha256(self) -> str:
        """The digest of its weights."""
        return sha256((self.folder.model / WEIGHTS).read_bytes()).hexdigest()

    @property
    def before(self) -> list[Mapping[str, Any]]:
        """What its data.json says of the runs that it built on itself."""
        found: Mapping[str, Mapping[str, Any]] = self.data.get("runs", {})
        return [*([self.data["weights"]] if self.data.get("weights") else []), *found.values()]

    def people(self, *, selected: bool) -> frozenset[str]:
        """Everyone who was seen, as `data set/subject`; with `selected`, those too who chose among checkpoints."""
        kinds = ("train", "validation") if selected else ("train",)
        entries = [*self.data.get("stages", {}).values(), *self.before]
        return frozenset(
            who for entry in entries for kind in kinds for who in entry.get("people", {}).get(kind, ())
        )

    def saw_people(self, test: ClipSet, *, selected: bool = True) -> tuple[str, ...]:
        """The test people among them."""
        seen = self.people(selected=selected)
        return tuple(sorted(who for who in ("/".join(person) for person in test.people) if who in seen))

    def saw_frames(self, test: ClipSet, cut: Mapping[str, Any]) -> tuple[str, ...]:
        """The test blocks of which frames may have been seen.

        They are those of everyone whom the run saw, but for videos that it cut and shared out as here: `cut` is
        `Blocks.facts()`.
        """
        seen = self.people(selected=True)
        earlier = {who for run in self.before for people in run["people"].values() for who in people}
        return tuple(
            clip.id
            for clip in test.clips
            if (who := "/".join(clip.person)) in seen
            and (who in earlier or not self._cut_alike(clip.video, cut))
        )

    def _cut_alike(self, video: str, cut: Mapping[str, Any]) -> bool:
        """Whether every table that shows frames of the video cut it as here."""
        alike = True
        for table in self.data.get("tables", {}).values():
            shown = [id for part in ("train", "validation") for id in table.get("clips", {}).get(part, ())]
            if any(id == video or id.startswith(f"{video}#") for id in shown):
                same = table.get("blocks", {}).get(video) == cut.get("blocks", {}).get(video)
                alike = alike and same and table.get("gap_seconds") == cut.get("gap_seconds")
        return alike

    def facts(self, parts: Sequence[str] = ()) -> dict[str, Any]:
        """For data.json: which weights, of what, and whom and what they have seen; `parts` are those taken over.

        `labels` are its own; `before` has those of the runs that it built on.
        """
        tables, before = self.data.get("tables", {}).values(), self.before
        only_train, all_seen = self.people(selected=False), self.people(selected=True)
        return {
            "run": str(self.folder.path),
            "recipe": self.model.recipe,
            "sha256": self.sha256,
            **({} if self.stage else {"parts": list(parts)}),
            "origin": self.model.origin,
            "people": {"train": sorted(only_train), "validation": sorted(all_seen - only_train)},
            "labels": {
                name: entry["labels"]
                for name, entry in self.data.get("stages", {}).items()
                if entry.get("labels", {}).get("train", {}).get("cells")
            },
            "before": [
                {key: one[key] for key in ("run", "sha256", "labels")}
                for run in before
                for one in (run, *run.get("before", ()))
            ],
            **{
                key: _each(
                    *(run.get(key, ()) for run in before), *(_listed(table.get(key, ())) for table in tables)
                )
                for key in ("data_sets", "terms", "cite")
            },
        }


def inherited(recipe: Recipe) -> dict[str, Inherited]:
    """The runs that a recipe builds on, by the dotted path that names each: `model.weights`, `stages.pseudo.teacher`.

    Raises:
        RunFolderError: there is no finished model there, or nothing tells what it has seen.
    """
    return {path: _open(recipe, path, stage, run) for path, stage, run in _named(recipe)}


def _named(recipe: Recipe) -> Iterator[tuple[str, str, str]]:
    """The path, the stage (none for `model.weights`) and the folder of each run that a recipe names."""
    if recipe.model.weights:
        yield KEY, "", recipe.model.weights
    for stage in recipe.stages:
        params = recipe.params(f"stages.{stage}")
        runs = params.runs() if isinstance(params, StageParams) else ()
        for run in runs:
            fields = [name for name in type(params).model_fields if getattr(params, name) == run]
            yield ".".join(["stages", stage, *(fields[:1] or [str(runs.index(run))])]), stage, run


def _open(recipe: Recipe, path: str, stage: str, run: str) -> Inherited:
    folder = RunFolder(Path(run).expanduser())
    try:
        model = load_facts(folder.model)
        if not folder.data.is_file():
            raise RunFolderError("it has no data.json, which tells whom its model has seen")
        data = read_json(folder.data)
    except (RunFolderError, OSError, ValueError) as error:
        raise RunFolderError(
            f"`{folder.path}` cannot be {'used' if stage else 'started from'}: {getattr(error, 'message', error)}",
            where=recipe.where(path),
            hint="name the folder of a finished run",
        ) from error
    return Inherited(folder=folder, model=model, data=data, stage=stage)


def _listed(value: Any) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def _each(*lists: Any) -> list[str]:
    return list(dict.fromkeys(text for texts in lists for text in texts if text))
