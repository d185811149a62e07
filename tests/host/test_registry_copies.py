"""The log of a venue on several hosts: each verifies what the others have written, and all become
the same, whatever order they hear it in."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pressel import cli
from pressel.errors import PresselError, UsageError
from pressel.ledger import entry as ledger
from pressel.ledger import text
from pressel.ledger.entry import INDEX_MAX
from pressel.ledger.signed import Signed, sign
from pressel.recordings import rules
from pressel.recordings.burst_mark import Mark
from pressel.registry import about_bursts, intake
from pressel.registry.about_loans import facts_of
from pressel.registry.backup import back_up, try_out
from pressel.registry.device import ACTIVE, EPOCH_MAX, KEY_BYTES, REVOKED, Entitlements
from pressel.registry.identity import identity
from pressel.registry.intake import Sent, Taken
from pressel.registry.standing import HEAR
from pressel.registry.store import Registry

ANN, BEN, CYD = "00000000000000a1", "00000000000000b2", "00000000000000c3"
TERM_MAX = 10_000


class Venue:
    """Hosts with these letters, which allow each other."""

    def __init__(self, folder: Path, hosts: str) -> None:
        self.folder = folder
        self.at = {host: Registry(folder / host) for host in hosts}
        self.keys = {host: registry.own_key() for host, registry in self.at.items()}
        for host, other in itertools.permutations(hosts, 2):
            self.at[host].allow_host(other, self.keys[other])

    def lead(self, host: str, term: int) -> Registry:
        self.at[host].log.term = term
        return self.at[host]

    def hear(
        self, host: str, source: str, spoilt: Callable[[list[Sent]], list[Sent]] = list
    ) -> Taken:
        """`host` takes over what `source` gives, which `spoilt` may change."""
        here, there = self.at[host], self.at[source]
        known = {each: (head.index, head.hash) for each, head in here.heads().items()}
        sent: list[Sent] = []
        while (page := there.page(known)).sent:
            sent += page.sent
            for each in page.sent:
                entry = each.signed.entry()
                known[entry.host] = entry.index, each.signed.hash()
            if not page.more:
                break
        taken = here.take(spoilt(sent), {}, lambda term: term <= TERM_MAX)
        if taken.lacking:
            keys = there.page(known, taken.lacking).keys
            taken = here.take([], keys, lambda term: True)
        return taken

    def meet(self) -> None:
        """All hear of each other."""
        for _ in range(2):
            for host, source in itertools.permutations(self.at, 2):
                taken = self.hear(host, source)
                assert not taken.refused and not taken.lacking

    def agree(self) -> None:
        """All say the same of all devices, with the same keys, and it is what their logs say."""
        said = [facts(registry) for registry in self.at.values()]
        assert all(each == said[0] for each in said), said
        for registry in self.at.values():
            assert registry.verify()


def facts(registry: Registry) -> list[tuple]:
    return [
        (each.id, each.name, each.groups, each.entitlements, each.state, each.epoch,
         registry.key(each.id))
        for each in registry.devices() if each.state != "pending"
    ]  # fmt: skip


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    made = Venue(tmp_path, "abc")
    yield made
    for registry in made.at.values():
        registry.close()


def sql(registry: Registry, statement: str) -> list:
    with closing(sqlite3.connect(registry.file)) as db, db:
        return db.execute(statement).fetchall()


# --- one after the other ---


def test_what_the_leader_writes_all_have(venue: Venue) -> None:
    leads = venue.lead("a", 100)
    with leads.log.asked_by("ann"):
        leads.enrol(ANN, "Ann", (3, 1), Entitlements(True, 2))
        leads.enrol(BEN, "Ben")
        leads.rotate(BEN)
    leads.record("settings set", "scan_ms 5")
    venue.meet()
    venue.agree()
    (told,) = [each for each in venue.at["c"].told() if each.entry.verb == "settings set"]
    assert told.texts == {"what": "scan_ms 5"} and told.entry.host == venue.keys["a"]
    leads.revoke(ANN)
    leads.rename(BEN, "Benn")
    venue.meet()
    venue.agree()
    assert venue.at["b"].device(ANN).state == REVOKED and venue.at["b"].key(ANN) is None
    history = [[each.hash for each in registry.told()] for registry in venue.at.values()]
    assert history[0] == history[1] == history[2]


def test_it_reaches_a_host_by_way_of_another(venue: Venue) -> None:
    """The one that has written is dead."""
    venue.lead("a", 100).enrol(ANN, "Ann")
    venue.hear("b", "a")
    venue.hear("c", "b")
    assert venue.at["c"].key(ANN) == venue.at["a"].key(ANN)
    assert venue.at["c"].verify()


def test_who_leads_next_overrules_what_it_has_heard(venue: Venue) -> None:
    """Whatever the terms: a host that was alone may have counted further."""
    venue.lead("a", 900).enrol(ANN, "Ann")
    venue.meet()
    venue.lead("b", 100).set_groups(ANN, (7,))
    venue.meet()
    venue.lead("c", 50).rotate(ANN)
    venue.meet()
    venue.agree()
    found = venue.at["a"].device(ANN)
    assert (found.groups, found.epoch) == ((7,), 2)
    assert venue.at["a"].conflicts() == []


def test_row_25_a_new_host_gets_all_of_it(venue: Venue) -> None:
    leads = venue.lead("a", 100)
    for number in range(150):  # more than a page
        leads.enrol(f"{number:016x}", f"b{number}")
    leads.revoke(f"{3:016x}")
    taken = venue.hear("b", "a")
    assert taken.new == 154 and not taken.lacking
    assert facts(venue.at["b"]) == facts(leads) and venue.at["b"].verify()


# --- after a split ---


def test_what_both_sides_have_revoked_holds(venue: Venue) -> None:
    for number, each in enumerate((ANN, BEN, CYD)):
        venue.lead("a", 100).adopt(each, f"b{number}", bytes([number]) * 32)
    venue.meet()
    venue.lead("a", 200).revoke(ANN)
    other = venue.lead("b", 300)
    other.revoke(BEN)
    other.set_groups(ANN, (9,))  # a higher term, which did not know
    venue.meet()
    venue.agree()
    assert {each.id for each in venue.at["c"].devices(REVOKED)} == {ANN, BEN}
    assert venue.at["c"].device(CYD).state == ACTIVE


def test_what_one_side_has_added_holds_on_both(venue: Venue) -> None:
    venue.lead("a", 100).enrol(ANN, "Ann")
    venue.lead("b", 200).enrol(BEN, "Ben")
    venue.meet()
    venue.agree()
    assert [each.id for each in venue.at["c"].devices(ACTIVE)] == [ANN, BEN]
    assert venue.at["c"].conflicts() == []


def test_of_two_words_about_one_device_the_higher_term_holds_and_the_other_is_listed(
    venue: Venue, capsys: pytest.CaptureFixture[str]
) -> None:
    venue.lead("a", 100).enrol(ANN, "Ann")
    venue.meet()
    venue.lead("a", 200).set_groups(ANN, (2,))
    venue.lead("b", 300).set_groups(ANN, (3,))
    venue.meet()
    venue.agree()
    for registry in venue.at.values():
        assert registry.device(ANN).groups == (3,)
        ((first, others),) = registry.conflicts()
        assert first.entry.facts["groups"] == (3,)
        assert [each.entry.facts["groups"] for each in others] == [(2,)]
    here = ("audit", "list", "--conflicts", "--state", str(venue.folder / "c"))
    assert cli.main([*here]) == 0
    out, err = capsys.readouterr()
    assert "first entry of each" in err
    assert out.index("groups 3") < out.index("groups 2") and len(out.splitlines()) == 3
    venue.lead("a", 400).set_groups(ANN, (2,))  # somebody decides
    venue.meet()
    venue.agree()
    assert venue.at["c"].device(ANN).groups == (2,) and venue.at["c"].conflicts() == []
    assert cli.main([*here]) == 0 and "no conflicts" in capsys.readouterr().err


def test_a_revoked_device_that_a_host_never_knew_stays_out(venue: Venue) -> None:
    """However many there are."""
    leads = venue.lead("a", 100)
    for number in range(20):
        leads.enrol(f"{number:016x}", "x")
        leads.revoke(f"{number:016x}")
    venue.hear("b", "a")
    stale = venue.lead("c", 500)
    for number in range(20):
        stale.adopt(f"{number:016x}", f"x{number}", bytes(32))
    venue.meet()
    venue.agree()
    assert len(venue.at["b"].devices(REVOKED)) == 20 and not venue.at["b"].devices(ACTIVE)


# --- what is refused ---


def bad(venue: Venue, **changed: object) -> Callable[[list[Sent]], list[Sent]]:
    """The last entry that "a" has written is another one, which it has signed, too."""
    private = identity(venue.folder / "a")

    def spoilt(sent: list[Sent]) -> list[Sent]:
        own = [each for each in sent if each.signed.entry().host == venue.keys["a"]]
        entry = replace(own[-1].signed.entry(), **changed)  # type: ignore[arg-type]
        return [*own[:-1], Sent(sign(entry, private), own[-1].texts)]

    return spoilt


GOOD = {"state": "active", "groups": (1,), "emergency": 0, "priority": 0, "epoch": 1}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"term": TERM_MAX + 1}, "nobody can have led in its term"),
        ({"term": 1}, "its term 1 is lower"),
        ({"index": 9}, "it says that it is entry 9"),
        ({"before": "0" * 64}, "the entry before it is another one"),
        ({"subject": f"badge {ANN}"}, "this version does not know"),
        ({"facts": {**GOOD, "state": "pending"}}, "its state is none"),
        ({"facts": {**GOOD, "groups": ()}}, "its talk groups are none"),
        ({"facts": {**GOOD, "groups": (1, 1)}}, "its talk groups are none"),
        ({"facts": {**GOOD, "groups": (1 << 30,)}}, "its talk groups are none"),
        ({"facts": {**GOOD, "epoch": 1 << 40}}, "its epoch is not between"),
        ({"facts": {**GOOD, "emergency": 2}}, "its emergency is not between"),
        ({"facts": {**GOOD, "priority": 8}}, "its priority is not between"),
        ({"facts": {**GOOD, "more": 1}}, "other things than a device has"),
        ({"facts": {**GOOD, "state": "revoked"}}, "a key where there is none"),
        ({"texts": {}}, "its device has no name"),
        ({"facts": {}}, "its device is gone"),
        ({"subject": f"host {'0' * 64}", "facts": {"allowed": 1}, "texts": {}}, "there cannot be"),
    ],
)
def test_what_a_host_signs_and_cannot_mean_is_refused(
    venue: Venue, changed: dict[str, object], words: str
) -> None:
    """And what it wrote before that holds, and what others write after it."""
    leads = venue.lead("a", 100)
    leads.enrol(ANN, "Ann")
    leads.enrol(BEN, "Ben")
    taken = venue.hear("b", "a", bad(venue, **changed))
    ((host, why),) = (taken.refused | taken.altered).items()  # a gap may be somebody else's
    assert words in why and host == venue.keys["a"]
    assert [each.id for each in venue.at["b"].devices()] == [ANN] and venue.at["b"].verify()
    venue.lead("c", 100).enrol(CYD, "Cyd")
    venue.hear("b", "c")
    assert venue.at["b"].key(CYD)


def changed_texts(sent: list[Sent]) -> list[Sent]:
    """The name of the last device is another one."""
    salt = sent[-1].texts["name"][0]
    return [*sent[:-1], Sent(sent[-1].signed, {**sent[-1].texts, "name": (salt, b"Eve")})]


def test_a_text_that_was_changed_on_its_way_is_refused(venue: Venue) -> None:
    venue.at["a"].enrol(ANN, "Ann")
    (why,) = venue.hear("b", "a", changed_texts).altered.values()
    assert "its name was changed" in why and venue.at["b"].devices() == []


def test_a_name_that_no_badge_can_show_is_refused(venue: Venue) -> None:
    """One control character in the registry of a host that is compromised."""
    leads = venue.at["a"]
    leads.enrol(ANN, "Ann")
    salt = text.new_salt()

    def spoilt(sent: list[Sent]) -> list[Sent]:
        marks = {**sent[-1].signed.entry().texts, "name": text.mark(salt, "name", b"A\x07")}
        entry = replace(sent[-1].signed.entry(), texts=marks)
        own = Sent(sign(entry, identity(venue.folder / "a")), {
            **sent[-1].texts, "name": (salt, b"A\x07")})  # fmt: skip
        return [*sent[:-1], own]

    (why,) = venue.hear("b", "a", spoilt).refused.values()
    assert "none that a badge can show" in why and venue.at["b"].devices() == []


def test_nobody_writes_in_another_s_name(venue: Venue) -> None:
    venue.lead("a", 100).enrol(ANN, "Ann")

    def forged(sent: list[Sent]) -> list[Sent]:
        entry = sent[-1].signed.entry()
        other = sign(replace(entry, host=venue.keys["c"]), identity(venue.folder / "c"))
        return [*sent[:-1], Sent(Signed(sent[-1].signed.body, other.signature), sent[-1].texts)]

    (why,) = venue.hear("b", "a", forged).altered.values()
    assert "not signed by" in why


# --- a host that is allowed, and lies ---


def unsigned(sent: list[Sent]) -> list[Sent]:
    return [replace(each, signed=Signed(each.signed.body, bytes(64))) for each in sent]


def renamed(sent: list[Sent]) -> list[Sent]:
    return [
        replace(each, texts={name: (salt, b"Eve") for name, (salt, _) in each.texts.items()})
        for each in sent
    ]


@pytest.mark.parametrize("spoilt", [unsigned, renamed, lambda sent: sent[1:]])
@pytest.mark.parametrize("is_new", [True, False])
def test_who_passes_on_what_nobody_wrote_shuts_nobody_out(
    venue: Venue, spoilt: Callable[[list[Sent]], list[Sent]], is_new: bool
) -> None:
    """Neither with new entries nor with those that are here. Their writer is not to blame."""
    leads = venue.lead("a", 100)
    leads.enrol(ANN, "Ann")
    venue.meet()
    leads.revoke(ANN)
    leads.enrol(BEN, "Ben")
    venue.hear("b", "a")
    lies = [each for each in venue.at["b"].page({}).sent]
    last = 0 if not is_new else venue.at["c"].heads()[venue.keys["a"]].index
    lies = [each for each in lies if each.signed.entry().host == venue.keys["a"]]
    lies = spoilt([each for each in lies if each.signed.entry().index > last])
    taken = venue.hear("c", "b", lambda sent: lies)
    assert not taken.refused
    venue.hear("c", "a")
    assert venue.at["c"].device(ANN).state == REVOKED and venue.at["c"].key(BEN)
    assert venue.at["c"].verify()


def test_nobody_makes_a_host_doubt_its_own_log(venue: Venue) -> None:
    own = venue.at["c"]
    before = own.heads()
    entry = replace(own.page({}).sent[-1].signed.entry(), host=own.own_key(), index=90)
    lie = Sent(Signed(ledger.write(entry), bytes(64)))
    taken = venue.hear("c", "b", lambda sent: [lie])
    assert own.heads() == before and not taken.refused and not taken.regained


@pytest.mark.parametrize("upto", [INDEX_MAX, 3, "next"])
def test_who_says_that_it_has_heard_more_than_it_has_overrules_nothing(
    venue: Venue, upto: int | str
) -> None:
    """A host says that it knows what others will write, and is removed: what they write then holds
    everywhere, and their logs and backups are as good as before."""
    venue.lead("a", 100).enrol(ANN, "Ann")
    venue.meet()
    number = venue.at["a"].log.last() + 2 if upto == "next" else upto
    liar = venue.lead("b", 5000)
    with liar._change():
        facts = {"upto": number, "head": "ab" * 32}
        liar.log.note(HEAR, f"log {venue.keys['a']}", facts)  # type: ignore[arg-type]
    liar.set_groups(ANN, (5,))
    for host in "ac":
        venue.hear(host, "b")
        venue.at[host].remove_host("b")
    leads = venue.lead("a", 102)
    leads.set_groups(ANN, (7,))
    for host, source in ("ca", "ac"):
        venue.hear(host, source)
        assert [each.groups for each in venue.at[host].devices()] == [(7,)]
        assert venue.at[host].verify()
        back_up(venue.folder / host, venue.folder / f"{host}.backup")
        assert try_out(venue.folder / host, venue.folder / f"{host}.backup") == 1
    assert leads.undo("b", 0, is_dry=True)


def test_the_last_epoch_of_a_key_keeps_no_revocation_from_others(venue: Venue) -> None:
    """A host that is removed has named it. Of the next one others must take what is written."""
    venue.lead("a", 100).enrol(ANN, "Ann")
    venue.at["a"].enrol(BEN, "Ben")
    venue.meet()
    with venue.at["b"]._change("device rotate"):
        key = bytes(KEY_BYTES)
        sealed = venue.at["b"]._vault.seal(key, ANN, EPOCH_MAX)
        what = "sealed_key = ?, epoch = ?"
        venue.at["b"]._update(ANN, what, (sealed, EPOCH_MAX), ACTIVE)
    venue.meet()
    for host in "ac":
        venue.at[host].remove_host("b")
    venue.lead("a", 102).rotate(ANN)
    venue.at["a"].revoke(BEN)
    assert not venue.hear("c", "a").refused
    assert venue.at["c"].device(BEN).state == REVOKED
    assert venue.at["c"].key(ANN) == venue.at["a"].key(ANN) != key


def test_the_word_of_a_host_against_another_is_no_proof(venue: Venue) -> None:
    venue.lead("a", 100).enrol(ANN, "Ann")
    venue.meet()
    liar = venue.lead("b", 101)
    with liar._change():
        liar.log.note(HEAR, f"log {venue.keys['a']}", {"upto": 2, "head": "ab" * 32})
    taken = venue.hear("c", "b")
    assert not taken.refused and taken.doubted.keys() == {venue.keys["a"]}
    (why,) = taken.doubted.values()
    assert liar.own_key()[:16] in why


def test_what_was_heard_counts_once_it_has_come(venue: Venue) -> None:
    """A host gets what overrules before what is overruled, and the rest of that chain."""
    venue.lead("a", 100).enrol(ANN, "Ann")
    venue.meet()
    venue.lead("a", 300).set_groups(ANN, (2,))
    venue.hear("c", "a")
    venue.at["a"].record("settings set", "scan_ms 5")
    venue.hear("b", "a")
    venue.lead("b", 200).set_groups(ANN, (3,))
    kept: list[Sent] = []

    def only_of_b(sent: list[Sent]) -> list[Sent]:
        kept.extend(each for each in sent if each.signed.entry().host == venue.keys["a"])
        return [each for each in sent if each.signed.entry().host == venue.keys["b"]]

    venue.hear("c", "b", only_of_b)
    assert [each.groups for each in venue.at["c"].devices()] == [(2,)]  # as far as it can tell
    venue.hear("c", "b", lambda sent: kept)
    venue.hear("c", "b", lambda sent: sent or venue.at["b"].page({}).sent)  # with the key's mark
    assert [each.groups for each in venue.at["c"].devices()] == [(3,)]


def test_a_host_that_is_not_allowed_is_not_heard_even_by_way_of_others(venue: Venue) -> None:
    venue.at["b"].remove_host("a")
    venue.at["a"].enrol(ANN, "Ann")
    venue.hear("c", "a")
    assert venue.at["c"].key(ANN)
    taken = venue.hear("b", "c")
    assert venue.at["b"].devices() == [] and not taken.refused and venue.at["b"].verify()


def test_what_a_removed_host_wrote_before_still_holds(venue: Venue) -> None:
    venue.at["a"].enrol(ANN, "Ann")
    venue.hear("b", "a")
    venue.at["b"].remove_host("a")
    assert venue.at["b"].key(ANN) and venue.at["b"].verify()


def test_a_host_that_tells_each_another_thing_is_found_out(venue: Venue, tmp_path: Path) -> None:
    """It has written two entries of one number, and is named at both, which go on."""
    shutil.copytree(tmp_path / "a", tmp_path / "twin")
    with Registry(tmp_path / "twin") as twin:
        twin.enrol(CYD, "Cyd")
        venue.at["a"].enrol(ANN, "Ann")
        venue.hear("b", "a")
        venue.at["a"], honest = twin, venue.at["a"]
        venue.hear("c", "a")
        venue.at["a"] = honest
    (why,) = venue.hear("c", "a").refused.values()
    assert "written two of them" in why
    venue.lead("b", 5).enrol(BEN, "Ben")
    taken = venue.hear("c", "b")
    assert taken.refused.keys() == {venue.keys["a"]} and venue.at["c"].key(BEN)


def test_a_host_fills_no_disk(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "CHAIN_MAX", 10)
    for number in range(30):
        venue.at["a"].record("settings set", str(number))
    (why,) = venue.hear("b", "a").refused.values()
    assert "more than 10 entries" in why
    assert len(sql(venue.at["b"], f"SELECT 1 FROM entry WHERE host = '{venue.keys['a']}'")) == 10


# --- checkpoints ---


def compact(registry: Registry, tail: int = 0) -> None:
    """Whatever there is to gain: all that counts is said again, and the rest is dropped."""
    with registry._change():
        for number in range(registry.log.chains.count(registry.log.own) + 2 * tail + 2):
            registry.log.note("settings set", "venue", {"done": 1}, str(number))  # half of it goes
    assert registry.compact(0, tail)


def first(registry: Registry, host: str) -> int:
    return registry.log.chains.first(host)


def test_a_chain_is_compacted_and_says_what_it_said(venue: Venue) -> None:
    """Devices, tombstones, names and keys; to those who follow, and to a host that is new."""
    leads = venue.lead("a", 100)
    for number in range(8):
        leads.enrol(f"{number:016x}", f"n{number}")
        leads.rotate(f"{number:016x}")
    leads.revoke(f"{3:016x}")
    with leads.log.asked_by("ann"):
        leads.revoke(f"{4:016x}")
    venue.hear("b", "a")
    before, count = facts(leads), leads.log.chains.count(venue.keys["a"])
    told = [each.entry.said for each in leads.told() if each.entry.verb == "device revoke"]
    compact(leads, 2)
    assert first(leads, venue.keys["a"]) > count and leads.verify()
    assert leads.log.chains.count(venue.keys["a"]) == 2 + 8 + 2 + 2 + 1  # tail, devices, hosts
    for host in "bc":
        taken = venue.hear(host, "a")
        assert not taken.refused and not taken.lacking
        assert facts(venue.at[host]) == facts(leads) == before
        assert venue.at[host].verify()
        assert first(venue.at[host], venue.keys["a"]) == first(leads, venue.keys["a"])
    shown = [each for each in venue.at["c"].told() if each.entry.verb == "device revoke"]
    assert [each.entry.said for each in shown] == told and shown[-1].texts["who"] == "ann"


def test_the_last_word_about_each_recording_outlives_two_checkpoints(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All holds that stand, and the newest of what ended."""
    monkeypatch.setattr(about_bursts, "ENDED_MAX", 3)
    leads = venue.lead("a", 100)
    said = [(rules.HOLD, 1), (rules.HOLD, 2), (rules.RELEASE, 2), (rules.HOLD, 3)]
    said += [(rules.DELETE, burst) for burst in (10, 11, 12)]
    for verb, burst in said:
        leads.record(verb, "", rules.facts_of(Mark(1, burst)), {"why": "a claim"})
        leads.record(rules.PLAY, "", rules.facts_of(Mark(1, burst)))
    venue.hear("b", "a")
    for _ in range(2):
        compact(leads)
        for host in "bc":
            assert not venue.hear(host, "a").refused
            found = rules.rules_of(venue.at[host].about_venue())
            assert found.held == {Mark(1, 1): True, Mark(1, 3): True}
            assert found.deleted == {Mark(1, each) for _, each in said[4:]}
            assert venue.at[host].verify()
    told = leads.about_venue()
    assert [each.texts["why"] for each in told if each.entry.verb == rules.HOLD] == ["a claim"] * 2
    assert rules.PLAY not in [each.entry.verb for each in told]


