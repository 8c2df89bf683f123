"""Data sets that need no preparation."""
