"""Properties of modules and tensors that several contract checks ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from aukit.testing.contract import ContractError, Make, require


def make_module(make: Make, **wiring: Any) -> Any:
    """A new module, its weights drawn from seed 0."""
    torch.manual_seed(0)
    module = make(**wiring)
    require(isinstance(module, nn.Module), f"it is a {type(module).__name__}, expected a torch.nn.Module")
    return module


def stir(module: Any, amount: float = 0.05) -> Any:
    """Move every parameter a little, so that weights that start at zero do not hide a missing gradient."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(amount * torch.randn(parameter.shape, generator=generator))
    return module


def random(*shape: int, seed: int = 0) -> Tensor:
    """Normal noise that does not depend on torch's own seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def require_tensor(value: object, shape: tuple[int, ...], what: str) -> Tensor:
    """A finite float32 tensor of this shape."""
    require(isinstance(value, Tensor), f"{what} is a {type(value).__name__}, expected a tensor")
    assert isinstance(value, Tensor)
    require(tuple(value.shape) == shape, f"{what} has the shape {tuple(value.shape)}, expected {shape}")
    require(value.dtype == torch.float32, f"{what} is {value.dtype}, expected torch.float32")
    require(bool(value.isfinite().all()), f"{what} is not finite")
    return value


def same(one: Tensor, other: Tensor) -> bool:
    """Equal up to the rounding of float32, which grows with the largest number."""
    scale = max(1.0, float(other.abs().max()) if other.numel() else 1.0)
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-4, atol=1e-5 * scale)


def require_gradients(module: Any, loss: Tensor) -> None:
    """Backward from `loss` reaches every parameter that asks for a gradient."""
    wanted = {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}
    if not wanted:
        return
    require(loss.requires_grad, "its output has no gradient")
    module.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    for name, parameter in wanted.items():
        gradient = parameter.grad
        require(
            gradient is not None and bool((gradient != 0).any()),
            f"no gradient reaches its parameter `{name}`",
        )
        require(bool(gradient.isfinite().all()), f"the gradient of its parameter `{name}` is not finite")


def require_determinism(build: Callable[[], Any], run: Callable[[Any], Tensor]) -> None:
    """Built and run twice from one seed it gives the same; in evaluation it needs no seed."""
    outputs = []
    for _ in range(2):
        module = build()
        torch.manual_seed(2)
        outputs.append(run(module))
    require(torch.equal(*outputs), "two runs from one seed differ")
    module = build().eval()
    require(torch.equal(run(module), run(module)), "two runs in evaluation mode differ")


def require_state(build: Callable[[], Any], run: Callable[[Any], Tensor]) -> None:
    """Its state goes through a safetensors file into a new module, which then computes the same."""
    module = stir(build())
    run(module)  # running statistics move
    module.eval()
    try:
        stored = save({name: value.contiguous() for name, value in module.state_dict().items()})
    except (RuntimeError, ValueError, AttributeError) as error:
        raise ContractError(f"its state cannot be stored: {error}") from error
    fresh = build()
    try:
        fresh.load_state_dict(load(stored))
    except RuntimeError as error:
        raise ContractError(f"its state does not load into a new one: {error}") from error
    fresh.eval()
    require(
        torch.equal(run(module), run(fresh)),
        "its state is incomplete: loaded anew, it computes something else",
    )