def test_who_has_which_badge_outlives_checkpoints(venue: Venue) -> None:
    """And what came back stays back, although another host's word of before is still there."""
    leads = venue.lead("a", 100)
    leads.adopt(ANN, "Ann", bytes(32))
    leads.adopt(BEN, "Ben", bytes(32))
    leads.lend(ANN, "Alder")
    leads.lend(BEN, "Birch", "headset too")
    venue.meet()
    leads = venue.lead("b", 101)
    leads.give_back(ANN)
    venue.meet()
    for turn, host in enumerate("abab"):
        leads = venue.lead(host, 102 + turn)
        compact(leads)
        venue.meet()
        for name, registry in venue.at.items():
            told = [(each.device, each.person, each.note) for each in registry.loans()]
            assert told == [(BEN, "Birch", "headset too")], (host, name)


def test_a_log_stays_bounded_however_much_is_changed(venue: Venue) -> None:
    """By hosts that lead in turn."""
    for turn in range(8):
        leads = venue.lead("ab"[turn % 2], 100 + turn)
        if turn == 0:
            leads.adopt(ANN, "Ann", bytes(32))
        for number in range(12):
            leads.set_groups(ANN, (1 + (turn + number) % 9,))
        leads.compact(20, 3)
        venue.meet()
        venue.agree()
    for registry in venue.at.values():
        for host in venue.keys.values():
            assert registry.log.chains.count(host) < 35


