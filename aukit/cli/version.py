"""`aukit version`: this version and the ones of the packages that results depend on."""

from __future__ import annotations

import platform
from importlib import metadata

import aukit
from aukit.cli import options, terminal

PACKAGES = ("torch", "torchvision", "timm", "numpy", "h5py", "pydantic")

EPILOG = options.examples("aukit version", "aukit version --json", then="aukit list-components")


def version(as_json: options.Json = False) -> None:
    """Show the versions of aukit, Python and the packages that results depend on."""
    versions = {"aukit": aukit.__version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    if as_json:
        terminal.document(versions)
        return
    width = max(map(len, versions))
    for name, number in versions.items():
        terminal.out(f"{name:<{width}}  {number}")
