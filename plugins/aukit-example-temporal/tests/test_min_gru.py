from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import torch

import aukit
from aukit.testing import check_component, run_cli


def test_it_keeps_the_contract() -> None:
    check_component("temporal/min-gru")
    check_component("temporal/min-gru", hidden=5, memory=2.0)


def test_it_computes_the_formula() -> None:
    torch.manual_seed(0)
    module = aukit.build("temporal", "min-gru", {"channels": 3}, hidden=2)
    x = torch.randn(1, 5, 3, 1, 1)
    weight, bias = (p.detach().double().numpy() for p in (module.gates.weight, module.gates.bias))
    h = np.zeros(2)
    for frame in x[0, :, :, 0, 0].double().numpy():
        u, n = np.split(weight @ np.maximum(frame, 0) + bias, 2)
        u = 1 / (1 + np.exp(-u))
        h = (1 - u) * h + u * n
    states, last = module(x)
    np.testing.assert_allclose(states[0, -1, :, 0, 0].detach(), h, rtol=1e-5, atol=1e-6)
    assert torch.equal(states[:, -1], last)


def test_a_state_fades_to_a_third_after_as_many_frames_as_memory_says() -> None:
    module = aukit.build("temporal", "min-gru", {"channels": 4}, memory=10.0)
    silence = torch.zeros(1, 10, 4, 1, 1)
    states, _ = module(silence, torch.ones(1, 4, 1, 1))
    np.testing.assert_allclose(states[0, -1].detach(), np.exp(-1), rtol=1e-5)


def test_it_is_listed_with_its_provider() -> None:
    listed = run_cli("list-components", "min-gru", "--json")
    assert listed.code == 0, listed.stderr
    (record,) = json.loads(listed.stdout)
    assert record["provider"] == "aukit-example-temporal"
    assert "memory" in json.dumps(record["parameters"])


def test_the_hook_imports_no_torch() -> None:
    code = "import sys, aukit_example_temporal; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
