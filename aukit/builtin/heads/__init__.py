"""Heads: states to AU intensities."""
