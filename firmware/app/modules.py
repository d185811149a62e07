"""Unloads modules that are needed once: their code and their objects leave the heap."""

import sys


def forget(*names: str) -> None:
    """Whichever of them are loaded, wholly or in part; the next import loads them anew. A package
    comes behind its modules: one in which modules were joined holds no more than these."""
    for name in names:
        if sys.modules.pop(name, None) is not None:
            package, _, module = name.rpartition(".")
            owner = sys.modules.get(package)
            if hasattr(owner, module):  # not when loading it failed
                delattr(owner, module)
