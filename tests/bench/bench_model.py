"""What the model's parts cost: `fast` augmentation, the contrastive loss, the convolutional GRU."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from rows import Row, at_most, in_turns
from torch import Tensor, nn

from aukit.builtin.augmentations.fast import FastAugmentation
from aukit.builtin.augmentations.paper import PaperAugmentation
from aukit.builtin.objectives.dpc_nce import DpcNce
from aukit.builtin.objectives.nce import contrast
from aukit.builtin.temporal.convgru import ConvGRU

CANDIDATES, CHANNELS = 6400, 256


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Torch works with this many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def bench_augmentation() -> list[Row]:
    """Milliseconds a frame at 128x128 on one thread, four clips of 15 frames, a new draw each time."""
    clips = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (4, 15, 128, 128, 3)).astype(np.uint8))
    rng = np.random.default_rng(0)
    arms = {
        "`fast` augmentation": FastAugmentation(),
        "`fast` augmentation, colour per frame": FastAugmentation(colour_per_frame=True),
        "`paper` augmentation": PaperAugmentation(),
    }
    frames = clips.shape[0] * clips.shape[1]
    how = "B=4, T=15, 128x128, processor time of one thread, each on its own"
    rows = []
    with threads(1):
        for name, views in arms.items():
            seconds = in_turns({name: partial(views, clips, rng)}, clock=time.process_time)
            milliseconds = 1e3 * seconds[name] / frames
            if isinstance(views, FastAugmentation):
                rows.append(at_most(name, milliseconds, "ms/frame", 0.35, how))
            else:
                rows.append(Row(name=name, value=milliseconds, unit="ms/frame", how=how))
    return rows


def dense_nce(predictions: Tensor, features: Tensor) -> Tensor:
    """The same loss with all scores at once."""
    return F.cross_entropy(predictions[0] @ features[0].mT, torch.arange(predictions.shape[1]))


def blockwise_nce(predictions: Tensor, features: Tensor) -> Tensor:
    """aukit's, which also ranks every prediction."""
    return contrast(predictions, features)[0]


def whole_nce(predictions: Tensor, features: Tensor) -> Tensor:
    """aukit's with everything that is logged: ranks in time, and of a guess that copies the last frame."""
    objective = DpcNce(channels=CHANNELS, state_channels=CHANNELS)
    clips = predictions.view(-1, 5, 8, 8, CHANNELS), features.view(-1, 5, 8, 8, CHANNELS)
    return objective.score(*clips, clips[1][:, 0].detach())[0]


NCE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "dense": dense_nce,
    "blocks": blockwise_nce,
    "whole": whole_nce,
}


def nce_step(name: str) -> Callable[[], None]:
    """Forward and backward of one arm on the paper's number of candidates."""
    rng = torch.Generator().manual_seed(0)
    predictions, features = (
        torch.randn(1, CANDIDATES, CHANNELS, generator=rng).mul_(0.3).requires_grad_() for _ in range(2)
    )

    def step() -> None:
        predictions.grad = features.grad = None
        NCE[name](predictions, features).backward()

    return step


def bench_nce() -> list[Row]:
    """Time and extra memory of `dpc-nce` against a dense loss."""
    with threads(1):
        seconds = in_turns({name: nce_step(name) for name in NCE}, clock=time.process_time)
    memory = {name: extra_memory(name) for name in NCE}
    how = f"N={CANDIDATES}, D={CHANNELS}, forward and backward, processor time of one thread; dense: matmul and "
    how += "cross_entropy, which log nothing"
    mebibytes = ", ".join(f"{name} {value:.0f} MiB" for name, value in memory.items())
    rows = []
    for name, what in (("blocks", "`dpc-nce` loss"), ("whole", "`dpc-nce` loss and all it logs")):
        rows += [
            at_most(f"{what}: time against dense", seconds[name] / seconds["dense"], "x", 1.0, how),
            at_most(f"{what}: extra memory", memory[name] / memory["dense"], "x", 0.2, mebibytes),
        ]
    return rows


def extra_memory(name: str) -> float:
    """MiB that two steps add to what a process holds, median of three processes for each arm.

    Each tensor gets a mapping of its own, so that the peak is what lives at once and not the holes of a heap.
    """
    command, environment = (
        [sys.executable, __file__, name],
        {**os.environ, "MALLOC_MMAP_THRESHOLD_": "131072"},
    )
    return statistics.median(
        float(subprocess.run(command, env=environment, capture_output=True, check=True, timeout=300).stdout)
        for _ in range(3)
    )


def measure_memory(name: str) -> None:
    """Print the growth of the peak resident set, in MiB, over what is resident just before the step."""
    torch.set_num_threads(1)
    warm = [torch.randn(1, 320, CHANNELS, requires_grad=True) for _ in range(2)]
    NCE[name](*warm).backward()  # libraries load and allocate on their first use
    step = nce_step(name)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew from what is resident now
    before = resident("VmRSS")
    step()
    step()
    print((resident("VmHWM") - before) / 1024)


def resident(field: str) -> int:
    """KiB of this process, from Linux's own count."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


class PlainGRU(nn.Module):
    """A convolutional GRU as its equations read: three convolutions on the joined input and state, frame by frame."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.keep, self.reset, self.candidate = (nn.Conv2d(2 * channels, channels, 1) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        h, states = torch.zeros_like(x[:, 0]), []
        for frame in x.relu().unbind(1):
            both = torch.cat([frame, h], 1)
            z, r = self.keep(both).sigmoid(), self.reset(both).sigmoid()
            h = z * h + (1 - z) * self.candidate(torch.cat([frame, r * h], 1)).tanh()
            states.append(h)
        return torch.stack(states, 1)


def bench_convgru() -> list[Row]:
    """Forward and backward of ten frames' features, as the backbone leaves them."""
    x = torch.randn(4, 10, 8, 8, CHANNELS).permute(0, 1, 4, 2, 3).requires_grad_()
    ours, plain = ConvGRU(channels=CHANNELS), PlainGRU(CHANNELS)
    with threads(1):
        seconds = in_turns(
            {
                "ours": lambda: ours(x)[0].square().mean().backward(),
                "plain": lambda: plain(x).square().mean().backward(),
            },
            clock=time.process_time,
        )
    ratio = seconds["ours"] / seconds["plain"]
    how = f"B=4, T=10, {CHANNELS} channels, 8x8 cells, forward and backward, processor time of one thread"
    return [at_most("`convgru` time against three convolutions a frame", ratio, "x", 1.0, how)]


if __name__ == "__main__":
    measure_memory(sys.argv[1])
