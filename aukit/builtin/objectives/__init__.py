"""Objectives: self-supervised losses for pre-training."""
