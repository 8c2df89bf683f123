"""Makes `import timm` work beside a torchvision whose native operators cannot load.

timm imports torchvision, and torchvision describes shapes of its own compiled operators while it is imported. pip pairs
a CPU build of torch with a torchvision that was compiled against CUDA; its library then cannot load, the operators are
unknown, and the import dies with "operator torchvision::nms does not exist". Declaring the two operators (their
signatures, no kernels) is all that the import needs; nothing in aukit calls them. Where the builds match, torchvision
simply imports and this module does nothing.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import torch

_SIGNATURES = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[torch.library.Library] = []  # torch forgets the operators of a library that is collected


def import_timm() -> ModuleType:
    """timm, whether or not torchvision's native operators load.

    Raises:
        ImportError: timm or torchvision is not installed.
    """
    mend_torchvision()
    return importlib.import_module("timm")


def mend_torchvision() -> bool:
    """Import torchvision; declare the operators that it misses if that fails for want of them. True where it did."""
    try:
        importlib.import_module("torchvision")
        return False
    except RuntimeError as error:
        if "operator torchvision::" not in str(error):
            raise
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]  # what the failed import left behind
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for signature in _SIGNATURES:
        library.define(signature)  # type: ignore[no-untyped-call]
    _declared.append(library)
    importlib.import_module("torchvision")
    return True
