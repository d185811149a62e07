"""Bring-up of a new board: numbered tests on the badge itself, and what they say of our numbers."""
