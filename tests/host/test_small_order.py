"""The keys for which anybody could sign: found by the curve's own arithmetic, refused by us."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from spake2 import ed25519_basic as curve

from pressel.errors import UsageError
from pressel.registry import small_order
from pressel.registry.device import checked_public_key

SIGN = 1 << 255


def encodings() -> set[int]:
    """Of all points whose order divides 8, as multiples of points of order 8 times a prime's."""
    found: set[int] = set()
    for y in range(2, 200):
        try:
            point = curve.bytes_to_unknown_group_element(y.to_bytes(32, "little"))
        except curve.NotOnCurve:
            continue  # on the curve's twist
        small = point.scalarmult(curve.L)  # what is left of it is of order 8, 4, 2 or 1
        found.add(int.from_bytes(small.to_bytes(), "little") & ~SIGN)
    return found


def test_the_list_is_what_the_curve_says() -> None:
    found = encodings()
    assert len(found) == 5  # eight points, of which three pairs differ in sign
    again = {y + small_order._P for y in found if y + small_order._P < SIGN}
    assert found | again == small_order._SMALL


@pytest.mark.parametrize("y", sorted(small_order._SMALL))
@pytest.mark.parametrize("sign", [0, SIGN])
def test_nobody_is_allowed_by_such_a_key(y: int, sign: int) -> None:
    with pytest.raises(UsageError, match="anybody could sign"):
        checked_public_key((y | sign).to_bytes(32, "little").hex())


def test_keys_that_hosts_make_are_taken() -> None:
    for _ in range(50):
        key = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
        assert checked_public_key(key) == key
