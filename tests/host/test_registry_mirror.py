"""The registry of a host that stands by: a copy of the leader's, over the journal between hosts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pressel.errors import PresselError
from pressel.ledger.signed import Signed
from pressel.node.registry_watch import RegistryWatch
from pressel.registry import store
from pressel.registry.device import ACTIVE, REVOKED, Entitlements
from pressel.registry.directory import RegistryDirectory, mirror
from pressel.registry.store import Registry
from ptt.base.numbers import DEVICES_MAX
from ptt.cluster import records
from ptt.cluster.replica import Replica
from ptt.leader.leader import Leader

ANN, BEN = "00000000000000a1", "00000000000000b2"


class Pair:
    """A leader's registry, and a standby's that follows it."""

    def __init__(self, folder: Path) -> None:
        self.leads = Registry(folder / "leads")
        self.stands_by = Registry(folder / "stands-by")
        self.directory = RegistryDirectory(self.leads)
        self.engine = Leader(5, 1, self.directory, os.urandom, roster=self.directory)
        self.engine.journal.add_standby("standby", 1000)
        self.replica = Replica()

    def tell(self, datagrams: int = 1000) -> None:
        """The leader tells, and the standby keeps it in memory; so many datagrams reach it."""
        self.directory.refresh()
        self.engine.keep_devices(self.directory.version, self.directory.records(), 1000)
        for _ in range(datagrams):
            if (entries := self.engine.journal.poll_transmit()) is None:
                break
            answer = self.replica.receive(entries.data, 1000)
            assert answer is not None
            self.engine.journal.receive("standby", answer, 1000)

    def follow(self) -> bool:
        """The leader tells, the standby obeys; was its registry changed?"""
        self.tell()
        assert self.replica.state is not None
        return mirror(self.stands_by, self.replica.state)


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


def test_what_the_leader_knows_the_standby_knows(pair: Pair) -> None:
    key = pair.leads.enrol(ANN, "Ann", (3, 1), Entitlements(True, 2))
    pair.leads.enrol(BEN, "Ben")
    assert pair.follow()
    assert pair.stands_by.key(ANN) == key
    found = pair.stands_by.device(ANN)
    assert (found.name, found.groups) == ("Ann", (3, 1))
    assert found.entitlements == Entitlements(True, 2)
    assert not pair.follow()  # nothing new


def test_who_is_revoked_there_is_revoked_here(pair: Pair) -> None:
    pair.leads.enrol(ANN, "Ann")
    pair.leads.enrol(BEN, "Ben")
    pair.follow()
    pair.leads.revoke(ANN)
    new_key = pair.leads.rotate(BEN)
    assert pair.follow()
    assert [each.id for each in pair.stands_by.devices(REVOKED)] == [ANN]
    assert pair.stands_by.key(ANN) is None and pair.stands_by.key(BEN) == new_key


def test_a_newer_list_is_not_overwritten_by_an_older_one(pair: Pair) -> None:
    """The host with the devices stands by, an empty one leads."""
    for number in range(3):
        pair.stands_by.enrol(f"{number:016x}", "kept")
    assert not pair.follow()
    assert len(pair.stands_by.devices(ACTIVE)) == 3


def test_no_list_brings_a_revoked_device_back(pair: Pair, tmp_path: Path) -> None:
    """The leader has not heard of it, and its list merely counts higher."""
    pair.leads.enrol(ANN, "Ann")
    pair.follow()
    pair.stands_by.revoke(ANN)
    for number in range(9):
        pair.leads.rename(ANN, f"Ann {number}")
    pair.leads.enrol(BEN, "Ben")
    pair.tell()
    watch = RegistryWatch(tmp_path / "stands-by", bytes(32))
    assert pair.replica.state is not None
    watch.hear(pair.replica.state)
    watch.inherit(5)  # it may lead before its disk has anything of it
    assert watch.directory.key(bytes.fromhex(ANN)) is None
    assert watch.directory.key(bytes.fromhex(BEN)) is not None
    assert [each.name for each in watch.directory.records()] == [b"Ben"]
    watch.close()
    assert pair.follow()
    assert pair.stands_by.device(ANN).state == REVOKED and pair.stands_by.key(ANN) is None
    assert pair.stands_by.device(BEN).state == ACTIVE


def test_half_a_list_is_no_list(pair: Pair) -> None:
    pair.leads.enrol(ANN, "Ann")
    pair.leads.enrol(BEN, "Ben")
    pair.follow()
    pair.leads.rename(ANN, "Anna")
    pair.directory.refresh()
    state = pair.replica.state
    assert state is not None
    version = records.write_numbers(records.ROSTER_SIZES, (pair.directory.version, 2))
    state.records[records.ROSTER << 16] = (version, 1000)
    del state.records[records.DEVICE << 16 | 2]
    assert not mirror(pair.stands_by, state)
    assert len(pair.stands_by.devices(ACTIVE)) == 2


def test_who_waits_or_waited_at_a_standby_does_not_make_its_list_the_newer_one(pair: Pair) -> None:
    """It led once, and somebody asked it then."""
    pair.leads.enrol(ANN, "Ann")
    pair.follow()
    before = pair.stands_by.version()
    pair.stands_by.ask(BEN, "Ben", bytes(32), "ACDE-FHJK")
    pair.stands_by.deny(BEN)
    assert pair.stands_by.version() == before
    pair.leads.revoke(ANN)
    assert pair.follow()
    assert pair.stands_by.key(ANN) is None


def test_who_leads_next_begins_with_what_it_was_told_last(pair: Pair, tmp_path: Path) -> None:
    """Nothing of it was on its disk yet; and it is there before anything else is done."""
    pair.stands_by.enrol(BEN, "Ben")
    pair.leads.enrol(ANN, "Ann")
    pair.leads.rename(ANN, "Anna")  # two changes: newer than what the standby has
    pair.tell()
    watch = RegistryWatch(tmp_path / "stands-by", bytes(32))
    assert watch.directory.key(bytes.fromhex(BEN))
    assert pair.replica.state is not None
    watch.hear(pair.replica.state)
    watch.inherit(5)
    assert watch.directory.name(bytes.fromhex(ANN)) == b"Anna"
    assert watch.directory.key(bytes.fromhex(BEN)) is None
    assert watch.directory.version == pair.leads.version()
    assert [each.name for each in watch.directory.records()] == [b"Anna"]
    assert pair.stands_by.devices(ACTIVE)[0].name == "Ben"  # the disk was not waited for
    watch.with_registry(lambda registry: registry.set_groups(ANN, (7,)))
    assert pair.stands_by.device(ANN).groups == (7,)
    assert pair.stands_by.device(BEN).state == REVOKED
    watch.inherit(5)  # older by now
    assert watch.directory.lookup(bytes.fromhex(ANN)).groups == (7,)
    watch.close_there()
    watch.close()


def test_a_list_that_has_come_in_part_does_not_count(pair: Pair, tmp_path: Path) -> None:
    """The leader dies while it tells of the next change: what it has acknowledged before holds."""
    for number in range(60):  # some datagrams full
        pair.leads.enrol(f"{number:016x}", f"b{number:02}")
    pair.tell()
    watch = RegistryWatch(tmp_path / "stands-by", bytes(32))
    assert pair.replica.state is not None
    watch.hear(pair.replica.state)
    acknowledged = pair.leads.version()
    pair.leads.enrol(ANN, "Ann")  # before all others
    pair.tell(datagrams=1)
    watch.hear(pair.replica.state)
    watch.inherit(5)
    assert watch.directory.version == acknowledged
    assert len(watch.directory.records()) == 60
    watch.close()


def test_a_list_that_is_too_long_for_the_journal_is_not_copied_in_part(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who would be missing were revoked at every standby, and with its lead everywhere."""
    pair.stands_by.enrol(BEN, "Ben")
    for number in range(DEVICES_MAX):
        pair.leads.enrol(f"{number + 0x1000:016x}", "before all others")
    with monkeypatch.context() as earlier:  # a version that counted nothing
        earlier.setattr(store, "DEVICES_MAX", DEVICES_MAX + 1)
        pair.leads.enrol(BEN, "Ben")
    assert not pair.follow()
    assert pair.stands_by.device(BEN).state == ACTIVE
    for registry in (pair.leads, pair.stands_by):
        watch = RegistryWatch(registry.file.parent, bytes(32))
        assert watch.is_over == (registry is pair.leads)
        watch.close()


