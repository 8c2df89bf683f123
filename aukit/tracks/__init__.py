"""From predictions to files people use: tables, sidecars, overlays, timelines, scores."""
