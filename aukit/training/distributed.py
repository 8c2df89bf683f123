"""Several processes that train one model, as `torchrun` starts them: they meet, average, agree and end together.

Each has the whole model and its own windows. After every step all have the same weights and the same running
statistics, so that the main one (rank 0) may look, write and judge alone. With one process nothing here does anything.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from aukit.errors import AukitError, DivergedError, Elsewhere, Interrupted, UsageError

T = TypeVar("T")

PATIENCE = timedelta(days=1)
"""How long a process waits for another. They may wait for an evaluation; one that ends is noticed at once."""


_alone = False


def rank() -> int:
    """Which process this is, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def size() -> int:
    """How many processes work together right now."""
    return dist.get_world_size() if dist.is_initialized() and not _alone else 1


def is_main() -> bool:
    """Whether this process writes, tells and judges."""
    return rank() == 0


def own_key() -> tuple[str | int, ...]:
    """What to add to the key of randomness that must differ between processes; nothing for the main one."""
    return () if is_main() else ("rank", rank())


def own_gpu() -> int:
    """The number of the GPU on this machine that is this process's own, and from now on its default.

    Raises:
        UsageError: there are fewer GPUs than processes.
    """
    number, there = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if number >= there:
        raise UsageError(
            f"there is no GPU for process {number + 1} of this machine: it has {there}",
            hint=f"start `torchrun --nproc_per_node {there}`, or train on the CPU with `--device cpu`",
        )
    torch.cuda.set_device(number)
    return number


@contextmanager
def session() -> Iterator[bool]:
    """Meet the processes that `torchrun` started, and leave them at the end. Yields whether this is the main one.

    What all processes raise together, the main one tells: the others raise `Elsewhere`. A session inside another is it.
    """
    if dist.is_initialized() or not dist.is_torchelastic_launched() or os.environ["WORLD_SIZE"] == "1":
        yield is_main()
        return
    cuda = torch.cuda.is_available() and dist.is_nccl_available()
    dist.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo", timeout=PATIENCE)
    try:
        yield is_main()
    except (DivergedError, Interrupted, KeyboardInterrupt) as error:
        if is_main():
            raise
        raise Elsewhere(str(error)) from error
    finally:
        dist.destroy_process_group()


@contextmanager
def alone() -> Iterator[None]:
    """While the block runs this process works as if there were no other: it waits for none."""
    global _alone  # not a context variable: threads that work for the block are alone, too
    before, _alone = _alone, True
    try:
        yield
    finally:
        _alone = before


def together(work: Callable[[], T]) -> T:
    """Let every process do a piece of work. Where it fails in any of them all end, and the main one tells why.

    Raises:
        AukitError: of the first process in which it failed.
    """
    if size() == 1:
        return work()
    problem: AukitError | None = None
    try:
        found = work()
    except AukitError as error:
        problem = error
    told: list[Any] = [None] * size()
    with _peers():
        dist.all_gather_object(told, problem and (str(problem), problem.hint))
    failed = [(number, said) for number, said in enumerate(told) if said]
    if not failed:
        return found
    number, (text, hint) = failed[0]
    if not is_main():
        raise Elsewhere(text)
    raise problem or AukitError(f"process {number} of {size()}: {text}", hint=hint)


def on_main(work: Callable[[], T]) -> T:
    """Let the main process do a piece of work alone while the others wait; all get what it found.

    Raises:
        AukitError: if it fails.
    """
    if size() == 1:
        return work()
    found: list[Any] = [together(lambda: _main_alone(work))]
    with _peers():
        dist.broadcast_object_list(found, src=0, device=torch.device("cpu"))
    return found[0]  # type: ignore[no-any-return]


def main_first(work: Callable[[], T]) -> T:
    """Let every process do a piece of work, the others after the main one: what it wrote they find.

    Raises:
        AukitError: of the first process in which it failed.
    """
    if size() == 1:
        return work()
    first = together(lambda: _main_alone(work))
    rest = together(lambda: None if is_main() else work())
    return first if is_main() else rest  # type: ignore[return-value]


def _main_alone(work: Callable[[], T]) -> T | None:
    with alone():
        return work() if is_main() else None


def mean(values: Mapping[str, float]) -> dict[str, float]:
    """Each number's mean over the processes; all have the same names in the same order."""
    if size() == 1:
        return dict(values)
    total = torch.tensor([float(value) for value in values.values()], dtype=torch.float64)
    with _peers():
        dist.all_reduce(total)
    return dict(zip(values, (total / size()).tolist(), strict=True))


def anywhere(flag: bool) -> bool:
    """Whether it is so in any process."""
    return mean({"flag": flag})["flag"] > 0


@torch.no_grad()
def average(parameters: Sequence[nn.Parameter], statistics: Sequence[Tensor]) -> None:
    """Replace gradients and statistics by their means over the processes, in place and in one message.

    A parameter that has a gradient in none of them keeps none: an optimiser leaves it alone, as it would in one.
    """
    if size() == 1:
        return
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    there = torch.tensor(
        [p.grad is not None for p in parameters], dtype=torch.float32, device=gradients[0].device
    )
    tensors = [there, *gradients, *statistics]
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    with _peers():
        dist.all_reduce(flat)
    flat /= size()
    for tensor, part in zip(
        tensors, flat.split_with_sizes([tensor.numel() for tensor in tensors]), strict=True
    ):
        tensor.copy_(part.view_as(tensor))
    for parameter, gradient, somewhere in zip(parameters, gradients, there.tolist(), strict=True):
        parameter.grad = gradient if somewhere else None


@torch.no_grad()
def copy_main(tensors: Iterable[Tensor]) -> None:
    """Give every process the main one's values: what is built alike on unlike machines may differ in its last bits."""
    if size() == 1:
        return
    for tensor in tensors:
        whole = tensor.contiguous()
        with _peers():
            dist.broadcast(whole, src=0)
        tensor.copy_(whole)


def gather(rows: Tensor) -> Tensor:
    """`(n,...)` of every process, this one's first, as `(size*n,...)`; a gradient flows back to where rows came from.

    The loss of a process is about its own rows; with gradients averaged over processes, as `average` does, training
    follows the gradient of the mean of their losses (OpenCLIP's `--local-loss --gather-with-grad`).
    """
    return rows if size() == 1 else _Gather.apply(rows)  # type: ignore[no-untyped-call]


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        rows = rows.contiguous()
        found = [torch.empty_like(rows) for _ in range(size())]
        with _peers():
            dist.all_gather(found, rows)
        return torch.cat(found[rank() :] + found[: rank()])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        own = len(gradient) // size()
        total = gradient.roll(rank() * own, dims=0)  # in the order of the processes, alike in all
        with _peers():
            dist.all_reduce(total)
        return total[rank() * own :][:own]


@contextmanager
def _peers() -> Iterator[None]:
    """Where another process has ended there is nothing to wait for; it says why itself."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise  # its own trouble
    except RuntimeError as error:
        if not is_main():
            raise Elsewhere("another process of this run has ended") from error
        raise AukitError(
            f"another process of this run has ended or cannot be reached: {str(error).partition('. ')[0]}",
            hint="what it said stands beside this; go on with `--resume` and as many processes",
        ) from error
