"""The maker of release signatures against RFC 8554, and against what badges verify with."""

from __future__ import annotations

from tests.shared.test_lms import (
    RFC_MESSAGE,
    RFC_PUBLIC,
    RFC_SALT,
    RFC_SEED,
    is_right,
    rfc_signature,
)

from pressel.signer.lms import Tree


def test_key_and_signature_are_those_that_rfc_8554_publishes() -> None:
    tree = Tree(RFC_SEED, RFC_PUBLIC[8:24])
    assert tree.public == RFC_PUBLIC
    assert tree.sign(3, RFC_MESSAGE, RFC_SALT) == rfc_signature()
    again = Tree(RFC_SEED, RFC_PUBLIC[8:24], tree.leaves)
    assert again.public == RFC_PUBLIC
    for leaf in (0, 1, 511, 1023):
        signature = again.sign(leaf, b"message %d" % leaf)
        assert is_right(signature, b"message %d" % leaf, RFC_PUBLIC)
    assert again.sign(7, b"same") == again.sign(7, b"same")
    assert again.sign(7, b"same")[8:40] != again.sign(7, b"other")[8:40]
