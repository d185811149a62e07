"""Engines on real sockets."""
