"""What a badge keeps over a power cut: small JSON files, replaced whole or not at all."""

import json
import os


class Store:
    """Named records, each a file `<name>.json` in `folder` ("" is the current one)."""

    def __init__(self, folder: str = "") -> None:
        self._prefix = folder + "/" if folder else ""

    def load(self, name: str) -> dict:
        """The record, or an empty one when it is missing or damaged."""
        try:
            with open(self._prefix + name + ".json") as file:
                record = json.load(file)
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}

    def save(self, name: str, record: dict) -> None:
        """Write beside and rename: a power cut leaves the old record or the new one."""
        path = self._prefix + name + ".json"
        with open(path + ".new", "w") as file:
            json.dump(record, file)
        os.rename(path + ".new", path)
