"""What a badge keeps over a power cut: small JSON files, replaced whole or not at all."""

import json
import os


class Store:
    """Named records, each a file `<name>.json`."""

    def load(self, name: str) -> dict:
        """The record, or an empty one when it is missing or damaged."""
        try:
            with open(name + ".json") as file:
                record = json.load(file)
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}

    def save(self, name: str, record: dict) -> None:
        """Write beside and rename: a power cut leaves the old record or the new one."""
        path = name + ".json"
        with open(path + ".new", "w") as file:
            json.dump(record, file)
        os.rename(path + ".new", path)