# --- revocations, which hosts tell each other signed ---


def heard(pair: Pair, source: Registry, hearer: Registry) -> list[str]:
    """`hearer` obeys all that `source` has to tell; which devices that has revoked."""
    after, ended = 0, []
    while page := source.revocations(after):
        told = [(each.body, each.signature) for _, each in page]
        ended += hearer.obey(
            [Signed(*each) for each in told], source.own_key(), "other", leads=hearer is pair.leads
        )
        after = page[-1][0]
    return ended


def test_a_device_that_one_side_did_not_know_is_not_out_for_good(pair: Pair) -> None:
    """It was added here while the hosts were apart; the other side's list counted higher."""
    pair.stands_by.adopt(BEN, "Ben", bytes(32))
    pair.leads.enrol(ANN, "Ann")
    pair.leads.rename(ANN, "Anna")
    assert pair.follow()
    assert pair.stands_by.device(BEN).state == REVOKED
    assert pair.stands_by.revocations(0) == []  # nobody's word, and not told to others as one
    pair.leads.adopt(BEN, "Ben", bytes(32))  # written anew
    assert pair.follow()
    assert pair.stands_by.device(BEN).state == ACTIVE


def test_after_a_split_what_either_side_has_revoked_stays_so_on_both(pair: Pair) -> None:
    for number, each in enumerate((ANN, BEN)):
        pair.leads.adopt(each, f"b{number}", bytes([number]) * 32)
    pair.follow()
    pair.leads.revoke(ANN)
    pair.stands_by.revoke(BEN)
    assert heard(pair, pair.stands_by, pair.leads) == [BEN]
    assert heard(pair, pair.leads, pair.stands_by) == [ANN]
    for registry in (pair.leads, pair.stands_by):
        assert {each.id for each in registry.devices(REVOKED)} == {ANN, BEN}
        assert registry.verify()
    assert pair.leads.told()[-1].texts["who"] == "other, which has revoked it"
    for source, hearer in ((pair.leads, pair.stands_by), (pair.stands_by, pair.leads)):
        before = hearer.verify()
        assert hearer.version() == (4 if hearer is pair.leads else 3)  # the others follow who leads
        assert heard(pair, source, hearer) == [] and hearer.verify() == before  # and no more


