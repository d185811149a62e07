"""The log of a venue on several hosts: each verifies what the others have written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.host.log_venue import ANN, BEN, CYD, TERM_MAX, Venue, sql

from pressel.ledger import entry as ledger
from pressel.ledger import text
from pressel.ledger.entry import INDEX_MAX
from pressel.ledger.signed import Signed, sign
from pressel.registry import intake
from pressel.registry.backup import back_up, try_out
from pressel.registry.device import ACTIVE, EPOCH_MAX, KEY_BYTES, REVOKED
from pressel.registry.identity import identity
from pressel.registry.intake import Sent
from pressel.registry.standing import HEAR
from pressel.registry.store import Registry

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
        venue.at["b"]._devices.update(ANN, what, (sealed, EPOCH_MAX), ACTIVE)
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
