"""Which pin does what: the facts of boards/<id>/board.toml, as `board.json` on the badge."""

import json


def load(path: str = "board.json") -> dict:
    """The board's facts; raises OSError or ValueError when the file is missing or damaged."""
    with open(path) as file:
        return json.load(file)
