"""aukit: facial action unit intensity from few labels.

The public names below are looked up when they are first used, so `import aukit` stays light: no torch, no
pydantic.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aukit import evaluation as evaluation
    from aukit.compare.compare import compare_runs as compare_runs
    from aukit.contracts.component import Ablation as Ablation
    from aukit.contracts.component import Component as Component
    from aukit.contracts.params import Choice as Choice
    from aukit.contracts.params import Params as Params
    from aukit.contracts.params import slot as slot
    from aukit.contracts.schema import Schema as Schema
    from aukit.hosting.build import build as build
    from aukit.hosting.hookspecs import hookimpl as hookimpl
    from aukit.run import run_recipe as run_recipe
    from aukit.suites.api import run_suite as run_suite
    from aukit.training.estimator import AUEstimator as AUEstimator

__version__ = "0.1.0"

_HOMES = {
    "AUEstimator": "aukit.training.estimator",
    "Ablation": "aukit.contracts.component",
    "Choice": "aukit.contracts.params",
    "Component": "aukit.contracts.component",
    "Params": "aukit.contracts.params",
    "Schema": "aukit.contracts.schema",
    "build": "aukit.hosting.build",
    "compare_runs": "aukit.compare.compare",
    "hookimpl": "aukit.hosting.hookspecs",
    "run_recipe": "aukit.run",
    "run_suite": "aukit.suites.api",
    "slot": "aukit.contracts.params",
}

__all__ = [
    "AUEstimator",
    "Ablation",
    "Choice",
    "Component",
    "Params",
    "Schema",
    "__version__",
    "build",
    "compare_runs",
    "evaluation",
    "hookimpl",
    "run_recipe",
    "run_suite",
    "slot",
]


def __getattr__(name: str) -> Any:
    if name == "evaluation":
        # Importing the leaf binds it on the package: `aukit.evaluation.metrics.icc` needs no other import.
        importlib.import_module("aukit.evaluation.metrics")
        return importlib.import_module("aukit.evaluation")
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module `aukit` has no attribute `{name}`")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