def test_a_host_that_was_away_comes_back_behind_a_checkpoint(venue: Venue) -> None:
    """What it has written meanwhile, alone, counts as it would have."""
    for number, each in enumerate((ANN, BEN, CYD)):
        venue.lead("a", 100).adopt(each, f"b{number}", bytes([number]) * 32)
    venue.meet()
    away = venue.lead("c", 150)
    away.set_groups(ANN, (5,))
    away.revoke(BEN)
    venue.lead("a", 100).rename(CYD, "Cyd")
    for number in range(3):
        venue.lead("a", 200 + number)
        compact(venue.at["a"])
        venue.hear("b", "a")
    venue.meet()
    venue.agree()
    assert venue.at["a"].device(ANN).groups == (5,)  # it had heard what it overruled
    assert venue.at["a"].device(BEN).state == REVOKED and venue.at["a"].device(CYD).name == "Cyd"
    assert venue.at["b"].conflicts() == []


def test_whoever_leads_after_a_checkpoint_goes_on(venue: Venue) -> None:
    venue.lead("a", 100).adopt(ANN, "Ann", bytes(32))
    venue.meet()
    venue.lead("b", 200).set_groups(ANN, (2,))
    venue.meet()
    compact(venue.at["a"])
    venue.hear("b", "a")
    compact(venue.at["b"])
    venue.hear("c", "b")  # a is dead
    venue.lead("c", 300).rename(ANN, "Anna")
    venue.meet()
    venue.agree()
    assert (venue.at["a"].device(ANN).name, venue.at["a"].device(ANN).groups) == ("Anna", (2,))


