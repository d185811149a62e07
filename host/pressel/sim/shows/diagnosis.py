"""Phase 8: two badges have trouble, and the host's health says which, and why."""

from __future__ import annotations

from collections.abc import Sequence

from pressel.health.rating import WELL
from pressel.health.verdict import VenueHealth
from pressel.health.verdict import judge as health_of
from pressel.node.burst_state import BurstState
from pressel.node.bursts import Bursts
from pressel.sim.world.world import World

from .show import Act, Played, Promise, Show, Tell, talk, unbroken

_BADGES = 8
_FAR, _MUTE = 5, 7  # hears badly; is heard badly
_LOSS_PPM = 120_000  # behind a wall of concrete
_WATCHES_US = 3_000_000  # the leader's engine is there
_LOOKS_US = 15_000_000


class Desk:
    """The host's list of bursts, and what the health room makes of it."""

    def __init__(self, world: World, tell: Tell) -> None:
        self._world = world
        self._tell = tell
        self._bursts = Bursts(self._leader, self._now_s)
        world.loop.at(_WATCHES_US, lambda _: self._bursts.follow(self._leader()))
        world.loop.at(_LOOKS_US, self._look)

    def health(self) -> VenueHealth:
        found, after = [], 0
        while page := self._bursts.page({"after": after})["bursts"]:
            found += [BurstState.model_validate(each) for each in page]
            after = found[-1].place
        return health_of(found, self._now_s())

    def _look(self, _: object) -> None:
        health = self.health()
        self._tell(f"the health of the venue: {health.word}; {health.why}")
        self._world.loop.at(self._world.loop.now_us + _LOOKS_US, self._look)

    def _leader(self):  # type: ignore[no-untyped-def]
        return self._world.nodes[0].leader()

    def _now_s(self) -> float:
        return self._world.loop.now_us / 1_000_000


def judge(played: Sequence[Played]) -> list[Promise]:
    (act,) = played
    badges = act.guest.health().badges.values()
    bad = {each.name: each for each in badges if each.word not in ("", WELL)}
    far, mute = bad.get(f"B{_FAR}"), bad.get(f"B{_MUTE}")
    others = sorted(set(bad) - {f"B{_FAR}", f"B{_MUTE}"})
    return [
        Promise(
            far is not None and not far.is_blamed and "access point" in far.why,
            f"B{_FAR}, which hears badly: {far.why if far else 'nothing is said of it'}",
        ),
        Promise(
            mute is not None and mute.is_blamed,
            f"B{_MUTE}, which is heard badly: {mute.why if mute else 'nothing is said of it'}",
        ),
        Promise(not others, f"badges that are accused and are well: {', '.join(others) or 'none'}"),
        unbroken(played),
    ]


SHOW = Show(
    "diagnosis",
    "8",
    "Which badge has trouble, and why",
    f"Much of what is sent to B{_FAR} is lost, and of what B{_MUTE} sends. The host knows only "
    "what badges report, and names both.",
    (
        Act(
            "A leader and eight badges; two stand behind walls of concrete.",
            participants=_BADGES,
            seconds=48,
            stations=(
                (_FAR, 1, {"loss_ppm": _LOSS_PPM}),
                (_MUTE, 0, {"loss_ppm": _LOSS_PPM}),
            ),
            steps=tuple(talk(5 + 5 * n, 1 + n, 4) for n in range(_BADGES)),
            guest=Desk,
        ),
    ),
    judge,
)
