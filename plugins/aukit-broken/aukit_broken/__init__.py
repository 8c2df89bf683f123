"""Plugins that fail, one a module. See the README."""
