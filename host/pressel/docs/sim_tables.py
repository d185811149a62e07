"""The simulator's scenarios, network profiles and checkers as Markdown tables."""

from __future__ import annotations

import sys

from pressel.sim.profiles import Hop, Profile, Wifi, load_profile, profile_names
from pressel.sim.scenarios import Scenario, load_scenario, scenario_names
from pressel.sim.shows.all import SHOWS
from pressel.sim.swarm.kinds import KINDS
from pressel.sim.world.checkers import CHECKERS

_TABLES = ("churn", "roam", "leader", "partition", "machine")


def scenarios(_: str) -> str:
    """One row a scenario, in alphabetical order."""
    rows = ["| scenario | what for | seconds | who talks | faults |", "|---|---|---|---|---|"]
    for name in scenario_names():
        scenario = load_scenario(name)
        cells = (f"`{name}`", scenario.why, str(scenario.duration_s), _speech(scenario))
        faults = [table for table in _TABLES if getattr(scenario, table)]
        rows.append(_row(*cells, ", ".join(faults) or "none"))
    return "\n".join(rows)


def demos(_: str) -> str:
    """One row a demo, in the order of phases."""
    rows = ["| phase | demo | what it shows |", "|---|---|---|"]
    for name, show in SHOWS.items():
        rows.append(_row(show.phases, f"`{name}`", f"{show.title}. {show.look}"))
    return "\n".join(rows)


def profiles(_: str) -> str:
    """One row a profile, in alphabetical order."""
    rows = ["| profile | what for | the air |", "|---|---|---|"]
    for name in profile_names():
        profile = load_profile(name)
        rows.append(_row(f"`{name}`", profile.why, _air(profile)))
    return "\n".join(rows)


def checkers(_: str) -> str:
    """One row a checker: the first sentence of its module says what must be true."""
    rows = ["| checker | of | what must be true |", "|---|---|---|"]
    for checker in CHECKERS:
        words = (sys.modules[checker.__module__].__doc__ or "").strip()
        name = checker.__module__.rpartition(".")[2]
        of = ", ".join(checker.protocols)
        rows.append(_row(f"`{name}`", of, words.split("\n\n")[0].replace("\n", " ")))
    return "\n".join(rows)


def kinds(_: str) -> str:
    """One row a kind of fault, in the order of the swarm's report."""
    rows = ["| kind | what happens | the planted bug that it reveals |", "|---|---|---|"]
    for name, kind in KINDS.items():
        rows.append(_row(name, kind.words, kind.reveals or "others bring it about"))
    return "\n".join(rows)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _speech(scenario: Scenario) -> str:
    speech = scenario.speech
    if speech is None:
        return "nobody"
    words = {
        "one": "one, once",
        "turns": "one after the other",
        "together": "all in the same instant",
        "random": f"{speech.talkers_percent} % at random",
    }[speech.pattern]
    low, high = (each / 1000 for each in speech.hold_ms)
    return f"{words}, {low:g} s" if low == high else f"{words}, {low:g} to {high:g} s"


def _air(profile: Profile) -> str:
    words = _wifi(profile.wifi) if profile.wifi else _hop(profile.hop or Hop(delay_ms=(0, 0)))
    if profile.roam:
        low, high = profile.roam.silent_ms
        words += (
            f"; {profile.roam.per_minute_percent} % roam each minute, {low} to {high} ms silent"
        )
    return words


def _hop(hop: Hop) -> str:
    """A hop's facts in words, without those that are 0."""
    low, high = hop.delay_ms
    words = [f"{low} ms a hop" if low == high else f"{low} to {high} ms a hop"]
    if hop.loss_percent:
        words.append(f"{hop.loss_percent:g} % lost alone")
    if hop.burst_loss:
        share, mean = hop.burst_loss.share_percent, hop.burst_loss.mean_ms
        words.append(f"{share:g} % in bursts of {mean} ms")
    if hop.spike:
        words.append(f"spikes to {hop.spike.up_to_ms} ms")
    if hop.reorder_percent:
        words.append(f"{hop.reorder_percent:g} % may overtake")
    if hop.duplicate_percent:
        words.append(f"{hop.duplicate_percent:g} % twice")
    if hop.bandwidth:
        words.append(f"{hop.bandwidth.kbit_per_s} kbit/s")
    return ", ".join(words)


def _wifi(wifi: Wifi) -> str:
    count = wifi.access_points
    words = [f"802.11{wifi.phy}, {count} access point{'' if count == 1 else 's'}"]
    low, high = wifi.signal_dbm
    words.append(f"{low} to {high} dBm")
    if wifi.interference_percent:
        words.append(f"{wifi.interference_percent:g} % of attempts spoiled")
    if wifi.sleeping_percent:
        words.append(f"{wifi.sleeping_percent} % of stations asleep")
        words.append(f"beacons every {wifi.beacon_interval_ms:g} ms")
    return ", ".join(words)
