"""A slow copy of a module that is never trained (He et al. 2020, section 3.2)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call


class Momentum(nn.Module):
    """The moving average of another module's parameters, to be called like that module.

    It holds tensors alone, as buffers: an optimiser cannot find them, and they are saved with what holds this. It
    starts as a copy of the module it is first called with. Running statistics are its own, gathered by its own calls.

    Args:
        momentum: share of the average that stays at each step.
    """

    def __init__(self, momentum: float) -> None:
        super().__init__()
        self.momentum = momentum
        self._laid_out = False

    @torch.no_grad()
    def forward(self, module: nn.Module, *args: Any) -> Any:
        """What `module` would give with the slow weights; no gradient goes through."""
        self._follow(module)
        return functional_call(module, self.values(), args)

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move towards the module's parameters."""
        self._follow(module)
        slow, fast = self.values(), dict(module.named_parameters())
        if fast:
            torch._foreach_lerp_([slow[name] for name in fast], list(fast.values()), 1 - self.momentum)

    def values(self) -> dict[str, Tensor]:
        """The slow tensors by the names they have in the module."""
        return {name.replace("/", "."): value for name, value in self.named_buffers()}

    def _follow(self, module: nn.Module) -> None:
        """Be a copy on the first call; after loading, take on the module's device and memory layout."""
        if self._laid_out:
            return
        loaded = self.values()
        for name, like in module.state_dict().items():
            value = torch.empty_like(like).copy_(loaded.get(name, like))
            self.register_buffer(name.replace(".", "/"), value)  # a buffer's name has no dot
        self._laid_out = True

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *args: Any) -> None:
        """Accept what was saved, whether or not it has been called yet."""
        for key, value in state.items():
            if key.startswith(prefix):
                self.register_buffer(key.removeprefix(prefix), value.detach().clone())
        self._laid_out = False
        super()._load_from_state_dict(state, prefix, *args)
