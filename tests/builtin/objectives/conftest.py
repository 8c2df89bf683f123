"""A small problem that every objective can learn: faces that stay the same while something in them moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from aukit.testing.checks.objective import tiny_model

Learn = Callable[..., list[dict[str, float]]]


def moving(views: int, clips: int, frames: int, seed: int) -> Tensor:
    """Clips (views,B,T,3,32,32): a pattern of the clip's own, brighter where a wave passes; views differ in noise."""
    rng = np.random.default_rng(seed)
    faces = rng.uniform(0.2, 0.5, (1, clips, 1, 3, 32, 32))
    place = np.arange(32) / 32 + rng.uniform(0, 1, (clips, 1, 1))
    wave = 0.3 * np.sin(2 * np.pi * (place - 0.06 * np.arange(frames)[:, None]))
    noise = rng.uniform(-0.05, 0.05, (views, clips, frames, 3, 32, 32))
    return torch.from_numpy((faces + wave[None, :, :, None, None, :] + noise).clip(0, 1)).float()


@pytest.fixture
def learn() -> Learn:
    """`learn(objective, steps)`: what each step of training an objective and a tiny model logged, with `loss`."""

    def run(objective: Any, steps: int, rate: float = 3e-3) -> list[dict[str, float]]:
        model = tiny_model()
        optimizer = torch.optim.Adam([*model.parameters(), *objective.parameters()], lr=rate)
        rows = []
        for step in range(steps):
            clips = moving(objective.views, 4, objective.frames, seed=step)
            loss, numbers = objective(model, clips)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            objective.after_step(model, step)
            rows.append({"loss": loss.item(), **numbers})
        return rows

    return run
