"""Folders of keys and state, which nobody but their owner can look into."""

from __future__ import annotations

from pathlib import Path


def make_private(folder: Path) -> None:
    """Make `folder`, and each above it that is missing, for its owner alone, whatever the umask:
    who may write in one above could put another in its place. One that is there stays as it is.
    OSError as of `Path.mkdir`."""
    try:
        folder.mkdir(mode=0o700)
    except FileNotFoundError:
        if folder.parent == folder:
            raise
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        if not folder.is_dir():
            raise
