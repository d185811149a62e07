"""How well people hear each other, and why not, in words; and that it agrees with what is heard."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tests.bench.concealment import losses

from pressel.health import verdict
from pressel.health.rating import BADLY, GAPS, WELL, in_words, mean_opinion, rating
from pressel.node.burst_state import BurstState, HearingState

NOW_S = 1_000_000.0
SCORES = Path(__file__).parent / "data" / "pesq-by-loss.json"


def burst(place: int, talker: str, lost: dict[str, float], frames: int = 200, late: float = 0.0):
    """A burst of `talker`, of which each listener lost a share; `late` of that came too late."""
    hearings = [
        HearingState(
            name=name, device=name, played=frames - round(share * frames),
            concealed=round(share * frames), late=round(late * share * frames),
        )
        for name, share in lost.items()
    ]  # fmt: skip
    return BurstState(
        place=place, burst=place, term=1, group=1, talker=talker, device=talker,
        at=NOW_S - 60, waited_ms=0, lasted_ms=frames * 20, cause="released",
        listeners=len(lost), heard=len(lost), whole=0, hearings=hearings,
    )  # fmt: skip


def rank_correlation(one: list[float], other: list[float]) -> float:
    ranks = [stats.rankdata(each) for each in (one, other)]
    return float(np.corrcoef(*ranks)[0, 1])  # Spearman's is Pearson's of the ranks


def test_it_agrees_with_pesq() -> None:
    """Rank correlation over 25 kinds of loss, and over each of 200 recordings by itself."""
    runs = json.loads(SCORES.read_text("utf-8"))["runs"]
    ratings = [rating(each["frames"] - each["lost"], each["lost"]) or 0.0 for each in runs]
    assert rank_correlation(ratings, [each["pesq"] for each in runs]) >= 0.9
    kinds: dict[tuple[float, float], list[int]] = {}
    for number, each in enumerate(runs):
        kinds.setdefault((each["percent"], each["burst"]), []).append(number)
    assert len(kinds) == 25
    mean_r = [sum(ratings[n] for n in of) / len(of) for of in kinds.values()]
    mean_pesq = [sum(runs[n]["pesq"] for n in of) / len(of) for of in kinds.values()]
    assert rank_correlation(mean_r, mean_pesq) >= 0.97


@pytest.mark.proof
def test_the_scores_are_those_of_this_coder() -> None:
    """The stored scores come again."""
    pytest.importorskip("pesq", reason="no PESQ here: see requirements-pesq.in")
    from tests.bench.concealment import scores

    runs = json.loads(SCORES.read_text("utf-8"))["runs"]
    for percent in (3, 10):
        stored = [e["pesq"] for e in runs if (e["percent"], e["burst"]) == (percent, 1.0)]
        assert scores("fading", percent, 1.0, 2) == pytest.approx(stored, abs=0.01)


def test_more_loss_is_never_better() -> None:
    found = [rating(1000 - lost, lost) or 0 for lost in range(1001)]
    assert found == sorted(found, reverse=True)
    assert found[0] == pytest.approx(52.1, abs=0.1)
    assert 1 <= mean_opinion(found[-1]) < mean_opinion(found[0]) < 4.5
    assert rating(0, 0) is None
    assert [in_words(found[lost]) for lost in (10, 40, 150)] == [WELL, GAPS, BADLY]


def test_a_healthy_hour_raises_no_alarm() -> None:
    """40 badges, 300 bursts, half a percent lost by chance, some of it in bursts of frames."""
    chance = random.Random(1)
    names = [f"b{n}" for n in range(40)]
    bursts = []
    for place in range(300):
        talker = chance.choice(names)
        lost = {}
        for name in names:
            if name != talker:
                gilbert = losses(0.5, chance.choice([1.0, 2.5]), chance)
                lost[name] = sum(next(gilbert) for _ in range(150)) / 150
        bursts.append(burst(place, talker, lost, 150))
    found = verdict.judge(bursts, NOW_S)
    assert {each.word for each in found.badges.values()} == {WELL}
    assert (found.word, found.why) == (WELL, "everybody hears well")


def test_one_that_hears_badly_is_named_with_the_reason() -> None:
    bursts = [burst(n, "Ann", {"Ben": 0.0, "Cleo": 0.01, "Emil": 0.12}) for n in range(5)]
    found = verdict.judge(bursts, NOW_S)
    assert found.badges["Emil"].word == BADLY
    assert "lost on the way" in found.badges["Emil"].why
    assert found.badges["Ben"].word == WELL
    assert found.word == GAPS
    assert found.why.startswith("Emil loses 12 % of what is said")


def test_what_comes_late_has_another_reason() -> None:
    bursts = [burst(n, "Ann", {"Ben": 0.0, "Emil": 0.05}, late=0.9) for n in range(5)]
    assert "too late" in verdict.judge(bursts, NOW_S).badges["Emil"].why


def held_back(name: str, lost: float, delay_ms: int | None, trip_ms: int | None) -> HearingState:
    """What comes in bunches finds no room, so that almost nothing of what is lost is late."""
    concealed = round(200 * lost)
    return HearingState(
        name=name, device=name, played=200 - concealed, concealed=concealed, late=1,
        delay_ms=delay_ms, trip_ms=trip_ms,
    )  # fmt: skip


def _of_ann(*hearings: HearingState) -> list[BurstState]:
    """Three bursts; in the first nobody has told anything of its path."""
    bursts = [burst(n, "Ann", {}) for n in range(3)]
    bursts[0].hearings = [replace(each, delay_ms=None, trip_ms=None) for each in hearings]
    for each in bursts[1:]:
        each.hearings = list(hearings)
    return bursts


@pytest.mark.parametrize(
    ("delay_ms", "trip_ms", "cause"),
    [
        (330, 20, "sleeps between two beacons"),  # as measured over a tap that holds back 307 ms
        (330, 160, "lost on the way"),  # its answers wait, too: that is a queue
        (110, 5, "lost on the way"),
        (330, None, "lost on the way"),
        (None, 5, "lost on the way"),
    ],
)
def test_one_that_sleeps_is_not_said_to_be_too_far(
    delay_ms: int | None, trip_ms: int | None, cause: str
) -> None:
    others = [held_back(name, 0.0, 60, 5) for name in ("Cleo", "Emil")]
    found = verdict.judge(_of_ann(held_back("Ben", 0.4, delay_ms, trip_ms), *others), NOW_S)
    assert cause in found.badges["Ben"].why and cause in found.why
    assert found.badges["Ben"].is_asleep == (cause.startswith("sleeps"))


def test_phones_that_all_sleep_are_not_a_full_channel() -> None:
    """One of them has its trip from a busy moment."""
    trips = {"Ben": 20, "Cleo": 19, "Emil": 240, "Dora": 5}
    asleep = [held_back(name, 0.3, 330, trip) for name, trip in trips.items()]
    found = verdict.judge(_of_ann(*asleep), NOW_S)
    assert "nearly everybody" in found.why and "sleep between two beacons" in found.why
    assert "channel" not in found.why
    full = _everybody_talks(0.3)
    for each in full:
        each.hearings = [held_back(h.name, 0.3, 330, 180) for h in each.hearings]
    assert verdict.judge(full, NOW_S).shared == "the channel is full or disturbed"


def test_a_talker_whose_packets_come_in_bunches_puts_nobody_to_sleep() -> None:
    """All play late because of it, and hear the others well."""
    bad = _of_ann(*(held_back(name, 0.3, 330, 5) for name in ("Ben", "Cleo", "Emil")))
    good = [burst(n, "Ben", {"Ann": 0.0, "Cleo": 0.0, "Emil": 0.0}) for n in range(4, 8)]
    for each in good:
        each.hearings = [held_back(h.name, 0.0, 330, 5) for h in each.hearings]
    found = verdict.judge(bad + good, NOW_S)
    assert found.badges["Ann"].is_blamed and "its own way" in found.why
    assert not any(each.is_asleep for each in found.badges.values())


def test_a_talker_whom_all_hear_badly_is_to_blame_and_nobody_else() -> None:
    bad = [burst(n, "Ann", {"Ben": 0.1, "Cleo": 0.12, "Emil": 0.11}) for n in range(4)]
    good = [burst(n, "Ben", {"Ann": 0.0, "Cleo": 0.0, "Emil": 0.0}) for n in range(4, 8)]
    found = verdict.judge(bad + good, NOW_S)
    assert found.badges["Ann"].word == BADLY
    assert "all others lose 11 % of what Ann says" in found.badges["Ann"].why
    assert [found.badges[name].word for name in ("Cleo", "Emil")] == [WELL, WELL]


NAMES = ("Ann", "Ben", "Cleo", "Emil")


def _everybody_talks(lost: float, late: float = 0.0, of: dict[str, float] | None = None):
    """Two bursts of each; `of` some talkers another share is lost."""
    return [
        burst(n, talker, dict.fromkeys(others, (of or {}).get(talker, lost)), late=late)
        for n, talker in enumerate(NAMES * 2)
        if (others := [name for name in NAMES if name != talker])
    ]


def test_what_nearly_everybody_has_is_nobody_s_own_trouble() -> None:
    found = verdict.judge(_everybody_talks(0.045), NOW_S)
    assert (found.word, found.why) == (
        GAPS, "nearly everybody loses 4.5 % of what is said: the channel is full or disturbed",
    )  # fmt: skip
    assert {each.why for each in found.badges.values()} == {
        "loses 4.5 % of what is said, as nearly everybody does: the channel is full or disturbed"
    }
    assert "too late" in verdict.judge(_everybody_talks(0.045, late=0.8), NOW_S).why


def test_a_talker_of_whom_more_is_lost_than_of_others_is_named_beside_it() -> None:
    found = verdict.judge(_everybody_talks(0.045, of={"Ann": 0.2}), NOW_S)
    assert "all others lose 20 % of what Ann says" in found.badges["Ann"].why
    assert found.why.startswith("nearly everybody loses 4.5 %")
    assert "as nearly everybody does" in found.badges["Ben"].why


def test_two_who_hear_badly_share_nothing_yet() -> None:
    found = verdict.judge([burst(n, "Ann", {"Ben": 0.05, "Emil": 0.0}) for n in range(5)], NOW_S)
    assert found.why.startswith("Ben loses 5.0 %")


def test_too_little_is_not_judged_and_the_past_is_forgotten() -> None:
    short = [burst(1, "Ann", {"Ben": 0.5}, frames=50)]
    assert verdict.judge(short, NOW_S).badges["Ben"].word == ""
    old = [burst(1, "Ann", {"Ben": 0.5})]
    assert verdict.judge(old, NOW_S + verdict.WINDOW_S).word == ""
