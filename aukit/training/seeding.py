"""Randomness as a function of a key: (seed, stage, step, item), never of how often something was drawn before."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import torch


def entropy(seed: int, *key: str | int) -> int:
    """128 bits that depend on the seed and the key alone; the same on every machine."""
    text = json.dumps([int(seed), *(part if isinstance(part, str) else int(part) for part in key)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def rng(seed: int, *key: str | int) -> np.random.Generator:
    """A numpy generator for the key."""
    return np.random.default_rng(entropy(seed, *key))


def reseed_torch(seed: int, *key: str | int) -> None:
    """Set torch's own generators (dropout, initialisation) for the key, on every device."""
    torch.manual_seed(entropy(seed, *key) % 2**63)
