"""The contract of data sets that are read as they are distributed."""

from __future__ import annotations

from itertools import islice, pairwise
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import numpy as np

from aukit.contracts.data import FrameLabels, Recording
from aukit.contracts.faces import Framing
from aukit.contracts.schema import Schema, Split
from aukit.testing.contract import Make, require


def check_recorded_dataset(make: Make, *, root: Path, recordings: int = 2) -> Schema:
    """Recordings under `root` that fit the schema; the labels of the first few are read, twice.

    Returns:
        The schema, as it is once the recordings are known.

    Raises:
        ContractError: with the first sentence that is not kept.
    """
    dataset = make()
    found = list(dataset.recordings(root))
    schema: Schema = dataset.schema
    require(
        isinstance(schema, Schema), f"its `schema` is a {type(schema).__name__}, expected an aukit.Schema"
    )
    require(found, "it has no recordings")
    strange = [type(one).__name__ for one in found if not isinstance(one, Recording)]
    require(not strange, f"its recordings are a {strange[:1]}, expected Recording")
    names = [one.video for one in found]
    require(len(set(names)) == len(names), "two recordings have one name")
    again = [one.video for one in make().recordings(root)]
    require(again == names, "asked again it gives other recordings, or another order")
    notes = getattr(dataset, "notes", ())
    told = isinstance(notes, tuple) and all(isinstance(note, str) for note in notes)
    require(told, "its `notes` are no tuple of sentences")
    framing = getattr(dataset, "framing", None)
    require(framing is None or isinstance(framing, Framing), "its `framing` is no Framing")
    _check_splits(schema)
    for one in found:
        known = not one.subject or not schema.subjects or one.subject in schema.subjects
        require(known, f"the subject `{one.subject}` is not in its schema")
        require(one.path.exists(), f"`{one.path}` of recording `{one.video}` is not there")
        bad = [span for span in one.skip if not span[0] <= span[1]]
        require(not bad, f"recording `{one.video}` skips {bad[:1]}, expected (first, last)")
    for one in islice(found, recordings):
        _check_recording(one, len(schema.aus))
    return schema


def _check_splits(schema: Schema) -> None:
    for name, folds in schema.splits.items():
        for fold in folds:
            if isinstance(fold, Split):
                people = [one for _, members in fold.parts() for one in members]
                require(len(set(people)) == len(people), f"split `{name}` has one person in two parts")
                strange = set(people) - set(schema.subjects)
                require(not strange, f"split `{name}` names {sorted(strange)[:1]}, not in its schema")


def _check_recording(recording: Recording, aus: int) -> None:
    name = f"recording `{recording.video}`"
    pictures = list(recording.pictures)
    if pictures:
        numbers = [number for number, _ in pictures]
        rising = all(a < b for a, b in pairwise(numbers))
        require(rising, f"the pictures of {name} do not rise in number")
        require(recording.fps > 0, f"{name} has pictures and no frame rate")
    else:
        require(recording.path.is_file(), f"{name} is no file and has no pictures")
    try:
        ForkingPickler.dumps(recording)
    except Exception as error:
        require(False, f"{name} cannot be copied to another process: {error}")
    if recording.labels is None:
        return
    labels = recording.labels()
    _check_labels(labels, name, aus)
    require(_same(labels, recording.labels()), f"{name} has other labels when they are read again")


def _check_labels(labels: Any, name: str, aus: int) -> None:
    require(isinstance(labels, FrameLabels), f"the labels of {name} are no FrameLabels")
    intensity = labels.intensity
    shaped = intensity.dtype == np.float32 and intensity.ndim == 2 and intensity.shape[1] == aus
    require(
        shaped, f"the labels of {name} are {intensity.dtype} {intensity.shape}, expected float32 (L, {aus})"
    )
    outside = ((intensity < 0) | (intensity > 5)).any()
    require(not outside, f"an intensity of {name} is outside 0..5; NaN is not labelled")
    one_clock = (labels.frame is None) != (labels.seconds is None)
    require(one_clock, f"the labels of {name} name frames or seconds: one of them")
    at = labels.frame if labels.frame is not None else labels.seconds
    dtype = np.int64 if labels.frame is not None else np.float64
    fits = at.dtype == dtype and at.shape == (len(intensity),)
    require(fits, f"the rows of {name} are at {at.dtype} {at.shape}, expected {np.dtype(dtype)} (L,)")
    require((np.diff(at) > 0).all(), f"the labels of {name} do not rise")


def _same(one: FrameLabels, other: FrameLabels) -> bool:
    return (
        np.array_equal(one.intensity, other.intensity, equal_nan=True)
        and np.array_equal(_rows(one), _rows(other))
        and one.notes == other.notes
    )


def _rows(labels: FrameLabels) -> Any:
    return labels.frame if labels.frame is not None else labels.seconds
