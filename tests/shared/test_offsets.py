"""The offsets that are written down are those of the message table."""

from ptt.wire import messages, offsets
from ptt.wire.envelope import HEADER_BYTES

# Each by what it is the place of: a message, and how many of its fields stand before it.
FIELDS_BEFORE = {
    "HELLO_NONCE_AT": (messages.HELLO, 1),
    "WELCOME_NONCE_AT": (messages.WELCOME, 0),
    "WELCOME_TERM_AT": (messages.WELCOME, 3),
    "ANNOUNCE_TERM_AT": (messages.ROLE_ANNOUNCE, 1),
    "GRANT_GROUP_AT": (messages.FLOOR_GRANT, 0),
    "CHALLENGE_NONCE_AT": (messages.CHALLENGE, 0),
    "CHALLENGE_AT": (messages.CHALLENGE, 1),
    "CHALLENGE_END": (messages.CHALLENGE, 2),
    "GROUP_KEY_GROUP_AT": (messages.GROUP_KEY, 0),
    "GROUP_KEY_EPOCH_AT": (messages.GROUP_KEY, 1),
    "GROUP_KEY_WRAPPED_AT": (messages.GROUP_KEY, 2),
    "GROUP_KEY_END": (messages.GROUP_KEY, 3),
    "RELAY_WRAPPED_AT": (messages.RELAY, 3),
    "RELAY_END": (messages.RELAY, 4),
    "REKEYED_NONCE_AT": (messages.REKEYED, 0),
    "REKEYED_CHALLENGE_AT": (messages.REKEYED, 1),
    "REKEYED_END": (messages.REKEYED, 2),
    "OFFER_TAG_AT": (messages.UPDATE_OFFER, 3),
    "CHUNK_BYTES_AT": (messages.UPDATE_CHUNK, 3),
}
RAW = 10  # kinds of fields above it are raw: 10 + number of bytes, see `wire.codec`


def size(field):
    return field[0] - RAW if field[0] > RAW else field[0]


def test_each_stands_where_the_table_has_it():
    for name, (kind, count) in FIELDS_BEFORE.items():
        at = HEADER_BYTES
        for field in messages.LAYOUTS[kind][0:count]:
            at += size(field)
        assert getattr(offsets, name) == at, name


def test_none_is_left_out():
    named = [name for name in dir(offsets) if name.endswith(("_AT", "_END"))]
    assert sorted(named) == sorted(FIELDS_BEFORE)
