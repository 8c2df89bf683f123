"""What may not stand in one table, because a difference would not be the variants' own: what it is, in which runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

import numpy as np

from aukit.compare.frames import Tested
from aukit.compare.runs import Run
from aukit.compare.variants import Group
from aukit.errors import UsageError

SHOWN = 3
"""So many runs of each kind are named."""


def refuse(found: Sequence[str]) -> None:
    """Refuse a comparison for these reasons.

    Raises:
        UsageError: there are some.
    """
    if found:
        raise UsageError(
            "these runs do not belong into one table:\n" + "\n".join(found),
            hint="compare runs that differ in what you ask about alone; `--force` makes a table all the same, marked",
            reasons=tuple(found),
        )


def recorded(groups: Sequence[Group], *, differs: Sequence[str] = (), judged: bool = True) -> list[str]:
    """What the small files tell. `differs`: what the variants differ in on purpose. `judged`: AUs are compared."""
    runs = [run for group in groups for run in group.runs]
    found = list(_parts("other origins of the data", runs, lambda run: run.origin))
    found += _twice(groups)
    if judged:
        found += _parts("other AUs", runs, lambda run: ", ".join(run.aus))
        found += _parts("other protocols", runs, lambda run: run.protocol)
        if "labels" not in differs:
            for fold, seed in sorted({(run.fold, run.seed) for run in runs}):
                there = [run for run in runs if (run.fold, run.seed) == (fold, seed)]
                what = f"other training labels at fold {fold}, seed {seed}"
                found += _parts(what, there, _counts, lambda run: frozenset(run.labels.values()))
    return found


def tested_alike(tested: Sequence[Tested]) -> list[str]:
    """Whether all runs of a fold were tested on the same frames with the same labels."""
    found = []
    for fold in sorted({one.run.fold for one in tested}):
        there = [one for one in tested if one.run.fold == fold]
        kinds: dict[str, list[Tested]] = {}
        for one in there:
            kinds.setdefault(one.signature, []).append(one)
        if len(kinds) > 1:
            first, *others = kinds.values()
            found.append(f"other test frames at fold {fold}:")
            found.append(f"  {_named([one.run for one in first])}: {_amount(first[0])}")
            for other in others:
                how = _how(first[0], other[0])
                found.append(f"  {_named([one.run for one in other])}: {_amount(other[0])}; {how}")
    return found


def unfinished(groups: Sequence[Group]) -> list[str]:
    """Runs that are not finished."""
    return [f"not finished: {run}" for group in groups for run in group.runs if not run.finished]


def same_folds(groups: Sequence[Group]) -> list[str]:
    """Whether every variant was tested on all the folds."""
    folds = {group.folds for group in groups}
    if len(folds) == 1:
        return []
    lines = [f"  {group.title}: {', '.join(map(str, group.folds))}" for group in groups]
    return ["other folds:", *lines]


def _twice(groups: Sequence[Group]) -> Iterator[str]:
    for group in groups:
        for fold, seed in sorted({(run.fold, run.seed) for run in group.runs}):
            runs = [run for run in group.runs if (run.fold, run.seed) == (fold, seed)]
            if len(runs) > 1:
                yield f"the same variant, fold {fold} and seed {seed} twice: {_named(runs)}"


def _parts(
    what: str, runs: Sequence[Run], said: Callable[[Run], str], key: Callable[[Run], Hashable] | None = None
) -> Iterator[str]:
    """The runs by what they have, where they do not all have the same."""
    kinds: dict[Any, list[Run]] = {}
    for run in runs:
        kinds.setdefault((key or said)(run), []).append(run)
    if len(kinds) > 1:
        yield f"{what}:"
        for some in kinds.values():
            yield f"  {_named(some)}: {said(some[0]) or 'none'}"


def _named(runs: Sequence[Run]) -> str:
    names = [str(run) for run in runs[:SHOWN]]
    return ", ".join(names) + (f" and {len(runs) - SHOWN} more" if len(runs) > SHOWN else "")


def _counts(run: Run) -> str:
    """How many labels the stages learnt from, for a reader; what was chosen is told by the digest alone."""
    parts = []
    for stage, digest in run.labels.items():
        counts = run.data.get("stages", {}).get(stage, {}).get("labels", {}).get("train", {})
        parts.append(f"{counts.get('frames', '?')} frames, list {digest[:8]} ({stage})")
    return "; ".join(parts)


def _amount(tested: Tested) -> str:
    videos = tested.videos.values()
    people = len({tested.unit(video) for video in videos})
    frames = sum(len(video.labels) for video in videos)
    labels = sum(int((~np.isnan(video.labels)).sum()) for video in videos)
    return f"{people} people, {frames} frames, {labels} labels"


def _how(first: Tested, other: Tested) -> str:
    """In what two tests differ, the most telling first."""
    ours, theirs = set(first.videos), set(other.videos)
    if ours != theirs:
        odd = sorted(ours ^ theirs)
        return f"other videos: {len(odd)}, such as {odd[0]}"
    if first.aus != other.aus:
        return f"other AUs: {', '.join(other.aus)}"
    for id in sorted(ours):
        a, b = first.videos[id].labels, other.videos[id].labels
        if len(a) != len(b):
            return f"{id} has {len(b)} frames, not {len(a)}"
        if not np.array_equal(a, b, equal_nan=True):
            return f"other labels in {id}"
    return "the same otherwise"
