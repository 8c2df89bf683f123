"""Trackers: observers of a run's events."""
