"""The registry's log: any change of any chain is noticed, and only the way it is written reads."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from pressel.ledger import text
from pressel.ledger.broken import BrokenError
from pressel.ledger.chain import Head, follow, verify
from pressel.ledger.entry import BODY_BYTES_MAX, INDEX_MAX, NOTHING, Entry, read, write
from pressel.ledger.signed import Signed, sign
from ptt.cluster.ballot import TERM_MAX

HOSTS = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 4)]
NAMES = [host.public_key().public_bytes_raw().hex() for host in HOSTS]
WORDS = st.from_regex(r"[a-z][a-z_]{0,23}", fullmatch=True)
HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)
FACTS = st.one_of(
    st.integers(0, INDEX_MAX),
    st.sampled_from(("active", "revoked")),
    st.lists(st.integers(0, 255), max_size=16).map(tuple),
)
ENTRIES = st.builds(
    Entry,
    term=st.integers(1, TERM_MAX),
    index=st.integers(1, INDEX_MAX),
    time_s=st.integers(0, 1 << 40),
    host=st.sampled_from(NAMES),
    before=HASHES,
    verb=st.sampled_from(("device add", "device revoke", "registry begin")),
    subject=st.sampled_from(("device 00112233445566aa", f"host {NAMES[0]}", "registry")),
    facts=st.dictionaries(WORDS, FACTS, max_size=4),
    texts=st.dictionaries(WORDS, HASHES, max_size=4),
)
WRITERS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=3, max_size=8)


def chain(writers: list[tuple[int, int]]) -> list[Signed]:
    """Entries by the hosts with these numbers, each so many terms after the one before."""
    head, made = Head(1), []
    for number, (host, terms) in enumerate(writers):
        facts = {"state": "active", "priority": number}
        entry = Entry(
            head.term + terms, head.index + 1, 1000 + number, NAMES[host], head.hash,
            "device add", f"device {number:016x}", facts,
        )  # fmt: skip
        made.append(sign(entry, HOSTS[host]))
        head, _ = follow(head, made[-1], NAMES.__contains__)
    return made


def refuses(entries: list[Signed], words: str = "entry") -> None:
    with pytest.raises(BrokenError, match=words):
        verify(entries, NAMES.__contains__)


@given(ENTRIES)
def test_what_is_written_reads_the_same(entry: Entry) -> None:
    body = write(entry)
    assert read(body) == entry and write(read(body)) == body and len(body) <= BODY_BYTES_MAX


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with pytest.raises(BrokenError):
        Signed(data, bytes(64)).check()


@given(ENTRIES, st.data())
def test_no_field_takes_what_it_cannot_mean(entry: Entry, data: st.DataObject) -> None:
    told = json.loads(write(entry))
    name = data.draw(st.sampled_from(sorted(told)))
    odd = (
        None,
        True,
        1.5,
        -1,
        1 << 60,
        "x" * 65,
        [[1]],
        {"a": {}},
        {"A": 1},
        {"a": [1] * 17},
        "\n",
    )
    told[name] = data.draw(st.sampled_from(odd))
    body = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(BrokenError):
        read(body)


def test_there_is_one_way_to_write_an_entry() -> None:
    body = chain([(0, 0)])[0].body
    assert read(body)
    twice = body.replace(b'{"before"', b'{"verb":"device add","before"', 1)
    for other in (b" " + body, body + b"\n", body.replace(b":", b": "), twice, body[:-1]):
        with pytest.raises(BrokenError):
            read(other)
    for deep in (b"[" * BODY_BYTES_MAX, b'{"a":' * 400, b"[" * 100_000):
        with pytest.raises(BrokenError):
            read(deep)


@given(WRITERS)
def test_a_chain_of_several_hosts_holds(writers: list[tuple[int, int]]) -> None:
    entries = chain(writers)
    head = verify(entries, NAMES.__contains__)
    assert (head.index, head.hash) == (len(entries), entries[-1].hash())
    half = verify(entries[:2], NAMES.__contains__)
    assert verify(entries[2:], NAMES.__contains__, half) == head


@given(WRITERS, st.data())
def test_any_changed_byte_is_noticed(writers: list[tuple[int, int]], data: st.DataObject) -> None:
    entries = chain(writers)
    at = data.draw(st.integers(0, len(entries) - 1))
    old = entries[at]
    whole = bytearray(old.body + old.signature)
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    entries[at] = Signed(bytes(whole[: len(old.body)]), bytes(whole[len(old.body) :]))
    refuses(entries, f"entry {at + 1}: ")


@given(WRITERS, st.data())
def test_what_is_left_out_doubled_or_moved_is_noticed(
    writers: list[tuple[int, int]], data: st.DataObject
) -> None:
    entries = chain(writers)
    at = data.draw(st.integers(0, len(entries) - 2))
    refuses(entries[:at] + entries[at + 1 :])
    refuses([*entries[: at + 1], *entries[at:]])
    entries[at], entries[at + 1] = entries[at + 1], entries[at]
    refuses(entries, f"entry {at + 1}: ")


@given(WRITERS, st.integers(0, 2))
def test_a_host_that_may_not_write_is_refused(
    writers: list[tuple[int, int]], shut_out: int
) -> None:
    entries = chain([*writers, (shut_out, 0)])
    others = set(NAMES) - {NAMES[shut_out]}
    with pytest.raises(BrokenError, match="not allowed"):
        verify(entries, others.__contains__)


@given(WRITERS, st.data())
def test_nobody_writes_in_another_s_name(
    writers: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Chained well, and signed by a host that may write, but not by the one that it names."""
    entries = chain(writers)
    head = verify(entries, NAMES.__contains__)
    victim = data.draw(st.integers(0, 2))
    entry = Entry(
        head.term, head.index + 1, 0, NAMES[victim], head.hash, "device add", "registry", {"a": 1}
    )
    honest = sign(entry, HOSTS[victim])
    own = sign(replace(entry, host=NAMES[victim - 1]), HOSTS[victim - 1])
    refuses([*entries, Signed(honest.body, own.signature)], "not signed by")


def test_terms_do_not_fall_and_a_chain_begins_with_nothing() -> None:
    first = chain([(0, 5)])[0]
    entry = Entry(5, 2, 0, NAMES[1], first.hash(), "device add", "registry", {"a": 1})
    refuses([first, sign(entry, HOSTS[1])], "term 5 is lower than 6")
    refuses([sign(replace(entry, index=1), HOSTS[1])], "another one")
    assert verify([], NAMES.__contains__) == Head(0, 0, NOTHING)


@pytest.mark.parametrize("index", [1, 3, INDEX_MAX])
def test_numbers_have_no_gap(index: int) -> None:
    """A host that may write, and chains well, uses up no numbers."""
    first = chain([(0, 5)])[0]
    entry = Entry(6, index, 0, NAMES[1], first.hash(), "device add", "registry", {"a": 1})
    refuses([first, sign(entry, HOSTS[1])], f"entry 2: it says that it is entry {index}")


def test_who_signs_anew_breaks_what_follows() -> None:
    first = chain([(0, 0)])[0]
    assert Signed(first.body, bytes(64)).hash() != first.hash()


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_a_mark_is_of_one_text_under_one_name(one: bytes, other: bytes) -> None:
    salt = text.new_salt()
    marked = text.mark(salt, "name", one)
    assert text.is_of(marked, salt, "name", one)
    assert text.is_of(marked, salt, "name", other) == (one == other)
    assert not text.is_of(marked, salt, "key", one)
    assert not text.is_of(marked, text.new_salt(), "name", one)