def other_checkpoint(
    venue: Venue, changed: Callable[[list[Sent]], list[Sent]]
) -> Callable[[list[Sent]], list[Sent]]:
    """What "a" has said again is `changed` by itself, and signed anew."""
    private = identity(venue.folder / "a")

    def spoilt(sent: list[Sent]) -> list[Sent]:
        sent = [each for each in sent if each.signed.entry().host == venue.keys["a"]]
        number, before = sent[0].signed.entry().index, sent[0].signed.entry().before
        out = []
        for each in changed(sent):
            entry = replace(each.signed.entry(), index=number, before=before)
            out.append(Sent(sign(entry, private), each.texts))
            number, before = number + 1, out[-1].signed.hash()
        return out

    return spoilt


def without_revocations(sent: list[Sent]) -> list[Sent]:
    return [each for each in sent if each.signed.entry().verb != "device revoke"]


def without_what_was_heard(sent: list[Sent]) -> list[Sent]:
    return [each for each in sent if each.signed.entry().verb != "registry hear"]


def with_other_groups(sent: list[Sent]) -> list[Sent]:
    def changed(each: Sent) -> Sent:
        entry = each.signed.entry()
        if entry.subject != f"device {CYD}" or "was" not in entry.facts:
            return each
        return Sent(sign(replace(entry, facts={**entry.facts, "groups": (9,)}), PRIVATE[0]),
                    each.texts)  # fmt: skip

    return list(map(changed, sent))


