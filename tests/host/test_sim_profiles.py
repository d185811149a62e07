"""Network profiles: what ships is what was promised, and what is wrong is refused in words."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from pressel.errors import UsageError
from pressel.sim.profiles import load_profile, profile_names, read_profile
from pressel.sim.targets import all_targets
from pressel.sim.world.air.path import Path as Hop
from ptt.base.prng import Prng

GOOD = 'why = "a test"\n[hop]\ndelay_ms = [5, 20]\n'


def written(folder: Path, text: str, name: str = "mine.toml") -> Path:
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def files() -> list[tuple[str, str]]:
    """(name, text) of all data files of the simulator."""
    root = resources.files("pressel.sim")
    found = [file for kind in ("profiles", "scenarios") for file in root.joinpath(kind).iterdir()]
    return [(file.name, file.read_text("utf-8")) for file in found if file.name.endswith(".toml")]


def test_the_promised_profiles_are_there() -> None:
    assert {"clean", "busy", "stress", "dtim", "roam", "airtime"} <= set(profile_names())
    for target in all_targets():
        assert set(target.profiles) <= set(profile_names())


@pytest.mark.parametrize("name", profile_names())
def test_a_run_gets_whole_numbers(name: str) -> None:
    def leaves(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [leaf for each in value.values() for leaf in leaves(each)]
        return [value]

    facts = load_profile(name).resolved()
    assert facts["name"] == name
    assert all(each is None or type(each) in (int, str) for each in leaves(facts))


def test_delays_and_losses_are_those_that_the_targets_name() -> None:
    clean, busy = load_profile("clean").resolved(), load_profile("busy").resolved()
    assert (clean["path"]["delay_min_us"], clean["path"]["delay_max_us"]) == (5_000, 20_000)
    assert clean["path"]["loss_ppm"] < 10_000
    assert (busy["path"]["delay_min_us"], busy["path"]["delay_max_us"]) == (20_000, 80_000)
    assert load_profile("stress").resolved()["path"]["spike_us"] == 200_000
    roam = load_profile("roam").resolved()["roam"]
    assert (roam["silent_ms_min"], roam["silent_ms_max"]) == (300, 1500)
    dtim = load_profile("dtim").resolved()
    assert (dtim["air"], dtim["wifi"]["beacon_interval_us"]) == ("wifi", 102_400)
    assert dtim["wifi"]["sleeping_percent"] > 0
    assert load_profile("airtime").resolved()["path"] is None


@pytest.mark.parametrize(("name", "least", "most"), [("busy", 1.0, 3.0), ("stress", 3.0, 5.0)])
def test_voice_loses_what_the_profile_says(name: str, least: float, most: float) -> None:
    hop = Hop(load_profile(name).resolved()["path"], Prng(7))
    packets = 200_000
    lost = sum(hop.transit(n * 20_000, 200)[0] < 0 for n in range(packets))
    assert least <= 100 * lost / packets <= most


@pytest.mark.parametrize(("name", "text"), files())
def test_each_number_has_its_reason(name: str, text: str) -> None:
    before = ""
    for line in text.splitlines():
        key, equals, value = line.partition(" = ")
        if equals and key != "why" and any(character.isdigit() for character in value):
            assert "#" in line or before.startswith("#"), f"{name}: {line}"
        before = line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "why: must be given"),
        ('why = "x"\n', "either a [hop] or a [wifi]"),
        (GOOD + "[wifi]\n", "either a [hop] or a [wifi]"),
        ('why = "x"\n[hop]\ndelay_ms = [20, 5]\n', "hop.delay_ms: the first must not be above"),
        ('why = "x"\n[hop]\ndelay_ms = 5\n', "hop.delay_ms: must be two numbers"),
        ('why = "x"\n[hop]\ndelay_ms = [5]\n', "hop.delay_ms.1: must be"),
        (GOOD + "loss_percent = 101\n", "hop.loss_percent: should be less than or equal to 100"),
        (GOOD + "loss = 1\n", "hop.loss: no such key; there are delay_ms, loss_percent"),
        (GOOD + "jitter = 1\n[more]\n", "more: no such key; there are why, hop, wifi, roam"),
        (GOOD + "spike = { per_1000 = 3 }\n", "hop.spike.up_to_ms: must be given"),
        (GOOD + 'loss_percent = "many"\n', "hop.loss_percent: should be a valid number"),
        (GOOD + "loss_percent = 99\nburst_loss = { share_percent = 90, mean_ms = 20 }\n", "every"),
        ('why = "x"\n[wifi]\nphy = "z"\n', "'b-long', 'b-short', 'g' or 'n', not 'z'"),
        ('why = "x"\n[wifi]\nsignal_dbm = [-40, -70]\n', "the weaker first"),
        ('why = "x"\n[wifi]\nrate_kbps = 17\n', "wifi: rate_kbps must be a rate of n: 0 or one of"),
        ('name = "y"\n' + GOOD, "the file's own name is the name"),
        ("why = [\n", "is not TOML"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        read_profile(file)
    assert words in str(refused.value)
    assert str(refused.value).startswith(str(file))
    assert "\n" not in str(refused.value)


def test_a_profile_of_ones_own_is_taken_by_its_path(tmp_path: Path) -> None:
    profile = load_profile(str(written(tmp_path, GOOD)))
    assert profile.resolved()["name"] == "mine"


def test_a_name_that_is_none_lists_those_that_are() -> None:
    with pytest.raises(
        UsageError, match="no network profile is called 'cleen'; did you mean 'clean'"
    ):
        load_profile("cleen")
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        load_profile("nowhere/mine.toml")
    with pytest.raises(UsageError, match="no network profile is called"):
        load_profile("../profiles/clean")
