"""What is taken out of the log of a venue on several hosts again: undone, and erased."""

from __future__ import annotations

import pytest
from tests.host.log_venue import ANN, BEN, CYD, Venue, facts, sql

from pressel import cli
from pressel.errors import PresselError, UsageError
from pressel.registry.about_loans import facts_of
from pressel.registry.device import REVOKED
from pressel.registry.intake import Sent

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


def test_a_revocation_that_a_removed_host_has_said_is_said_again(venue: Venue) -> None:
    """Host "c" has removed "b" before it heard of it, and misses the key of a device that "a" has
    forgotten."""
    venue.lead("a", 100).enrol(ANN, "Ann")
    venue.meet()
    venue.lead("a", 100).set_groups(ANN, (1, 7))
    venue.lead("b", 101).revoke(ANN)
    venue.hear("a", "b")
    venue.at["c"].remove_host("b")
    venue.hear("c", "a")
    with pytest.raises(PresselError, match="not what the log says"):
        venue.at["c"].verify()
    venue.lead("a", 102).revoke(ANN)
    assert not venue.hear("c", "a").lacking
    assert venue.at["c"].device(ANN).state == REVOKED and venue.at["c"].verify()
    last = venue.at["a"].log.last()
    venue.at["a"].revoke(ANN)
    assert venue.at["a"].log.last() == last, "it is said once"
