"""The plugin host: hook specifications, discovery, isolation, and the read-only registry for all look-ups.

Nothing here imports torch, and nothing a plugin does wrong reaches another plugin.
"""
