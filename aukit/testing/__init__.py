"""For authors of plugins: an empty host, a tiny clip store, real videos, the command line, a check for each kind.

    from aukit.testing import check_component

    def test_it_keeps_the_contract():
        check_component("temporal/my-gru")

`pytest_plugins = ["aukit.testing.pytest_plugin"]` in the outermost `conftest.py` gives the fixtures.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aukit.testing.checks.augmentation import check_augmentation as check_augmentation
    from aukit.testing.checks.backbone import check_backbone as check_backbone
    from aukit.testing.checks.dataset import check_dataset as check_dataset
    from aukit.testing.checks.head import check_head as check_head
    from aukit.testing.checks.locator import check_locator as check_locator
    from aukit.testing.checks.loss import check_loss as check_loss
    from aukit.testing.checks.objective import check_objective as check_objective
    from aukit.testing.checks.params import check_params as check_params
    from aukit.testing.checks.sampler import check_sampler as check_sampler
    from aukit.testing.checks.stage import check_stage as check_stage
    from aukit.testing.checks.temporal import check_temporal as check_temporal
    from aukit.testing.checks.tracker import check_tracker as check_tracker
    from aukit.testing.cli import CliResult as CliResult
    from aukit.testing.cli import run_cli as run_cli
    from aukit.testing.component import check_component as check_component
    from aukit.testing.contract import ContractError as ContractError
    from aukit.testing.host import empty_host as empty_host
    from aukit.testing.store import tiny_store as tiny_store
    from aukit.testing.video import face_video as face_video
    from aukit.testing.video import write_video as write_video

# Looked up when first used: most tests need neither torch nor HDF5.
_HOMES = {
    "CliResult": "cli",
    "ContractError": "contract",
    "check_augmentation": "checks.augmentation",
    "check_backbone": "checks.backbone",
    "check_component": "component",
    "check_dataset": "checks.dataset",
    "check_head": "checks.head",
    "check_locator": "checks.locator",
    "check_loss": "checks.loss",
    "check_objective": "checks.objective",
    "check_params": "checks.params",
    "check_sampler": "checks.sampler",
    "check_stage": "checks.stage",
    "check_temporal": "checks.temporal",
    "check_tracker": "checks.tracker",
    "empty_host": "host",
    "face_video": "video",
    "run_cli": "cli",
    "tiny_store": "store",
    "write_video": "video",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module `aukit.testing` has no attribute `{name}`")
    return getattr(importlib.import_module(f"aukit.testing.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
