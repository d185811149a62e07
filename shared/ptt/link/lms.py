"""Verifies a release's signature in short steps: LMS with SHA-256, a tree ten high and digits of
four bits (RFC 8554, NIST SP 800-208).

The signature is read on, 32 bytes at a time, and never lies in memory. A step takes at most 15
hashes, so that voice goes on between two. Knows neither files nor releases.
"""

from hashlib import sha256

from ..base.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PUBLIC_BYTES = const(56)  # two types, the key's name of 16 bytes, the tree's root
SIGNATURE_BYTES = const(2508)  # 40 of head, 67 chains of 32, a type, ten nodes of 32
HEAD_BYTES = const(40)  # leaf, type of the chains, salt: they come before the message
NAME_AT = const(8)  # in the public key: what every hash begins with
TREE_TYPE = b"\x00\x00\x00\x06"  # LMS_SHA256_M32_H10
CHAIN_TYPE = b"\x00\x00\x00\x03"  # LMOTS_SHA256_N32_W4
HEIGHT = const(10)
CHAINS = const(67)  # 64 digits of the hash and 3 of their check sum
LAST = const(15)  # the greatest digit

# Behind the name: leaf or node, then what is hashed. A chain has its number and step there.
_ROOT_AT = const(24)
_NODE = const(16)
_KIND = const(20)
_STEP = const(22)
_VALUE = const(23)
_CHAIN_END = const(55)
_LEFT = const(22)
_RIGHT = const(54)
_END = const(86)


class Verifier:
    """`public` is 56 bytes that came with the firmware; `readinto` fills a buffer with what follows
    in the signature and returns how many bytes that were. It is called for the head at once, for
    the rest with each step; in between the message goes to `update`."""

    def __init__(self, public: bytes, readinto: "Callable[[Any], int]") -> None:
        self.is_right = False  # after the last step: this key signed this message
        self._public = public
        self._readinto = readinto
        self._chain = 0
        self._digits = b""
        data = self._data = bytearray(_END)
        whole = self._whole = memoryview(data)
        self._of_step = whole[:_CHAIN_END]
        self._value = whole[_VALUE:_CHAIN_END]
        data[:_NODE] = (public + bytes(_ROOT_AT))[NAME_AT:_ROOT_AT]  # whatever its length
        self._is_well_formed = len(public) == PUBLIC_BYTES and public[:8] == TREE_TYPE + CHAIN_TYPE
        self._take(whole[_NODE:_KIND])
        self._expect(CHAIN_TYPE)
        self._take(whole[_LEFT:_RIGHT])
        self._leaf = data[_NODE] << 24 | data[17] << 16 | data[18] << 8 | data[19]
        self._set(_KIND, 0x8181)
        self._hash = sha256(whole[:_RIGHT])
        self.update = self._hash.update

    def step(self) -> bool:
        """True while there is more to do; then `is_right` says how it ended."""
        if self._chain == 0:
            self._begin()
        if not self._is_well_formed:
            return False
        if self._chain < CHAINS:
            self._finish_chain()
            return True
        self._climb()
        return False

    def _begin(self) -> None:
        """The message is whole: its hash and the check sum say how far each chain has come."""
        digest = self._hash.digest()
        check = 0
        for byte in digest:
            check += 2 * LAST - (byte >> 4) - (byte & LAST)
        self._digits = digest + bytes((check >> 4, check << 4 & 255))
        self._set(_KIND, 0x8080)
        self._hash = sha256(self._whole[:_STEP])
        if self._leaf >> HEIGHT:
            self._is_well_formed = False

    def _finish_chain(self) -> None:
        data = self._data
        chain = self._chain
        step = self._digits[chain >> 1] >> (0 if chain & 1 else 4) & LAST
        self._set(_KIND, chain)
        self._take(self._value)
        while step < LAST:
            data[_STEP] = step
            data[_VALUE:_CHAIN_END] = sha256(self._of_step).digest()
            step += 1
        self._hash.update(self._value)
        self._chain = chain + 1

    def _climb(self) -> None:
        """From the ends of the chains, which make the leaf, to the root."""
        whole = self._whole
        node = self._leaf + (1 << HEIGHT)
        self._expect(TREE_TYPE)
        self._data[_LEFT:_RIGHT] = self._hash.digest()
        self._name_node(node, 0x8282)
        value = sha256(whole[:_RIGHT]).digest()
        while node > 1:
            own, other = (_RIGHT, _LEFT) if node & 1 else (_LEFT, _RIGHT)
            self._data[own : own + 32] = value
            self._take(whole[other : other + 32])
            node >>= 1
            self._name_node(node, 0x8383)
            value = sha256(whole).digest()
        self.is_right = self._is_well_formed and value == self._public[_ROOT_AT:]

    def _name_node(self, node: int, kind: int) -> None:
        self._set(_NODE, 0)
        self._set(_NODE + 2, node)  # below 2048
        self._set(_KIND, kind)

    def _set(self, at: int, value: int) -> None:
        self._data[at] = value >> 8
        self._data[at + 1] = value & 255

    def _expect(self, kind: bytes) -> None:
        view = self._whole[_STEP : _STEP + 4]
        self._take(view)
        if view != kind:
            self._is_well_formed = False

    def _take(self, view: "Any") -> None:
        if self._readinto(view) != len(view):
            self._is_well_formed = False
