"""A Wi-Fi password beside the log: sealed on every disk, the same on every host, told to nobody."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.host.log_venue import Venue

from pressel.errors import PresselError
from pressel.registry import about_networks
from pressel.registry.about_networks import SECRET
from pressel.registry.log import as_json
from pressel.registry.store import Registry
from pressel.registry.tables import STEPS

PASSWORD = "correct horse battery"
NETWORKS = {7: ("venue 2", PASSWORD)}


def note(registry: Registry, verb: str = "settings set", networks: object = NETWORKS) -> None:
    secret = about_networks.packed(networks)  # type: ignore[arg-type]
    registry.record(verb, "wifi.network 7 (was 0)", {"version": 2}, {"why": "x"}, secret)


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_every_host_knows_it_and_no_disk_has_it_in_the_clear(venue: Venue) -> None:
    note(venue.at["a"])
    venue.meet()
    for registry in venue.at.values():
        assert registry.networks() == NETWORKS
        assert registry.verify()
    assert b"wifi.network 7" in on_disk(venue.folder)
    assert PASSWORD.encode() not in on_disk(venue.folder)
    assert b"venue 2" not in on_disk(venue.folder)


def test_whoever_reads_the_log_reads_only_that_it_is_there(venue: Venue) -> None:
    note(venue.at["a"])
    venue.meet()
    (told,) = venue.at["b"].about_venue()
    assert told.texts[SECRET] is None and told.texts["why"] == "x"
    text = json.dumps(as_json(told))
    assert PASSWORD not in text and "venue 2" not in text


def test_a_host_of_before_gets_the_entry_without_it(venue: Venue) -> None:
    """It would keep it as it comes."""
    note(venue.at["a"])
    page = venue.at["a"].page({}, seals=False)
    assert [each for each in page.sent if SECRET in each.signed.entry().texts]
    assert not [each for each in page.sent if SECRET in each.texts]
    taken = venue.at["b"].take(page.sent, {}, lambda term: True)
    assert not taken.refused and venue.at["b"].verify()
    venue.hear("c", "b")  # which passes the entry on
    assert venue.at["c"].verify() and venue.at["c"].networks() == {}


@pytest.mark.parametrize("holder", "ab")
def test_who_heard_of_it_through_a_host_of_before_asks_who_has_it(
    venue: Venue, holder: str
) -> None:
    """And who has it again is told, since badges wait for it. The newest is enough."""
    note(venue.at["a"], networks={5: ("old", "old password")})
    note(venue.at["a"])
    venue.hear("b", "a")
    one, other = venue.at["c"], venue.at[holder]
    page = other.page({}, seals=False)
    taken = one.take(page.sent, {}, lambda term: True)
    head = one.heads()[venue.keys["a"]]
    number, hash_ = taken.bare[venue.keys["a"]]
    assert number == head.index - 1 and one.networks() == {}
    mended = one.take(other.page({venue.keys["a"]: (number, hash_)}).sent, {}, lambda term: True)
    assert (mended.new, mended.secrets, mended.bare) == (0, 1, {})
    assert one.networks() == NETWORKS and one.verify()
    assert PASSWORD.encode() not in on_disk(venue.folder)


def test_a_false_one_is_not_taken_for_it(venue: Venue) -> None:
    note(venue.at["a"])
    one, page = venue.at["c"], venue.at["a"].page({})
    bare = one.take(venue.at["a"].page({}, seals=False).sent, {}, lambda term: True).bare
    for each in page.sent:
        if SECRET in each.texts:
            each.texts[SECRET] = each.texts[SECRET][0], about_networks.packed({7: ("a", "evil")})
    taken = one.take(page.sent, {}, lambda term: True)
    assert taken.bare == bare and "its secret was changed" in repr(taken.altered)
    assert one.networks() == {} and one.verify()


@pytest.mark.parametrize("at", "ab")
def test_one_that_a_disk_has_spoilt_comes_back_from_another_host(venue: Venue, at: str) -> None:
    note(venue.at["a"])
    venue.meet()
    one = venue.at[at]
    with closing(sqlite3.connect(one.file)) as db, db:
        db.execute("UPDATE entry_text SET text = x'00' WHERE name = ?", (SECRET,))
    bare = one.settled().bare
    assert list(bare) == [venue.keys["a"]]
    assert one.take(venue.at["c"].page(bare).sent, {}, lambda term: True).secrets == 1
    assert one.networks() == NETWORKS and one.verify()


def test_one_that_was_changed_on_disk_is_found_and_counts_no_more(venue: Venue) -> None:
    note(venue.at["a"])
    venue.meet()
    with closing(sqlite3.connect(venue.at["a"].file)) as db, db:
        (sealed,) = db.execute("SELECT text FROM entry_text WHERE name = ?", (SECRET,)).fetchone()
        spoilt = sealed[:-1] + bytes([sealed[-1] ^ 1])
        db.execute("UPDATE entry_text SET text = ? WHERE name = ?", (spoilt, SECRET))
    with pytest.raises(PresselError, match="its secret was changed"):
        venue.at["a"].verify()
    assert venue.at["a"].networks() == {}
    page = venue.at["a"].page({})  # and another host is not given it
    assert not [each for each in page.sent if SECRET in each.texts]


def test_one_that_lay_beside_another_entry_does_not_open(venue: Venue) -> None:
    note(venue.at["a"])
    note(venue.at["a"], networks={8: ("other", "another password")})
    with closing(sqlite3.connect(venue.at["a"].file)) as db, db:
        rows = db.execute(
            "SELECT number, text FROM entry_text WHERE name = ? ORDER BY number", (SECRET,)
        ).fetchall()
        for (number, _), (_, text) in zip(rows, reversed(rows), strict=True):
            db.execute(
                "UPDATE entry_text SET text = ? WHERE number = ? AND name = ?",
                (text, number, SECRET),
            )
    with pytest.raises(PresselError, match="its secret was changed"):
        venue.at["a"].verify()


def test_it_outlives_a_checkpoint_on_all_hosts(venue: Venue) -> None:
    one = venue.at["a"]
    note(one, networks={5: ("old", "old password")})
    note(one)
    for number in range(40):
        one.record("device lend", f"{number}", {"done": 1})
    assert one.compact(least=20, tail=5)
    assert one.networks() == NETWORKS  # the older one went with its entry
    venue.meet()
    assert venue.at["c"].networks() == NETWORKS and venue.at["c"].verify()


@pytest.mark.parametrize(
    "said",
    [
        b"", b"no JSON", b"[1]", b'{"x": ["a", "b"]}', b'{"0": ["a", "b"]}', b'{"7": ["a"]}',
        b'{"7": ["", "b"]}', b'{"7": ["%s", "b"]}' % (b"a" * 33),
        b'{"7": ["a", "%s"]}' % (b"b" * 65), b'{"7": ["a\\n", "b"]}', b'{"7": 3}',
        b'{"7": ["\\ud800", "b"]}',
    ],
)  # fmt: skip
def test_what_is_none_is_passed_over(said: bytes) -> None:
    assert about_networks.unpacked(said) == {}


def test_no_table_was_changed_for_it() -> None:
    """So a host of the former version reads the registry still."""
    assert "secret" not in repr(STEPS[-1])
