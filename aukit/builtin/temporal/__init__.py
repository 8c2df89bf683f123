"""Temporal modules: feature maps of a clip to states over time."""
