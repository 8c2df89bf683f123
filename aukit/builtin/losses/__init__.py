"""Losses: predictions against labels, some of them missing."""
