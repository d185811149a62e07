"""What a test may ask the echo firmware to do; each answers with a text, or None for no answer."""

import gc
import json
import os
import time

from cryptolib import aes
from machine import reset, unique_id


def clock(words):
    return str(time.ticks_ms())


def hog(words):
    """Take memory until there is none; say how much there was."""
    taken = []
    try:
        while True:
            taken.append(bytearray(1000))
    except MemoryError:
        count = len(taken)
        taken.clear()
    gc.collect()
    return str(count * 1000)


def burst(words):
    """The piece that cannot be had is large, so there is room left to note where."""
    taken = [bytearray(1000)]
    while True:
        taken.append(bytearray(2 * len(taken[-1])))


def exhaust(words):
    """Take memory in pieces so small that nothing at all is left."""
    taken = None
    while True:
        taken = (taken,)


def churn(words):
    """Leave garbage behind, less than the heap has room for."""
    for _ in range(20):
        bytearray(1000)
    return "churned"


def write(words):
    with open("notes.json.new", "w") as file:
        json.dump({"note": words[1]}, file)
    os.rename("notes.json.new", "notes.json")
    return "written"


def remove(words):
    os.remove(words[1])
    return "removed"


def missing(words):
    try:
        os.stat("nothing.json")
    except OSError as error:
        return str(error.errno)


def fail(words):
    raise ValueError("as asked")


def spin(words):
    while True:
        pass


def restart(words):
    reset()


def who(words):
    return unique_id().hex()


def encrypt(words):
    """The AES-128-ECB example of NIST SP 800-38A, F.1.1."""
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    block = bytes.fromhex("6bc1bee22e409f96e93d7e117393172a")
    done = aes(key, 1).encrypt(block)
    back = aes(key, 1).decrypt(done)
    return done.hex() + " " + ("same" if back == block else "other")


COMMANDS = {
    "clock": clock,
    "hog": hog,
    "burst": burst,
    "exhaust": exhaust,
    "churn": churn,
    "write": write,
    "remove": remove,
    "missing": missing,
    "fail": fail,
    "spin": spin,
    "restart": restart,
    "who": who,
    "encrypt": encrypt,
}
