"""aukit's own components. They come through the same hook as anybody's: `hooks.py` returns the records."""
