"""`python -m aukit` is the command `aukit`."""

from __future__ import annotations

import sys

from aukit.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
