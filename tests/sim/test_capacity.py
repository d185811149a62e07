"""The report of phase 4: how many can listen, and what an access point's channel costs then."""

from __future__ import annotations

import pytest
from tests.sim.facts import spec

from pressel.sim.report import capacity, capacity_records
from pressel.sim.report.__main__ import CAPACITY_RECORDS, capacity_stale
from pressel.sim.report.capacity_matrix import UNICAST, Cell
from pressel.sim.world.air.wifi_air import WifiAir
from pressel.sim.world.kpis.traffic import Traffic
from pressel.sim.world.run import run
from pressel.sim.world.world import World
from ptt.base.prng import Prng


def test_the_committed_report_is_what_its_records_give() -> None:
    assert capacity_stale(makes_runs=False) == []


@pytest.mark.proof
def test_small_runs_that_are_made_now_still_show_what_it_says() -> None:
    assert capacity_stale() == []


@pytest.mark.parametrize("lost, p95", [(0.011, 200), (0.0, 351), (None, None)])
def test_a_design_that_is_deaf_or_late_works_no_more(lost: float, p95: float) -> None:
    assert capacity_records.works({"lost": 0.01, "p95": 350})
    assert not capacity_records.works({"lost": lost, "p95": p95})


def _line(text: str) -> str:
    return text.replace("\n", " ")


def test_where_a_design_ends_and_what_checkers_found_is_said() -> None:
    budget, records = capacity_records.read_records(CAPACITY_RECORDS)
    for each in records:
        each.update(violations=[], lost=0.0, p95=100.0, talking=9.0, rest=1.0)
    good = capacity.text(budget, records)
    assert (
        "unicast works with 10, 25, 50, 100, 150, 250; multicast" in _line(good)
        and "**no**" not in good
    )
    (broken,) = [each for each in records if Cell(**each["cell"]) == Cell(UNICAST, 50)]
    broken.update(lost=0.02, violations=["one voice: two at once"])
    text = capacity.text(budget, records)
    assert (
        "unicast works with 10, 25, 100, 150, 250, not with 50;" in _line(text)
        and "**violations: 1**" in text
    )


def test_the_share_while_somebody_talks_leaves_silence_out() -> None:
    facts = Cell(UNICAST, 6).spec()
    kpis = run(facts)["kpis"]
    assert kpis["airtime_talking_percent"] > 2 * kpis["airtime_percent"] > 0


def test_without_speech_there_is_no_such_share() -> None:
    world = World(spec(2))
    assert Traffic(world).figures()["airtime_talking_percent"] is None


@pytest.mark.parametrize("dtim, least_us, most_us", [(0, 0, 20_000), (1, 82_400, 102_400)])
def test_a_telephone_asleep_holds_multicast_until_the_beacon(
    dtim: int, least_us: int, most_us: int
) -> None:
    air = WifiAir(Cell(dtim=dtim).spec()["profile"], 2, Prng(1))
    ((_, due_us, _),) = air.multicast(20_000, 400, [1])
    assert least_us <= due_us - 20_000 <= most_us
