"""Metrics, intervals over people, trivial baselines, and the predictors that give every frame of a video a value."""
