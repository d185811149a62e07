"""Loads the test vectors of tests/vectors: one JSON file a situation, see the README beside them.

Runs on both runtimes. On MicroPython dictionaries have no order, so vectors keep lists of pairs.
"""

import json
import os
from binascii import unhexlify

_FOLDER = __file__.replace("\\", "/").rsplit("/", 2)[0] + "/vectors"


def names(group):
    """File names without ending of one group ("valid", "malformed", "frozen/2.0"), sorted."""
    files = os.listdir(_FOLDER + "/" + group)
    found = sorted(name[:-5] for name in files if name.endswith(".json"))
    assert found, "no vectors in " + group
    return found


def load(group, name):
    """The vector as its file has it, with the datagram as bytes under "data"."""
    vector = read(group, name)
    vector["data"] = unhexlify(vector["hex"])
    return vector


def read(group, name):
    with open("%s/%s/%s.json" % (_FOLDER, group, name)) as file:
        return json.load(file)


def value_of(value):
    """A field of a vector in the form that the codec gives it: texts and raw fields are bytes."""
    if isinstance(value, str):
        if value.startswith("0x"):
            return unhexlify(value[2:])
        return value.encode()
    return value
