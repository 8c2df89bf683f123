"""Ends the program while it is imported."""

import sys

sys.exit("a plugin wants to leave")
