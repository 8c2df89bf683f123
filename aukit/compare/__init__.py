"""Finished runs side by side: tables with intervals and paired differences, beside published numbers."""
