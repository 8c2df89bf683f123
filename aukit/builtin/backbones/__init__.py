"""Backbones: frames to feature maps."""
