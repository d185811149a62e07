"""A change reaches a few badges first, and all only when these are as well as the others."""
