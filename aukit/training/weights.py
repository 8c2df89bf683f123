"""Starting from another run's model: its weights, and all that has to be known of them: whom they saw, how real, whose.

Backbone and temporal module are taken over; the head too, where both runs have the same AUs, else it starts anew. Who
was seen by that run, and by the runs it started from, counts as seen by this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from aukit.clips.clipset import ClipSet
from aukit.errors import RunFolderError
from aukit.recipe import Recipe
from aukit.rundir.atomic import read_json
from aukit.rundir.layout import RunFolder
from aukit.training.model import PARTS, AUModel
from aukit.training.saved import WEIGHTS, ModelFacts, load_facts, load_weights

KEY = "model.weights"
"""Where a recipe names them, and what stands for them among the stages of an overlap."""


@dataclass(frozen=True, kw_only=True)
class Inherited:
    """The model of a finished run, before it is loaded. `data` is that run's data.json."""

    folder: RunFolder
    model: ModelFacts
    data: Mapping[str, Any]

    def load_into(self, model: AUModel) -> tuple[str, ...]:
        """Put the weights into a new model; the parts that took them.

        Raises:
            RunFolderError: the parts are not of the same shape.
        """
        parts = self.parts(model.aus)
        load_weights(model, self.folder.model / WEIGHTS, parts=parts)
        return parts

    def parts(self, aus: tuple[str, ...]) -> tuple[str, ...]:
        """The parts of the model that a run on these AUs takes over."""
        return PARTS if self.model.aus == aus else PARTS[:-1]

    def people(self, *, selected: bool) -> frozenset[str]:
        """Everyone who was seen, as `data set/subject`; with `selected`, those too who chose among checkpoints."""
        kinds = ("train", "validation") if selected else ("train",)
        entries = [*self.data.get("stages", {}).values(), self.data.get("weights") or {}]
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
        seen, before = self.people(selected=True), (self.data.get("weights") or {}).get("people", {})
        earlier = {who for people in before.values() for who in people}
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

    def facts(self, aus: tuple[str, ...]) -> dict[str, Any]:
        """For data.json: which weights, of what, and whom and what they have seen."""
        tables, before = self.data.get("tables", {}).values(), self.data.get("weights") or {}
        only_train, all_seen = self.people(selected=False), self.people(selected=True)
        return {
            "run": str(self.folder.path),
            "recipe": self.model.recipe,
            "sha256": sha256((self.folder.model / WEIGHTS).read_bytes()).hexdigest(),
            "parts": list(self.parts(aus)),
            "origin": self.model.origin,
            "people": {"train": sorted(only_train), "validation": sorted(all_seen - only_train)},
            "data_sets": _each(
                before.get("data_sets", ()), *(table.get("data_sets", ()) for table in tables)
            ),
            "terms": _each(before.get("terms", ()), [table.get("terms", "") for table in tables]),
            "cite": _each(before.get("cite", ()), [table.get("cite", "") for table in tables]),
        }


def inherited(recipe: Recipe) -> Inherited | None:
    """What `model.weights` names; None where it names nothing.

    Raises:
        RunFolderError: there is no finished model there, or nothing tells what it has seen.
    """
    if not recipe.model.weights:
        return None
    folder = RunFolder(Path(recipe.model.weights).expanduser())
    where = recipe.where(KEY)
    try:
        model = load_facts(folder.model)
        if not folder.data.is_file():
            raise RunFolderError("it has no data.json, which tells whom the weights have seen")
        data = read_json(folder.data)
    except (RunFolderError, OSError, ValueError) as error:
        raise RunFolderError(
            f"`{folder.path}` cannot be started from: {getattr(error, 'message', error)}",
            where=where,
            hint="name the folder of a finished run",
        ) from error
    return Inherited(folder=folder, model=model, data=data)


def _each(*lists: Any) -> list[str]:
    return list(dict.fromkeys(text for texts in lists for text in texts if text))
