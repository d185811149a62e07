"""Makes keys and signatures that `ptt.link.lms` verifies (RFC 8554, its appendix A for secrets).

Each leaf of the tree signs once. Two messages signed by one leaf give away enough of it to sign a
third: which leaf is next is the affair of `signer`, not of this module.
"""

from __future__ import annotations

import hmac
from functools import cached_property
from hashlib import sha256

from ptt.link.lms import CHAIN_TYPE, CHAINS, HEIGHT, LAST, PUBLIC_BYTES, TREE_TYPE

LEAVES = 1 << HEIGHT
NAME_BYTES = 16
SEED_BYTES = 32
LEAVES_BYTES = 32 * LEAVES

_CHAINS_END, _MESSAGE, _LEAF, _NODE = b"\x80\x80", b"\x81\x81", b"\x82\x82", b"\x83\x83"
_SECRET = b"\xff"
_STEPS = tuple(bytes((step,)) for step in range(LAST))
_SALT = b"pressel release salt "


class Tree:
    """The key made of `seed` (32 bytes) and its `name` (16 bytes, in the public key, too).
    `leaves`: those of a tree made before, LEAVES_BYTES of no secret, which take a second to make;
    whether they are right, `public` shows."""

    def __init__(self, seed: bytes, name: bytes, leaves: bytes | None = None) -> None:
        assert len(seed) == SEED_BYTES and len(name) == NAME_BYTES
        assert leaves is None or len(leaves) == LEAVES_BYTES
        self._seed = seed
        self._name = name
        self._kept = leaves

    @property
    def public(self) -> bytes:
        """56 bytes, as badges have them."""
        key = TREE_TYPE + CHAIN_TYPE + self._name + self._nodes[1]
        assert len(key) == PUBLIC_BYTES
        return key

    def sign(self, leaf: int, message: bytes, salt: bytes | None = None) -> bytes:
        """2,508 bytes. The salt is made of seed, leaf and message, so that signing the same again
        gives the same and nothing away."""
        assert 0 <= leaf < LEAVES
        if salt is None:
            told = _SALT + leaf.to_bytes(4, "big") + sha256(message).digest()
            salt = hmac.digest(self._seed, told, "sha256")
        number = leaf.to_bytes(4, "big")
        digest = sha256(self._name + number + _MESSAGE + salt + message).digest()
        parts = [number, CHAIN_TYPE, salt]
        parts += (self._chain(number, i, digit) for i, digit in enumerate(_digits(digest)))
        parts.append(TREE_TYPE)
        node = leaf + LEAVES
        while node > 1:
            parts.append(self._nodes[node ^ 1])
            node >>= 1
        return b"".join(parts)

    def _chain(self, leaf: bytes, chain: int, steps: int) -> bytes:
        """The secret of a chain, so many steps on."""
        begin = self._name + leaf + chain.to_bytes(2, "big")
        value = sha256(begin + _SECRET + self._seed).digest()
        for step in _STEPS[:steps]:
            value = sha256(begin + step + value).digest()
        return value

    @property
    def leaves(self) -> bytes:
        """For the next time."""
        return b"".join(self._nodes[LEAVES:])

    @cached_property
    def _nodes(self) -> list[bytes]:
        """By number: the root is 1, the leaves come last. A million hashes without kept leaves."""
        kept = self._kept
        nodes = [b""] * (2 * LEAVES)
        for leaf in range(LEAVES):
            made = kept[32 * leaf : 32 * leaf + 32] if kept is not None else self._leaf(leaf)
            nodes[LEAVES + leaf] = made
        for node in range(LEAVES - 1, 0, -1):
            nodes[node] = self._node(node, _NODE, nodes[2 * node] + nodes[2 * node + 1])
        return nodes

    def _leaf(self, leaf: int) -> bytes:
        number = leaf.to_bytes(4, "big")
        ends = b"".join(self._chain(number, chain, LAST) for chain in range(CHAINS))
        public = sha256(self._name + number + _CHAINS_END + ends).digest()
        return self._node(LEAVES + leaf, _LEAF, public)

    def _node(self, number: int, kind: bytes, content: bytes) -> bytes:
        return sha256(self._name + number.to_bytes(4, "big") + kind + content).digest()


def _digits(digest: bytes) -> list[int]:
    """Of the hash, and then of what they lack to the greatest: no digit can be raised unseen."""
    digits = [digit for byte in digest for digit in (byte >> 4, byte & LAST)]
    check = sum(LAST - digit for digit in digits)
    return [*digits, check >> 8, check >> 4 & LAST, check & LAST]
