"""The contract of temporal modules, and the laws that make one usable on a live stream."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from aukit.testing.contract import Make, require, require_whole
from aukit.testing.tensors import (
    make_module,
    random,
    require_determinism,
    require_gradients,
    require_state,
    require_tensor,
    same,
    stir,
)

CLIPS, FRAMES, CELLS = 2, 7, 3


def check_temporal(make: Make, *, channels: int = 8) -> None:
    """`(B,T,C,h,w)` and a state to `(B,T,C',h',w')` and the state after the last frame.

    The chunk law, where `causal`: two halves with the state between them equal the whole. The no-future law:
    an output depends on no frame later than `lookahead` allows. Where there are `encode` and `advance`, frame by
    frame they give what the call gives.

    Raises:
        ContractError: with the first sentence that is not kept.
    """
    build = partial(make_module, make, channels=channels)
    x = random(CLIPS, FRAMES, channels, CELLS, CELLS)
    before = x.clone()

    def run(module: Any) -> Tensor:
        outputs: Tensor = module(x)[0].detach()
        return outputs

    module = build()
    _check_attributes(module)
    result = module(x)
    require(isinstance(result, tuple) and len(result) == 2, "it does not return a pair: outputs and state")
    outputs, state = result
    require(
        isinstance(outputs, Tensor) and outputs.ndim == 5, "its outputs have no five dimensions (B,T,C,h,w)"
    )
    require_tensor(outputs, (CLIPS, FRAMES, module.channels, *outputs.shape[3:]), "its output")
    _check_state(state)
    require(torch.equal(x, before), "it changes its input")
    stir(module)
    require_gradients(module, module(x)[0].square().mean())

    with torch.no_grad():
        module = stir(build()).eval()
        _check_clips_apart(module, x)
        if module.causal:
            _check_chunks(module, x)
            if hasattr(module, "encode") and hasattr(module, "advance"):
                _check_steps(module, x)
        _check_no_future(module, x)
    require_determinism(build, run)
    require_state(build, run)


def _check_attributes(module: Any) -> None:
    require_whole(module, "channels", 1)
    causal, lookahead = getattr(module, "causal", None), getattr(module, "lookahead", None)
    require(isinstance(causal, bool), f"its `causal` is {causal!r}, expected True or False")
    require_whole(module, "lookahead", 0)
    require(
        causal == (lookahead == 0), f"`causal` is {causal} and `lookahead` is {lookahead}: causal means 0"
    )


def _tensors(state: Any) -> Iterator[Tensor]:
    if isinstance(state, tuple):
        for part in state:
            yield from _tensors(part)
    elif state is not None:
        require(
            isinstance(state, Tensor),
            f"its state holds a {type(state).__name__}: only tensors, tuples and None",
        )
        yield state


def _check_state(state: Any) -> None:
    for tensor in _tensors(state):
        first = tensor.shape[0] if tensor.ndim else 0
        require(
            first == CLIPS,
            f"a tensor of its state is {tuple(tensor.shape)}: the first dimension is B, {CLIPS}",
        )


def _check_clips_apart(module: Any, x: Tensor) -> None:
    require(same(module(x)[0][:1], module(x[:1])[0]), "in evaluation a clip's outputs depend on other clips")


def _check_chunks(module: Any, x: Tensor) -> None:
    whole, last = module(x)
    for cut in range(1, FRAMES):
        first, state = module(x[:, :cut])
        kept = [tensor.clone() for tensor in _tensors(state)]
        second, end = module(x[:, cut:], state)
        require(
            same(torch.cat([first, second], dim=1), whole),
            f"the chunk law fails: {cut} frames, then {FRAMES - cut} with the state, differ from all at once",
        )
        unchanged = all(torch.equal(*pair) for pair in zip(kept, _tensors(state), strict=True))
        require(unchanged, "it changes the state it is given")
        ends = zip(_tensors(end), _tensors(last), strict=True)
        require(all(same(*pair) for pair in ends), f"the chunk law fails for the state after {FRAMES} frames")


def _check_steps(module: Any, x: Tensor) -> None:
    whole, last = module(x)
    encoded = module.encode(x.flatten(0, 1))
    require(len(encoded) == CLIPS * FRAMES, "what it encodes does not have the frames as first dimension")
    state = None
    for number, frame in enumerate(encoded.view(CLIPS, FRAMES, *encoded.shape[1:]).unbind(1)):
        out, state = module.advance(frame, state)
        require(
            same(out, whole[:, number]), f"frame {number + 1} by `encode` and `advance` differs from the call"
        )
    ends = zip(_tensors(state), _tensors(last), strict=True)
    require(all(same(*pair) for pair in ends), "the state after `advance` differs from that after the call")


def _check_no_future(module: Any, x: Tensor) -> None:
    whole = module(x)[0]
    for cut in range(1, FRAMES):
        changed = x.clone()
        changed[:, cut:] = random(*changed[:, cut:].shape, seed=cut)
        early = max(cut - module.lookahead, 0)
        require(
            same(module(changed)[0][:, :early], whole[:, :early]),
            f"the no-future law fails: frame {cut + 1} changes an output before it, past a lookahead of "
            f"{module.lookahead}",
        )