PRIVATE: list = []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (without_revocations, f"leaves out what became of device {ANN}"),
        (without_what_was_heard, "leaves out what became of"),
        (with_other_groups, "says again what entry"),
    ],
)
def test_a_checkpoint_that_changes_what_was_is_refused_and_nothing_is_forgotten(
    venue: Venue, changed: Callable[[list[Sent]], list[Sent]], words: str
) -> None:
    PRIVATE[:] = [identity(venue.folder / "a")]
    venue.lead("b", 50).adopt(BEN, "Ben", bytes(32))
    venue.meet()
    leads = venue.lead("a", 100)
    for number, each in enumerate((ANN, CYD)):
        leads.adopt(each, f"n{number}", bytes([number]) * 32)
    leads.set_groups(BEN, (3,))
    leads.revoke(ANN)
    venue.meet()
    compact(leads)
    b = venue.at["b"]
    before = facts(b)
    (why,) = venue.hear("b", "a", other_checkpoint(venue, changed)).refused.values()
    assert words in why and facts(b) == before and b.verify()
    assert first(b, venue.keys["a"]) == 1


def test_a_disk_that_was_turned_back_behind_its_own_checkpoint_gets_its_log_again(
    venue: Venue, tmp_path: Path
) -> None:
    """Whom it has revoked meanwhile stays revoked."""
    for number, each in enumerate((ANN, BEN)):
        venue.lead("a", 100).adopt(each, f"n{number}", bytes([number]) * 32)
    shutil.copytree(tmp_path / "a", tmp_path / "older")
    venue.at["a"].rename(ANN, "Anna")
    compact(venue.at["a"])
    venue.meet()
    venue.at["a"].close()
    shutil.rmtree(tmp_path / "a")
    (tmp_path / "older").rename(tmp_path / "a")
    venue.at["a"] = Registry(tmp_path / "a")
    venue.at["a"].revoke(BEN)
    taken = venue.hear("a", "b")
    assert taken.regained and not taken.refused
    venue.meet()
    venue.agree()
    assert venue.at["c"].device(ANN).name == "Anna" and venue.at["c"].device(BEN).state == REVOKED


