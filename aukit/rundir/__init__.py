"""The run folder: layout, atomic writes, environment, metrics, checkpoints, resume. Never a pickle."""
