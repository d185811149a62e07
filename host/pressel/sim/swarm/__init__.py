"""Runs that nobody thought of: a seed draws size, network, speech and faults, each there or not."""
