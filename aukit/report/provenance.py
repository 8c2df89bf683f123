"""What a reader must know beside the numbers: warnings, data, code and machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aukit.clips.blocks import SAME_PEOPLE
from aukit.evaluation.baselines import INTERPOLATE, LEFT_OUT
from aukit.evaluation.bootstrap import MIN_PEOPLE
from aukit.report.folder import Run
from aukit.report.tables import duration, people

ORIGINS = {
    "rendered": "Every face here was rendered by a computer. These numbers say nothing about real people.",
    "synthetic": "Every face here was drawn by aukit. These numbers say nothing about real people.",
    "stand-in": "The data set was not there: drawn faces stood in for it. No number here is a result on it.",
    "unknown": "The run does not say where its data comes from: treat no number here as a result on real people.",
}
"""What the banner says about anything but real people."""


SAME_PEOPLE_NOTE = (
    "SAME PEOPLE. The people who are scored were trained on, on other stretches of the same videos. These scores "
    "say how well the model goes on within these recordings; they say nothing about anybody else."
)
"""What stands above every score of this protocol."""


def same_people(run: Run) -> bool:
    """Whether the people who are scored were trained on, by the protocol."""
    return bool(run.data.get("protocol") == SAME_PEOPLE)


def unseen(run: Run) -> bool:
    """Whether the people who are scored had no part in training or in choosing the model, as far as the run records."""
    split = run.settings.get("evaluation", {}).get("split", "test")
    return (
        split == "test"
        and "overlap_with_test" in run.data
        and not any(run.data["overlap_with_test"].values())
    )


def notes(run: Run) -> list[str]:
    """What a reader must know before believing a number."""
    found = []
    if same_people(run):
        found.append(SAME_PEOPLE_NOTE)
        seen = {stage: clips for stage, clips in run.data.get("test_frames_seen", {}).items() if clips}
        if seen:
            found.append(
                f"Frames of test blocks were seen in training, without their labels or with them ({_listed(seen)}). "
                "This is no test."
            )
        return found + _split_notes(run) + _evaluation_notes(run)
    overlap = {stage: people for stage, people in run.data.get("overlap_with_test", {}).items() if people}
    if overlap:
        found.append(
            f"People who are scored here were seen in training ({_listed(overlap)}). "
            "This is no test on unseen people."
        )
    chosen = run.data.get("overlap_with_selection", {})
    if chosen:
        found.append(
            f"People by whose labels weights were chosen were learnt from before ({_listed(chosen)}). The choice "
            "favours what remembers them; the scores on other people stand."
        )
    return found + _split_notes(run) + _evaluation_notes(run)


def _listed(found: Mapping[str, list[str]]) -> str:
    return "; ".join(f"{stage}: {', '.join(map(str, names))}" for stage, names in found.items())


def _split_notes(run: Run) -> list[str]:
    split = run.settings.get("evaluation", {}).get("split", "test")
    if split == "test":
        return []
    whom = "blocks" if same_people(run) else "people"
    return [f"These are scores on the {split} {whom}, which may have been used to choose the model."]


def _evaluation_notes(run: Run) -> list[str]:
    evaluation, found = run.evaluation, []
    if evaluation is None:
        return []
    units, what = (evaluation.people, "people")
    if evaluation.blocks is not None:
        units, what = evaluation.blocks, "blocks"
    if units < MIN_PEOPLE:
        found.append(
            f"With fewer than {MIN_PEOPLE} {what} no interval can be given: read every score as an anecdote."
        )
    missing = sum(result.missing for result in evaluation.aus)
    if missing:
        found.append(
            f"{missing} labelled values have no prediction. They are scored as if the training mean had been said."
        )
    mse, mean = evaluation.means["mse"].value, evaluation.baseline_means["predict-mean"]["mse"]
    if mse >= mean:
        found.append(
            "Over all AUs the squared error is not below that of always saying the mean. "
            "ICC is blind to bias: look at MAE, MSE and bias."
        )
    lines = [
        evaluation.baseline_means[name]["mse"] for name in (INTERPOLATE, LEFT_OUT) if evaluation.same_people
    ]
    if lines and mse >= min(lines):
        found.append(
            "Over all AUs the squared error is not below that of straight lines in time between the labels. For these "
            "very videos, labels as near as these and lines between them do better than the model."
        )
    return found


def data_facts(run: Run) -> list[dict[str, Any]]:
    """One entry for each [data] table: set, origin, terms, files, people and frames of each part."""
    found = []
    for name, table in run.data.get("tables", {}).items():
        people: Mapping[str, list[str]] = table.get("split", {})
        frames: Mapping[str, int] = table.get("frames", {})
        found.append(
            {
                "name": name,
                "data_set": ", ".join(table.get("data_sets", [])),
                "origin": table.get("origin", ""),
                "terms": table.get("terms", ""),
                "files": [(Path(file["path"]).name, file["digest"][:12]) for file in table.get("files", [])],
                "parts": [
                    {"part": part, "people": list(ids), "frames": frames.get(part, 0)}
                    for part, ids in people.items()
                    if ids
                ],
            }
        )
    return found


def facts(run: Run) -> list[tuple[str, str]]:
    """Name and value of what else made the run: seed, labels, time, code, machine."""
    return [(name, value) for name, value in _facts(run) if value]


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    environment = run.environment
    yield "protocol", str(run.data.get("protocol", ""))
    for name, table in run.data.get("tables", {}).items():
        if "gap_seconds" in table:
            most = max((len(parts) for parts in table["blocks"].values()), default=0)
            yield f"blocks of {name}", f"{most} of each video, {table['gap_seconds']:g} s between two parts"
    yield "faces", str(run.data.get("framing", ""))
    weights = run.data.get("weights")
    if weights:
        yield "started from", f"{', '.join(weights['parts'])} of {_other_run(weights)}"
        yield "terms of what it saw", "; ".join(weights["terms"])
    for path, other in run.data.get("runs", {}).items():
        yield path, _other_run(other)
        yield f"terms of what {path} saw", "; ".join(other["terms"])
    yield "seed", str(run.settings.get("seed", ""))
    for stage, entry in run.data.get("stages", {}).items():
        for part, counts in entry.get("labels", {}).items():
            said = ", ".join(f"{count:,} {name}" for name, count in _counts(counts))
            yield f"labels of {stage}, {part}", said
        for part, draw in entry.get("draws", {}).items():
            yield f"to choose the labels of {stage}, {part}, was read", str(draw.get("reads", ""))
            short = [
                f"{own['short']:,} of {au}" for au, own in draw.get("aus", {}).items() if own.get("short")
            ]
            yield f"labels asked for and not found for {stage}, {part}", ", ".join(short)
    if run.predictions:
        yield (
            "predictor",
            ", ".join(f"{name} {value}" for name, value in run.predictions.facts.items()).replace("_", " "),
        )
    if run.seconds:
        yield "training time", duration(sum(run.seconds.values()))
    yield "device", f"{environment.get('device', '')}, {environment.get('cpu', '')}".strip(", ")
    yield (
        "software",
        ", ".join(
            f"{name} {environment[name]}" for name in ("aukit", "torch", "python") if environment.get(name)
        ),
    )
    for place, state in environment.get("git", {}).items():
        if state:
            yield (
                f"git commit ({place})",
                state["commit"] + (" with uncommitted changes" if state["dirty"] else ""),
            )


def _other_run(facts: Mapping[str, Any]) -> str:
    """A run that this one builds on: its recipe, how real its data was, whom it saw."""
    seen, sets = sum(map(len, facts["people"].values())), ", ".join(facts["data_sets"])
    return f"the run {facts['recipe']} ({facts['origin']}), which saw {people(seen)} of {sets}"


def _counts(counts: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """How many frames carry a label, and how many (frame, AU) labels that makes."""
    for key, name in (("frames", "labelled frames"), ("cells", "labels")):
        if counts.get(key):
            yield name, counts[key]
