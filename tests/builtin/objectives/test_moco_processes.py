"""Two processes that train `moco` hold the same queue: that of one process with the batches of both."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import torch

from aukit.builtin.objectives.moco import Moco
from aukit.testing.checks.objective import tiny_model

STEPS, CLIPS = 3, 2
OPTIONS = {"channels": 6, "state_channels": 5, "frames": 3, "dimensions": 7, "queue": 30}

CHILD = """
import sys
import torch
import torch.distributed as dist
from test_moco_processes import queue_of

rank, meeting, out = int(sys.argv[1]), sys.argv[2], sys.argv[3]
torch.set_num_threads(1)
dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
torch.save(queue_of(slice(2 * rank, 2 * rank + 2)), out)
dist.destroy_process_group()
"""


def queue_of(share: slice) -> torch.Tensor:
    """The queue after three steps on a share of the clips, with weights that stay as they are."""
    torch.manual_seed(0)
    objective, model = Moco(**OPTIONS), tiny_model()
    clips = torch.rand(STEPS, 2, 2 * CLIPS, 3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    for step in range(STEPS):
        objective(model, clips[step][:, share])
        objective.after_step(model, step)
    return objective.queue


def test_two_processes_hold_the_queue_of_one(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{Path(__file__).parent}:{Path.cwd()}"}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, str(rank), str(tmp_path / "meeting"), str(tmp_path / f"{rank}.pt")],
            env=environment,
        )
        for rank in (0, 1)
    ]
    assert [child.wait(timeout=120) for child in children] == [0, 0]
    queues = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1)]
    assert torch.equal(*queues)
    torch.testing.assert_close(queues[0], queue_of(slice(0, 2 * CLIPS)))
