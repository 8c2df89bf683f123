"""Who has seen whom: those who are tested, and those who choose the weights, must not have shaped them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aukit.clips.blocks import SAME_PEOPLE, same_frames
from aukit.clips.clipset import ClipSet, join
from aukit.clips.splits import overlap, refuse_overlap
from aukit.contracts.run import Event, Note
from aukit.training.weights import Inherited

Names = Mapping[str, tuple[str, ...]]


class Shown(Protocol):
    """What a stage is shown."""

    @property
    def train(self) -> ClipSet: ...

    @property
    def validation(self) -> ClipSet: ...

    @property
    def masks(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Seen:
    """By stage, and by the dotted path of each run that this one builds on.

    test: test people whom it saw. frames: test clips of which it saw frames. selection: people who choose among the
    weights of a stage and from whom another one, or an earlier run, has learnt.
    """

    test: Names
    frames: Names
    selection: Names

    def facts(self) -> dict[str, Any]:
        """For data.json and summary.json."""
        found = {
            "overlap_with_test": self.test,
            "test_frames_seen": self.frames,
            "overlap_with_selection": self.selection,
        }
        return {key: {path: list(names) for path, names in seen.items()} for key, seen in found.items()}


def look(
    stages: Mapping[str, Shown],
    runs: Mapping[str, Inherited],
    test: ClipSet,
    *,
    part: str,
    cut: Mapping[str, Any],
    protocol: str,
    allowed: bool,
    emit: Callable[[Event], None],
) -> Seen:
    """Find out; who chooses and was learnt from is told as a warning.

    Args:
        part: of the split that is judged: where it is "test", nothing may have been chosen on it either.
        cut: how the judged table is cut into blocks: `Blocks.facts()`.

    Raises:
        DataError: test people, or frames of test blocks of the same people, were seen, and that is not `allowed`.
    """
    tested = part == "test"
    shown = {name: join([one.train, one.validation]) if tested else one.train for name, one in stages.items()}
    people = overlap(shown, test)
    frames = {name: same_frames(clips, test) for name, clips in shown.items()}
    for path, run in runs.items():
        people[path] = run.saw_people(test, selected=tested)
        frames[path] = run.saw_frames(test, cut)
    if protocol == SAME_PEOPLE:
        refuse_overlap(frames, allowed=allowed, what="frames of test blocks")
        return Seen(test=people, frames=frames, selection={})
    refuse_overlap(people, allowed=allowed)
    selection = _learnt_from(stages, runs)
    for path, names in selection.items():
        text = f"`{path}` has learnt from people who choose here: {', '.join(names)}"
        emit(Note(text=f"{text}; what remembers them will look better than it is", level="warning"))
    return Seen(test=people, frames=frames, selection=selection)


def _learnt_from(stages: Mapping[str, Shown], runs: Mapping[str, Inherited]) -> Names:
    """The people by whose labels a stage chooses, among those whom another stage or an earlier run was trained on."""
    choosing = {who for one in stages.values() if "validation" in one.masks for who in one.validation.people}
    chosen = {"/".join(who) for who in choosing}
    found = {name: {"/".join(who) for who in one.train.people} for name, one in stages.items()}
    found |= {path: set(run.people(selected=False)) for path, run in runs.items()}
    return {path: tuple(sorted(names & chosen)) for path, names in found.items() if names & chosen}