def test_a_stale_list_brings_nothing_back_where_the_leader_has_revoked(
    pair: Pair, tmp_path: Path
) -> None:
    """On a standby that follows, and on one that has never heard of the device."""
    pair.leads.adopt(ANN, "Ann", bytes(32))
    pair.follow()
    pair.leads.revoke(ANN)
    pair.follow()
    stale = Pair(tmp_path / "stale")
    stale.leads.adopt(ANN, "Ann", bytes(32))
    for number in range(20):
        stale.leads.rename(ANN, f"Ann {number}")
    late = Registry(tmp_path / "late")
    for hearer in (pair.stands_by, late):
        heard(pair, pair.leads, hearer)
    stale.tell()
    assert stale.replica.state is not None
    for hearer in (pair.stands_by, late):
        mirror(hearer, stale.replica.state)
        assert hearer.device(ANN).state == REVOKED and hearer.verify()
    late.close()


def test_only_what_the_host_itself_has_signed_is_obeyed(pair: Pair, tmp_path: Path) -> None:
    for each in (ANN, BEN):
        pair.leads.enrol(each, each)
        pair.stands_by.enrol(each, each)
    pair.stands_by.revoke(ANN)
    ((_, good),) = pair.stands_by.revocations(0)
    added = pair.stands_by.told()[1].signed
    other = Registry(tmp_path / "other")
    forged = Signed(good.body.replace(ANN.encode(), BEN.encode()), good.signature)
    for bad, source in (
        (forged, pair.stands_by),
        (Signed(b"{}", bytes(64)), pair.stands_by),
        (added, pair.stands_by),  # signed, and no revocation
        (good, other),  # passed on by another, who did not write it
    ):
        with pytest.raises(PresselError, match=r"other .*: "):
            pair.leads.obey([bad], source.own_key(), "other", leads=True)
        assert len(pair.leads.devices(ACTIVE)) == 2
    other.close()


def test_a_host_fills_no_registry_with_devices_that_nobody_knows(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "KNOWN_MAX", 2)
    for number in range(4):
        pair.stands_by.enrol(f"{number:016x}", "x")
        pair.stands_by.revoke(f"{number:016x}")
    pair.leads.enrol(f"{3:016x}", "known")
    assert heard(pair, pair.stands_by, pair.leads) == [f"{0:016x}", f"{3:016x}"]
    assert len(pair.leads.devices()) == 2


def test_who_leads_next_keeps_out_what_was_revoked_by_word_only(pair: Pair, tmp_path: Path) -> None:
    """One that is missing in a list is let in again by the next list that has it."""
    pair.stands_by.adopt(BEN, "Ben", bytes(32))
    pair.leads.enrol(ANN, "Ann")
    pair.leads.rename(ANN, "Anna")
    pair.follow()
    pair.leads.adopt(BEN, "Ben", bytes(32))
    pair.tell()
    watch = RegistryWatch(tmp_path / "stands-by", bytes(32))
    assert pair.replica.state is not None
    watch.hear(pair.replica.state)
    watch.inherit(5)
    assert watch.directory.key(bytes.fromhex(BEN)) is not None
    watch.close()
