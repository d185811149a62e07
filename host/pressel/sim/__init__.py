"""The simulator: venues of engines in virtual time, whole from a seed, and in real time."""
