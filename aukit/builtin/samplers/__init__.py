"""Samplers: which labels may be used."""
