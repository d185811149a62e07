"""What is left of the log of a venue on several hosts behind a checkpoint."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.host.log_venue import ANN, BEN, CYD, Venue, compact, facts

from pressel.ledger.signed import sign
from pressel.recordings import rules
from pressel.recordings.burst_mark import Mark
from pressel.registry import about_bursts
from pressel.registry.device import ACTIVE, REVOKED
from pressel.registry.identity import identity
from pressel.registry.intake import Sent, Taken
from pressel.registry.store import Registry


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


def test_who_asked_is_forgotten_in_time_although_it_was_said_again(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry behind a checkpoint is as old as it was."""
    leads = venue.lead("a", 100)
    leads.adopt(ANN, "Ann", bytes(32))
    with leads.log.asked_by("ann"):
        leads.revoke(ANN)
    asked_s = leads.log.now_s()
    monkeypatch.setattr(leads.log, "_now_s", lambda: asked_s + 1000)
    compact(leads)
    with leads._change():
        assert leads.log.forget_people(asked_s + 1, ()) == 1
    assert leads.verify()


def test_which_board_a_badge_is_outlives_checkpoints(venue: Venue) -> None:
    """And what nobody knows any more stays unknown."""
    leads = venue.lead("a", 100)
    leads.adopt(ANN, "Ann", bytes(32))
    leads.adopt(BEN, "Ben", bytes(32))
    leads.set_board(ANN, "esp32c3-devkit")
    leads.set_board(BEN, "esp32-devkit")
    venue.meet()
    leads = venue.lead("b", 101)
    leads.set_board(ANN, "")
    leads.set_board(BEN, "waveshare-epaper-154")
    venue.meet()
    for turn, host in enumerate("abab"):
        leads = venue.lead(host, 102 + turn)
        compact(leads)
        venue.meet()
        for name, registry in venue.at.items():
            assert registry.boards() == {BEN: "waveshare-epaper-154"}, (host, name)
            registry.verify()


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


def test_what_a_disk_that_was_turned_back_changed_meanwhile_is_gone_as_its_log_says(
    venue: Venue, tmp_path: Path
) -> None:
    """Its older entries are dropped, and with them what it wrote since; the device is another's
    word again, and its key is asked for."""
    venue.lead("a", 100).enrol(ANN, "Ann")
    venue.meet()
    backup = tmp_path / "older"
    venue.at["b"].close()
    shutil.copytree(venue.folder / "b", backup)
    venue.at["b"] = Registry(venue.folder / "b")
    compact(venue.lead("b", 101))
    venue.hear("a", "b")
    venue.at["b"].close()
    shutil.rmtree(venue.folder / "b")
    shutil.copytree(backup, venue.folder / "b")
    turned = venue.at["b"] = Registry(venue.folder / "b")
    venue.lead("b", 101).set_groups(ANN, (1, 7))
    taken = venue.hear("b", "a")
    taken = hear_again(venue, "b", "a", taken)
    assert not taken.lacking and turned.verify()
    assert facts(turned) == facts(venue.at["a"])


def hear_again(venue: Venue, host: str, source: str, lacking: Taken) -> Taken:
    """What was missing beside entries is asked for."""
    here, there = venue.at[host], venue.at[source]
    known = {each: (head.index, head.hash) for each, head in here.heads().items()}
    page = there.page(known | lacking.bare, lacking.lacking)
    return here.take(page.sent, page.keys, lambda term: True, lacking.lacking)


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
