"""Who trains, validates and is tested: from a protocol's name, from lists, or drawn; and who was seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from aukit.clips.clipset import ClipSet
from aukit.contracts.schema import Schema, Split, SplitSizes
from aukit.errors import DataError, did_you_mean

PARTS = ("train", "validation", "test")

SplitTable: TypeAlias = str | Mapping[str, Sequence[str] | float] | None
"""A preset's name; lists `{train=[ids], ...}`; shares `{validation=0.2, test=0.3}`; None or {}: all train."""


def resolve_split(
    clips: ClipSet,
    split: SplitTable,
    *,
    schema: Schema | None = None,
    fold: int = 1,
    seed: int = 0,
    where: str = "",
) -> Split:
    """The people of each part. Someone whom neither part names is left out.

    Args:
        clips: the data set, from which people are drawn and against which names are checked.
        split: what the recipe says.
        schema: whose presets may be named.
        fold: which fold of a preset, from 1.
        seed: decides who goes where, where shares or sizes are given.
        where: the data's name in errors.

    Raises:
        DataError: unknown preset or fold; a person in two parts, unknown to the data, or without a name;
            nobody left to train.
    """
    people = sorted({clip.person[1] for clip in clips.clips})
    if split is None or (isinstance(split, Mapping) and not any(split.values())):
        return Split(train=tuple(people))
    anonymous = [clip.id for clip in clips.clips if not clip.subject]
    if anonymous:
        count = f"{len(anonymous)} of {len(clips)} videos"
        raise DataError(
            f"no subject is known for {count}, so they cannot be split by person",
            where=where,
            hint="say who is in which video and prepare it again (the `subject` of the manifest); or test the people "
            "who were trained on, on other stretches of their videos: split = { blocks = 10, test = 0.3 }",
        )
    found = _preset(split, schema, fold, where) if isinstance(split, str) else _from_table(split, where)
    if isinstance(found, Mapping):
        found = _drawn(people, found, seed, where)
    elif isinstance(found, SplitSizes):
        total = found.train + found.validation + found.test
        shares = {"validation": found.validation / total, "test": found.test / total}
        found = _drawn(people, shares, seed, where)
    check_split(found, people, where=where)
    return found


def check_split(split: Split, people: Collection[str], *, where: str = "") -> None:
    """Nobody is in two parts, everybody is in the data, somebody trains.

    Raises:
        DataError: otherwise; it names who.
    """
    part_of: dict[str, str] = {}
    for part, members in split.parts():
        for one in members:
            if one in part_of:
                twice = f"{part_of[one]} and {part}" if part_of[one] != part else f"{part} twice"
                raise DataError(
                    f"subject {one} is in {twice}",
                    where=where,
                    hint="a person belongs to one part only",
                    subject=one,
                )
            part_of[one] = part
    unknown = [one for one in part_of if one not in people]
    if unknown:
        raise DataError(
            f"the split names {_some(unknown)}: not in the data",
            where=where,
            hint=did_you_mean(unknown[0], people),
        )
    if not split.train:
        raise DataError(
            "nobody is left to train on", where=where, hint="give the training part at least one person"
        )


def split_clips(clips: ClipSet, split: Split) -> dict[str, ClipSet]:
    """`{"train": ..., "validation": ..., "test": ...}`."""
    return {part: clips.select(members) for part, members in split.parts()}


def overlap(seen: Mapping[str, ClipSet], test: ClipSet) -> dict[str, tuple[str, ...]]:
    """For each stage, the test people among those whose frames it saw, as `data set/subject`.

    People are the same where both data set and subject have one name, in whatever store they are.
    """
    return {
        stage: tuple(sorted("/".join(p) for p in clips.people & test.people)) for stage, clips in seen.items()
    }


def refuse_overlap(
    found: Mapping[str, Sequence[str]], *, allowed: bool = False, what: str = "test people"
) -> None:
    """No stage may have seen what is tested, self-supervised ones included.

    `found`: by stage (or by dotted path, of what else shapes the model) what it saw. That is people, or, where the
    same people are tested on purpose, blocks.

    Raises:
        DataError: one did, and the recipe does not allow it.
    """
    bad = {stage: names for stage, names in found.items() if names}
    if not bad or allowed:
        return
    message = "; ".join(
        f"{'' if '.' in stage else 'stage '}`{stage}` sees {what}: {_some(names)}"
        for stage, names in bad.items()
    )
    hint = (
        "split both tables alike, or set evaluation.allow_overlap = true: the run then records what was seen"
    )
    raise DataError(message, hint=hint, overlap={stage: tuple(names) for stage, names in bad.items()})


def _preset(name: str, schema: Schema | None, fold: int, where: str) -> Split | SplitSizes:
    presets = schema.splits if schema else {}
    if name not in presets:
        known = f"`{schema.name}` has no split {name!r}" if schema else f"split {name!r} needs a schema"
        hint = (
            did_you_mean(name, presets)
            if presets
            else "give lists of subjects, or shares: {validation=0.2, test=0.3}"
        )
        raise DataError(known, where=where, hint=hint)
    folds = presets[name]
    if not 1 <= fold <= len(folds):
        raise DataError(
            f"split {name!r} has no fold {fold}", where=where, hint=f"folds are 1 to {len(folds)}"
        )
    return folds[fold - 1]


def _from_table(table: Mapping[str, Sequence[str] | float], where: str) -> Split | dict[str, float]:
    for part in table:
        if part not in PARTS:
            raise DataError(f"a split has no part {part!r}", where=where, hint=did_you_mean(part, PARTS))
    shares: dict[str, float] = {}
    lists: dict[str, tuple[str, ...]] = {}
    for part, value in table.items():
        if isinstance(value, int | float):
            shares[part] = float(value)
        else:
            lists[part] = tuple(value)
    if lists and shares:
        raise DataError("a split is either lists of subjects or shares, not both", where=where)
    if lists:
        return Split(**{"train": (), **lists})
    if "train" in shares or any(share < 0 for share in shares.values()) or sum(shares.values()) >= 1:
        hint = "such as {validation=0.2, test=0.3}; whoever is left trains"
        raise DataError("shares are given to validation and test, below 1 together", where=where, hint=hint)
    return shares


def _drawn(people: Sequence[str], shares: Mapping[str, float], seed: int, where: str) -> Split:
    """People drawn by the seed, at least one for each share; whoever is left trains.

    Test is drawn first, so that it stays when the share of validation changes.
    """
    order = [people[number] for number in np.random.default_rng(seed).permutation(len(people))]
    wanted = [part for part in ("test", "validation") if shares.get(part, 0.0) > 0]
    if len(order) <= len(wanted):
        parts = " and ".join([*wanted, "train"])
        raise DataError(f"{len(order)} people are too few for {parts}", where=where)
    members = {}
    for reserved, part in zip(
        range(len(wanted), 0, -1), wanted, strict=True
    ):  # one for each part still to come
        count = min(max(1, round(shares[part] * len(people))), len(order) - reserved)
        members[part], order = tuple(sorted(order[:count])), order[count:]
    return Split(train=tuple(sorted(order)), **members)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
