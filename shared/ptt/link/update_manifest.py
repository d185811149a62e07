"""The manifest of a release: lines of text that a badge reads one at a time, so it keeps none.

    pressel-update 1
    release 2
    build 0.2.0
    chip esp32          (or: any)
    table 9c8a833f      (hash of the message table)
    files 2
    bytes 4711
    <SHA-256, 64 hexadecimal digits> <bytes> <path in the slot>
    ...

Behind it comes the signer's signature (`update_signature`). The tag, by which the leader says that
it offers this, is an HMAC under the device's own key over a label, whether an older release is
meant, and manifest and signature. Knows neither files nor datagrams.
"""

from binascii import unhexlify
from hashlib import sha256

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    INT_MAX,
    UPDATE_FILE_BYTES_MAX,
    UPDATE_FILES_MAX,
    UPDATE_PATH_BYTES_MAX,
)

if TYPE_CHECKING:
    from typing import Any

    from .hmac import HmacKey

HEAD = (b"pressel-update", b"release", b"build", b"chip", b"table", b"files", b"bytes")
DOWNGRADE = const(1)  # flags of an offer: an older release is meant
AGAIN = const(2)  # one that fell back before is to be tried once more
TAG_BYTES = const(32)

SIGNER = "signer.key"  # in a slot: the key whose signature the next release must have

_LABEL = b"pressel update 1 "
_SAFE = b"abcdefghijklmnopqrstuvwxyz0123456789_./-"


class Head:
    """What stands above the files."""

    __slots__ = ("build", "chip", "files", "release", "size_bytes", "table")

    def __init__(self, lines: "list[bytes]") -> None:
        """ValueError for anything but seven well-formed lines."""
        values = []
        for index in range(len(HEAD)):
            words = lines[index].split()
            if len(words) != 2 or words[0] != HEAD[index]:
                raise ValueError("no manifest")
            values.append(words[1])
        if values[0] != b"1":
            raise ValueError("a manifest of another kind")
        self.release = number(values[1], INT_MAX)
        self.build = values[2]
        self.chip = values[3]
        self.table = values[4]
        self.files = number(values[5], UPDATE_FILES_MAX)
        self.size_bytes = number(values[6], INT_MAX)
        if len(self.build) > 16 or not self.release or not self.files:
            raise ValueError("out of range")


def read_file_line(line: bytes) -> "tuple[bytes, int, bytes]":
    """A file's SHA-256, its size and its path. ValueError for what no badge should write."""
    words = line.split()
    if len(words) != 3 or len(words[0]) != 64:
        raise ValueError("no file")
    path = words[2]
    if not is_path(path):
        raise ValueError("no path")
    return unhexlify(words[0]), number(words[1], UPDATE_FILE_BYTES_MAX), path


def is_path(path: bytes) -> bool:
    """A relative path of small letters without tricks."""
    if not 0 < len(path) <= UPDATE_PATH_BYTES_MAX:
        return False
    for byte in path:
        if byte not in _SAFE:
            return False
    for part in path.split(b"/"):
        if not part or part[0:1] == b".":
            return False
    return True


def number(text: bytes, most: int) -> int:
    """Decimal digits and nothing else, at most `most`; ValueError otherwise."""
    if not 0 < len(text) <= 10:
        raise ValueError("no number")
    value = 0
    for byte in text:
        if not 48 <= byte <= 57:
            raise ValueError("no number")
        value = value * 10 + byte - 48
    if value > most:
        raise ValueError("too large")
    return value


def begin_tag(key: "HmacKey", flags: int) -> "Any":
    """A hash that takes the manifest's bytes next; `end_tag` makes the tag of it."""
    inner = sha256(key.inner)
    inner.update(_LABEL)
    inner.update(bytes((flags & DOWNGRADE,)))
    return inner


def end_tag(key: "HmacKey", inner: "Any") -> bytes:
    """The 32 bytes of the tag."""
    return sha256(key.outer + inner.digest()).digest()
