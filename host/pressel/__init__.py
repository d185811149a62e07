"""Pressel on a host: what is not shared with a badge."""

__version__ = "0.1.0"
