"""Training: from a recipe to a run folder. The stages' common part, the run, and the estimator that reads a run."""
