"""The log of a venue on several hosts: all become the same, whatever order they hear it in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.host.log_venue import ANN, BEN, CYD, Venue, facts, sql

from pressel import cli
from pressel.errors import PresselError
from pressel.registry.device import ACTIVE, REVOKED, Entitlements
from pressel.registry.store import Registry

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


def test_what_was_heard_of_others_is_said_once(venue: Venue) -> None:
    """Else each change would be two for as long as the venue lives."""
    for number in range(3):
        venue.lead("b", 100 + number).enrol(f"{number:016x}", f"n{number}")
        venue.hear("a", "b")
        venue.lead("a", 100 + number).record("settings set", "scan_ms 5")
    count = venue.at["a"].log.last()
    venue.at["a"].record("settings set", "scan_ms 6")
    assert venue.at["a"].log.last() == count + 1


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
