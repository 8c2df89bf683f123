"""Augmentations: uint8 clips to random views in 0..1."""