def test_undoing_is_not_misled_by_a_checkpoint(venue: Venue) -> None:
    """What a removed host has said again is as old as it was."""
    evil = venue.lead("a", 100)
    began_s = evil.log.now_s()
    evil.adopt(ANN, "Ann", bytes(32))
    venue.hear("b", "a")
    evil.log._now_s = venue.at["b"].log._now_s = lambda: began_s + 9000
    compact(evil)
    evil.set_groups(ANN, (9,))
    evil.adopt(BEN, "spy", bytes(32))
    venue.hear("b", "a")
    venue.at["b"].remove_host("a")
    venue.at["b"].undo("a", began_s + 5000, is_dry=False)
    assert venue.at["b"].device(ANN).state == ACTIVE and venue.at["b"].device(ANN).groups == (1,)
    assert venue.at["b"].device(BEN).state == REVOKED


# --- disks that were turned back ---


def test_an_end_that_was_cut_off_is_found_and_comes_back(venue: Venue) -> None:
    a = venue.lead("a", 100)
    a.enrol(ANN, "Ann")
    a.revoke(ANN)
    venue.hear("b", "a")
    venue.lead("b", 200).enrol(BEN, "Ben")
    venue.hear("a", "b")
    before = a.verify()
    sql(a, f"DELETE FROM entry WHERE host = '{venue.keys['a']}' AND number > {before.index - 1}")
    with pytest.raises(PresselError, match="its end was cut off"):
        a.verify()
    taken = venue.hear("a", "b")
    assert taken.regained == 1 and a.verify() == before
    venue.hear("b", "a")
    assert facts(a) == facts(venue.at["b"])


