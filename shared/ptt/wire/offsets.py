"""Offsets of fields that are read before a datagram is decoded, or without decoding it.

They follow from the message table; tests/shared/test_offsets.py compares them with it.
"""

from ..base.compat import const

HELLO_NONCE_AT = const(32)
WELCOME_NONCE_AT = const(24)
WELCOME_TERM_AT = const(34)
ANNOUNCE_TERM_AT = const(25)
GRANT_GROUP_AT = const(24)
CHALLENGE_NONCE_AT = const(24)
CHALLENGE_AT = const(28)
CHALLENGE_END = const(44)
GROUP_KEY_GROUP_AT = const(24)
GROUP_KEY_EPOCH_AT = const(25)
GROUP_KEY_WRAPPED_AT = const(27)
GROUP_KEY_END = const(43)
RELAY_WRAPPED_AT = const(34)
RELAY_END = const(50)
REKEYED_NONCE_AT = const(24)
REKEYED_CHALLENGE_AT = const(40)
REKEYED_END = const(56)
OFFER_TAG_AT = const(31)  # behind the fields that the table names
CHUNK_BYTES_AT = const(33)  # likewise
