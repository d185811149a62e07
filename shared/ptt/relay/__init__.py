"""Passing voice on, and what listeners report of it."""