@pytest.mark.parametrize("left", [0, 1, 2])
def test_of_another_host_that_was_removed_an_end_that_was_cut_off_is_found(
    venue: Venue, left: int
) -> None:
    """Nobody gives it again: entries of a removed host are not taken. Somebody may have cut off
    what it has done."""
    a = venue.lead("a", 100)
    a.enrol(ANN, "Ann")
    a.enrol(BEN, "Ben")
    venue.hear("b", "a")
    key = venue.keys["a"]
    venue.lead("b", 200).revoke(ANN)  # what it has heard comes before that
    last = venue.at["b"].heads()[key].index
    venue.at["b"].remove_host("a")
    assert venue.at["b"].verify()
    kept = min(left, 1) * (last - left)
    sql(venue.at["b"], f"DELETE FROM entry WHERE host = '{key}' AND number > {kept}")
    words = f"of host {key[:16]}, this host has seen entry {last}, and it ends with entry {kept}: "
    with pytest.raises(PresselError, match=words + "its end was cut off"):
        venue.at["b"].verify()


def test_what_was_written_on_a_disk_that_was_turned_back_is_written_anew(
    venue: Venue, tmp_path: Path
) -> None:
    venue.lead("a", 100).enrol(ANN, "Ann")
    shutil.copytree(tmp_path / "a", tmp_path / "older")
    venue.at["a"].rename(ANN, "Anna")
    venue.at["a"].enrol(BEN, "Ben")
    venue.meet()
    venue.at["a"].close()
    shutil.rmtree(tmp_path / "a")
    (tmp_path / "older").rename(tmp_path / "a")
    venue.at["a"] = Registry(tmp_path / "a")
    venue.at["a"].enrol(CYD, "Cyd")
    taken = venue.hear("a", "b")
    assert taken.regained == 2
    venue.meet()
    venue.agree()
    assert [each.name for each in venue.at["c"].devices(ACTIVE)] == ["Anna", "Ben", "Cyd"]


def test_a_host_that_stopped_before_its_devices_were_written_makes_it_up(venue: Venue) -> None:
    venue.lead("a", 100).enrol(ANN, "Ann")
    venue.hear("b", "a")
    b = venue.at["b"]
    sql(b, "DELETE FROM device")
    assert b.settled().lacking == {ANN}
    keys = venue.at["a"].page({}, [ANN]).keys
    assert not b.take([], keys, lambda term: True).lacking
    assert b.key(ANN) == venue.at["a"].key(ANN) and b.verify()


# --- undoing what a removed host has written ---


