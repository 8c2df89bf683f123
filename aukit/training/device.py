"""The device, its precision and its threads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from aukit.errors import UsageError
from aukit.training import distributed


def choose_device(name: str) -> torch.device:
    """`auto` is the first CUDA device where there is one, else the CPU. Of several processes each has its own.

    Raises:
        UsageError: the device is unknown or not there, or several processes would share one GPU.
    """
    if distributed.size() > 1 and torch.cuda.is_available():
        if name.startswith("cuda:"):
            raise UsageError(
                f"{distributed.size()} processes cannot train on `{name}` alone",
                hint="`--device cuda` gives each its own; CUDA_VISIBLE_DEVICES says which they may have",
            )
        if name in ("auto", "cuda"):
            name = f"cuda:{distributed.own_gpu()}"
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            f"the device `{name}` cannot be used: {reason}",
            hint="choose `--device auto`, `cpu` or, with a GPU, `cuda`",
        ) from error
    if device.type == "meta":
        raise UsageError("the device `meta` holds no numbers", hint="choose `--device auto`")
    return device


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """The forward pass's precision: `fp32` as it is, `bf16` by torch's autocast."""
    if precision == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


@contextmanager
def settings(device: torch.device, *, threads: int, deterministic: bool) -> Iterator[None]:
    """Threads and determinism while the block runs; as they were afterwards. Torch's generators are restored too."""
    before = (
        torch.get_num_threads(),
        torch.backends.cudnn.benchmark,
        torch.are_deterministic_algorithms_enabled(),
    )
    cuda = device.type == "cuda"
    if threads:
        torch.set_num_threads(threads)
    if cuda and deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it when it starts
        torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = cuda and not deterministic
    try:
        with torch.random.fork_rng(devices=[device] if cuda else []):
            yield
    finally:
        torch.set_num_threads(before[0])
        torch.backends.cudnn.benchmark = before[1]
        torch.use_deterministic_algorithms(before[2])
