"""Features that a setting switches: each is run, off and on, with badges of today and of another
version; and off, what is on the wire is what a build without it sends, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.host.compatibility import MixedVenue
from tests.host.other_build import NEWER, NOW, load_build, table_of
from tests.shared.fixed_roster import FixedRoster
from tests.shared.venue import Venue
from tests.sim.facts import spec

import ptt.leader.groups
import ptt.leader.leader
import ptt.leader.publisher
import ptt.leader.voice_path
from pressel.schema.settings import flags, short
from pressel.sim.world.run import run
from ptt.base import events
from ptt.base.clock import NEVER
from ptt.leader.coding import Coding
from ptt.leader.floor import arbitrator
from ptt.leader.roster import ENTITLED_EMERGENCY, Grants
from ptt.leader.settings_in_force import Settings
from ptt.wire import messages

TELL = "features.tell_settings"
ROWS = [(name, value) for name, row in flags().items() for value in (row.off, row.on)]
BUSY = {
    "pattern": "random",
    "talkers_percent": 60,
    "hold_ms_min": 600,
    "hold_ms_max": 2500,
    "gap_ms_min": 800,
    "gap_ms_max": 3000,
    "emergency_percent": 20,
}


def settings(name: str, value: int | None, version: int = 1) -> Settings:
    return Settings(version, **{short(name): value})  # pyright: ignore[reportArgumentType]


# --- each row ---


@pytest.mark.parametrize(("name", "value"), ROWS)
def test_a_venue_keeps_its_promises(name: str, value: int) -> None:
    wanted = {short(name): value}
    result = run(spec(6, settings=wanted, duration_s=10, speech=BUSY))
    assert result["violations"] == []
    assert result["kpis"], "nothing was measured"


@pytest.mark.parametrize(("name", "value"), ROWS)
def test_badges_of_two_versions_hear_each_other(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: int
) -> None:
    """The talker is of another version than its listeners, and then they are."""
    venue = MixedVenue(NOW, other(tmp_path_factory.getbasetemp()))
    venue.run(2000)
    venue.leader.publish(settings(name, value, 2), venue.now_ms)
    venue.collect_leader()
    venue.run(1000)
    a, b = venue.badge("A"), venue.badge("B")
    assert a.engine.settings.version == (1 if name == TELL and not value else 2)
    for talker, listener in ((a, b), (b, a)):
        lease, frames = venue.burst("A" if talker is a else "B")
        assert frames > 25 and listener.heard_of(lease) == list(range(frames))


def other(folder: Path) -> Any:
    place = folder / "flags"
    place.mkdir(exist_ok=True)
    return load_build(table_of(NEWER), place)


# --- off is as if it were not there ---


class Taped(Venue):
    """Remembers every datagram."""

    tape: list[tuple[int, Any, Any, bytes]]

    def send(self, data: Any, source: Any, destination: Any) -> None:
        self.__dict__.setdefault("tape", []).append((self.now_ms, source, destination, bytes(data)))
        super().send(data, source, destination)


def session(given: Settings, can_hear_multicast: bool = False) -> list[Any]:
    """Four badges that may call an emergency: bursts, who waits, an emergency. Nobody calls anybody
    alone."""
    entitled = FixedRoster({}, Grants((1,), ENTITLED_EMERGENCY))
    venue = Taped(badges=4, seed=5, roster=entitled, hears_multicast=can_hear_multicast)
    if not given.tell_settings:  # what was told before cannot be unsaid
        venue.leader.adopt(Settings(1, tell_settings=0))
    venue.run(2500)
    venue.leader.publish(given, venue.now_ms)
    venue.collect_leader()
    venue.run(2000)
    for name in "AB":
        venue.press(name)
        venue.run(500)
    venue.badge("C").engine.press(venue.now_ms, messages.LANE_EMERGENCY)
    venue.run(800)
    for name in "CAB":
        venue.release(name)
        venue.run(700)
    venue.run(3000)
    assert venue.badge("D").all(events.HEARD), "nobody was heard"
    return venue.tape


class NoMulticast:
    """In a build that cannot."""

    def __init__(self, output: Any, random: Any) -> None:
        self.ears = self
        self.address_of = None

    def obey(self, group: int) -> None:
        pass

    forget = drop = on_heard = lambda self, *given: None
    begin = handle_timeout = lambda self, *given: None

    def served(self, group: int, lease: int) -> tuple[int, ...]:
        return ()

    def send(self, data: Any, now_ms: int) -> tuple[int, ...]:
        return ()

    def next_timeout_ms(self) -> int:
        return NEVER


class NoRelays:
    """Passes on what the leader sends itself."""

    def __init__(self, term: int, members: Any, outbound: Any, *given: Any) -> None:
        self.queue_copies = outbound.queue_copies
        self.on_report: Any = None  # of a listener of a relay: there is none
        self.hosts: dict[bytes, Any] = {}

    obey = forget = drop = begin = keep = handle_timeout = lambda self, *given: None

    def next_timeout_ms(self) -> int:
        return NEVER


def without_multicast(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ptt.leader.voice_path, "Multicast", NoMulticast)


def without_relays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ptt.leader.leader, "Relays", NoRelays)


def without_preemption(patch: pytest.MonkeyPatch) -> None:
    """An emergency is a press as any other, in its lane."""
    rules = tuple(rule for rule in arbitrator.RULES if rule[3] != "preempt")
    patch.setattr(arbitrator, "_RULES", arbitrator.compile_rules(rules))
    patch.setattr(arbitrator, "EMERGENCY", arbitrator.REQUEST_OTHER)


def without_pauses(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ptt.leader.groups, "may_rest", lambda *given: False)


def without_codecs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Coding, "wanted", lambda *given: messages.CODEC_IMA_ADPCM)


def without_settings(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ptt.leader.publisher.Publisher, "handle_timeout", lambda *given: None)


def without_it(patch: pytest.MonkeyPatch) -> None:
    """Nothing of it is in a leader: a host listens to what engines tell, or nobody calls."""


WITHOUT: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "floor.preemption": without_preemption,
    "calls.private_calls": without_it,
    "relay.multicast_group": without_multicast,
    "relay.own_listeners": without_relays,
    "recording.kept_min": without_it,
    "audio.leave_out_pauses": without_pauses,
    "joining.old_apps": without_it,
    TELL: without_settings,
    "audio.codec": without_codecs,
}


def test_the_session_shows_what_can_be_heard_in_it() -> None:
    for name in ("floor.preemption", "relay.multicast_group", TELL):
        row = flags()[name]
        told = [session(settings(name, value, 2), True) for value in (row.off, row.on)]
        assert told[0] != told[1], name


@pytest.mark.parametrize("name", flags())
def test_off_is_what_a_build_without_it_sends(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """That build does not know what the setting asks for."""
    row = flags()[name]
    off = session(settings(name, row.off, 2))
    WITHOUT[name](monkeypatch)
    assert session(settings(name, row.on, 2)) == off