def test_what_a_removed_host_has_written_is_undone(
    venue: Venue, capsys: pytest.CaptureFixture[str]
) -> None:
    good = venue.lead("b", 100)
    for number, device in enumerate((ANN, BEN, CYD)):
        good.adopt(device, f"n{number}", bytes([number]) * 32, (1,))
    venue.meet()
    evil = venue.lead("a", 200)
    first = evil.log.now_s()
    evil.set_groups(ANN, (9,))
    evil.rename(ANN, "evil")
    evil.revoke(BEN)
    evil.set_groups(CYD, (9,))
    evil.adopt("0" * 16, "spy", bytes(32))
    venue.meet()
    good.set_groups(CYD, (4,))  # somebody has looked at it since
    with pytest.raises(UsageError, match="remove it first"):
        good.undo("a", first, is_dry=False)
    for name in "bc":
        venue.at[name].remove_host("a")
    before = facts(good)
    words = ("registry", "undo", "--host", "a", "--since", "2020-01-01", "--state",
             str(venue.folder / "b"))  # fmt: skip
    assert cli.main([*words, "--dry-run"]) == 0
    dry, err = capsys.readouterr()
    assert "2 devices would be changed" in err and facts(good) == before
    assert cli.main([*words]) == 0
    assert capsys.readouterr().out == dry
    assert (good.device(ANN).groups, good.device(ANN).name) == ((1,), "n0")
    assert good.device(BEN).state == REVOKED and f"device {BEN}: stays revoked, since" in dry
    assert good.device(CYD).groups == (4,) and good.device("0" * 16).state == REVOKED
    venue.hear("c", "b")
    assert facts(venue.at["c"]) == facts(good) and good.verify() and venue.at["c"].verify()


def test_what_a_removed_host_has_had_done_by_the_leader_is_undone(venue: Venue) -> None:
    """It need not lead: it asks the honest leader in the name of somebody, and that one writes."""
    good = venue.lead("b", 100)
    for number, device in enumerate((ANN, BEN)):
        good.adopt(device, f"n{number}", bytes([number]) * 32, (1,))
    with good.log.asked_by("root at c"):
        good.set_groups(ANN, (2,))
    first = good.log.now_s()
    with good.log.asked_by("Mia at c at a"):  # a lie, but for the last word
        good.set_groups(ANN, (9,))
        good.adopt("0" * 16, "spy", bytes(32))
        good.record("settings set", "talk_ms 90s")
    with good.log.asked_by("root at aa"):
        good.set_groups(BEN, (5,))
    venue.meet()
    for name in "bc":
        venue.at[name].remove_host("a")
    done = good.undo("a", first, is_dry=False)
    assert good.device(ANN).groups == (2,) and good.device(BEN).groups == (5,)
    assert good.device("0" * 16).state == REVOKED
    assert [each.becomes for each in done if each.subject == "venue"] == [
        "not undone: it has done settings set; look at it"
    ]
    venue.hear("c", "b")
    assert facts(venue.at["c"]) == facts(good) and good.verify() and venue.at["c"].verify()
    with pytest.raises(UsageError, match="nothing since then"):
        good.undo("a", first + 3600, is_dry=True)


@pytest.mark.parametrize("host", ["nobody", "b", "0" * 64, ""])
def test_what_cannot_be_undone_is_told_in_a_sentence(venue: Venue, host: str) -> None:
    with pytest.raises(UsageError):
        venue.at["b"].undo(host, 0, is_dry=False)


# --- erasing ---


def test_the_names_of_a_revoked_device_can_be_erased_everywhere(
    venue: Venue, capsys: pytest.CaptureFixture[str]
) -> None:
    leads = venue.lead("a", 100)
    leads.enrol(ANN, "Zaphod")
    leads.rename(ANN, "Zaphod B")
    leads.enrol(BEN, "Ben")
    leads.lend(ANN, "Trillian", "till noon")
    leads.lend(BEN, "Marvin")
    venue.meet()
    leads.record("device lend", f"Zaphod B ({ANN})", facts_of(ANN, 1))  # of an older version
    with pytest.raises(UsageError, match="not revoked"):
        leads.erase(ANN)
    venue.lead("b", 200).revoke(ANN)
    venue.meet()
    assert cli.main(["device", "erase", ANN, "--state", str(venue.folder / "a")]) == 0
    assert "are erased" in capsys.readouterr().err
    venue.meet()
    venue.agree()
    for registry in venue.at.values():
        assert registry.device(ANN).name == "erased" and registry.device(BEN).name == "Ben"
        sql(registry, "PRAGMA wal_checkpoint(TRUNCATE)")
        texts = [each.texts.get("name") for each in registry.told()]
        assert "Zaphod" not in texts and "Ben" in texts
        for erased in (b"Zaphod", b"Trillian", b"till noon"):
            assert erased not in registry.file.read_bytes()
        assert {loan.device: loan.person for loan in registry.loans()}[BEN] == "Marvin"
    leads.erase(ANN)  # once more changes nothing that counts
    venue.meet()
    venue.agree()


# --- what a change of the settings was lies beside its entry ---


def test_values_of_settings_that_somebody_has_taken_away_are_missed(venue: Venue) -> None:
    leads = venue.lead("a", 100)
    leads.record("settings set", "x 5", {"version": 2}, {"now": "5", "was": "4", "why": "z"})

    def bare(sent: list[Sent]) -> list[Sent]:
        return [Sent(each.signed, {}) for each in sent]

    taken = venue.hear("b", "a", bare)
    assert "its now is missing" in repr(taken.altered)
    venue.meet()  # from whoever has it whole
    (told,) = venue.at["b"].about_venue()
    assert told.texts["now"] == "5" and venue.at["b"].verify()
    sql(leads, "DELETE FROM entry_text WHERE name = 'was'")
    with pytest.raises(PresselError, match="its was is missing"):
        leads.verify()
    sql(venue.at["b"], "DELETE FROM entry_text WHERE name IN ('why', 'who')")  # of people
    assert venue.at["b"].verify()
