"""Reads the data in shared/schema and writes the code that badges load from it."""
