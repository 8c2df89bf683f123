"""One hook raises, the other works."""

from __future__ import annotations

import aukit


@aukit.hookimpl
def aukit_components() -> list[aukit.Component]:
    """Fails."""
    raise RuntimeError("the hook fell over")


@aukit.hookimpl
def aukit_ablations() -> list[aukit.Ablation]:
    """Works."""
    return [aukit.Ablation(name="broken-but-here", summary="from a plugin whose other hook raises")]
