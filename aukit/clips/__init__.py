"""The clip store and what a stage reads from it: clips, splits, label masks, windows, batches. No torch."""
