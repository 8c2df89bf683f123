"""What stands above and below the tables of a comparison, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from aukit.compare.result import Comparison, SuiteState
from aukit.compare.tables import DOUBT


def mark(found: Comparison) -> list[str]:
    """Why these runs do not belong into one table; empty where they do."""
    if not found.forced:
        return []
    return ["NOT COMPARABLE: this table was forced.", *found.forced]


def heading(found: Comparison) -> list[str]:
    """Of a suite: what it set out to show, by which metric, when that was written down, and what changed since."""
    state = found.suite
    if not state:
        return []
    lines = [state.summary] if state.summary else []
    lines.append(f"hypothesis: {state.hypothesis}" if state.hypothesis else "no hypothesis was written down")
    if found.shows == "intensity":
        lines.append(f"primary metric: {state.primary.upper()}")
    lines.append(
        f"plan written {state.written}" if state.written else "when the plan was written is not known"
    )
    if not state.changes:
        lines[-1] += ", not changed since"
    for change in state.changes:
        lines.append(f"changed {change.get('written', '')}: {change.get('what', '')}")
    return lines


def basis(found: Comparison) -> list[str]:
    """What the numbers stand on."""
    lines = [
        f"data: {found.origin}"
        + ("" if found.origin == "real" else "; the numbers say nothing of real people")
    ]
    if found.shows == "intensity":
        lines.append(
            f"{found.people} {found.split} {found.units}, {found.frames:,} frames, "
            f"{found.labelled:,} (frame, AU) labels; "
            f"intervals: bootstrap-t over {found.units}, {found.resamples:,} resamples"
        )
        if found.split != "test":
            lines.append(
                f"{found.split} people may have chosen weights and values: this is no test on people never seen"
            )
        if found.protocol != "by person":
            lines.append("the same people were trained on: these scores are not to be compared with others")
        for why in dict.fromkeys(found.undefined.values()):
            names = ", ".join(au for au, reason in found.undefined.items() if reason == why)
            lines.append(f"no ICC, and in no mean of ICC: {names} ({why})")
        if found.undefined:
            left = len(found.aus) - len(found.undefined)
            lines.append(f"means of ICC are over {left} of {len(found.aus)} AUs")
    if found.shows == "prediction":
        lines.append(
            "copy: a guess that repeats the last frame seen; time: which moment of the same clip and place it is "
            "(chance: 1/P); values are means over seeds, with the least and the most"
        )
    if found.shows == "labels" and any(len(arm.seeds) * len(arm.folds) > 1 for arm in found.arms):
        lines.append("training labels are those of the first fold and seed")
    lines += found.notes
    lines += _sources(found)
    return lines


def _sources(found: Comparison) -> Iterator[str]:
    rows = [row for arm in found.arms for row in arm.published.values()] + list(found.published)
    accuracies = [arm.published_accuracy for arm in found.arms if arm.published_accuracy]
    for source in dict.fromkeys([row.source for row in rows] + [one.source for one in accuracies]):
        yield f"published: {source}"
    for row in rows:
        if row.doubtful:
            yield f"{DOUBT} probably a copy error in print ({row.method}, {', '.join(row.doubtful)}): {row.note}"


def state(found: Comparison) -> list[str]:
    """Of a suite: what is missing, failed or stale."""
    suite = found.suite
    return list(_state(suite)) if suite else []


def _state(suite: SuiteState) -> Iterator[str]:
    done = suite.planned - len(suite.missing) - len(suite.failed)
    yield f"{done} of {suite.planned} runs are finished"
    if suite.missing:
        yield f"not finished: {', '.join(suite.missing)}"
    for folder, why in suite.failed.items():
        yield f"failed: {folder}: {why}"
    for folder in suite.stale:
        yield f"stale: {folder} was made with another recipe than the plan's"
