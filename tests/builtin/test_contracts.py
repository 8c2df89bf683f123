"""Every component that aukit ships keeps the contract of its kind, with its defaults and with other parameters."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest
import trees

from aukit.builtin.hooks import aukit_components
from aukit.contracts.component import Component
from aukit.testing.component import check_component

RECORDS = {f"{record.kind}/{record.name}": record for record in aukit_components()}
NEEDED: dict[str, dict[str, Any]] = {
    "stage/contrastive": {"steps": 2},
    "stage/regression": {"steps": 2},
    "locator/boxes": {"file": "boxes.json"},
}
OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("backbone/resnet18-256", {"width": 4, "channels": 12, "blocks": [1, 1, 2, 1], "output_stride": 32}),
    ("backbone/resnet18-256", {"width": 8, "channels": 8, "blocks": [1, 1, 1, 1], "output_stride": 8}),
    ("backbone/timm", {"model": "mobilenetv3_small_050", "channels": 0}),
    ("backbone/timm", {"model": "vit_tiny_patch16_224", "channels": 12, "image_size": 64}),
    ("temporal/convgru", {"hidden": 5, "input_norm": "layer"}),
    ("temporal/convgru", {"dropout": 0.3}),
    ("temporal/gru", {"hidden": 5, "input_norm": "layer", "dropout": 0.2}),
    ("temporal/tcn", {"hidden": 5, "levels": 2, "kernel": 3, "dropout": 0.2}),
    ("temporal/tcn", {"levels": 1, "kernel": 4}),
    ("temporal/transformer", {"hidden": 12, "heads": 3, "memory": 3, "layers": 1, "dropout": 0.2}),
    ("temporal/transformer", {"heads": 1, "memory": 20, "feedforward": 3}),
    ("objective/dpc-nce", {"frames": 4, "context": 3}),
    ("objective/dpc-nce", {"negatives": ["same-clip"], "normalize": True, "temperature": 0.1}),
    ("objective/dpc-nce", {"negatives": ["all", "same-cell"], "target_stop_gradient": True}),
    ("head/pool-bn-linear", {"momentum": 0.5}),
    ("loss/huber", {"delta": 0.2}),
    ("loss/ordinal", {"slope": 0.5, "ends": "open"}),
    ("augmentation/paper", {"colour_per_frame": True}),
    ("augmentation/fast", {"colour_per_frame": True, "hue": 0.5, "brightness": 1.0, "rotation": 180.0}),
    ("sampler/key-frame", {"count": 6, "extra": 0.1, "min_length": 1, "delta": 2.0, "flat_length": 2}),
    ("sampler/key-frame", {"fraction": 1.0, "of": "key-frames"}),
    ("sampler/stratified", {"count": 30}),
    ("sampler/uniform-stride", {"every": 1}),
]


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS.keys())
def test_a_component_keeps_its_contract(
    record: Component, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "boxes.json").write_text("[[[5, 5, 60, 70, 0.9], [5, 5, 30, 30, 0.95]], []]")
    options: dict[str, Any] = {"size": 64} if record.kind == "backbone" else {}
    if record.kind == "dataset" and record.name != "synthetic":
        lay_out = trees.bp4d if record.name == "fera2015" else getattr(trees, record.name)
        options = {"root": lay_out(tmp_path / "data")}
    check_component(record, options=options, **NEEDED.get(f"{record.kind}/{record.name}", {}))


@pytest.mark.parametrize(("name", "params"), OTHERS)
def test_a_component_keeps_its_contract_with_other_parameters(name: str, params: dict[str, Any]) -> None:
    check_component(RECORDS[name], options={"size": 64} if name.startswith("backbone") else {}, **params)


@pytest.mark.parametrize("name", [name for name in RECORDS if not name.startswith("stage/")])
def test_a_class_has_the_defaults_of_its_parameters(name: str) -> None:
    module, _, class_name = RECORDS[name].build.partition(":")
    signature = inspect.signature(getattr(importlib.import_module(module), class_name))
    by_hand = {
        key: parameter.default
        for key, parameter in signature.parameters.items()
        if parameter.default is not parameter.empty
    }
    by_recipe = RECORDS[name].params(**NEEDED.get(name, {})).model_dump()
    assert by_hand == {key: by_recipe[key] for key in by_hand}
