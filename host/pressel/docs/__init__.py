"""Keeps what documents say about tables equal to the tables in the code."""
