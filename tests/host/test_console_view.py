"""What the live page asks a person to see to, from what the leader tells: a cause is told once."""

from __future__ import annotations

import asyncio
import itertools
import threading
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tests.host.test_health import burst
from tests.shared.venue import Venue

from pressel.console import host_reader, zones
from pressel.console.host_reader import HostReader, Seen
from pressel.console.view import Live, heard_by, live
from pressel.console.zones import FILE, Zones
from pressel.doctor.finding import Finding
from pressel.errors import PresselError, UsageError
from pressel.health import verdict
from pressel.health.badges import ASKS_MS
from pressel.health.radio import access_points
from pressel.health.relays import relays
from pressel.health.troubles import troubles
from pressel.node.away import AWAY_MS, Away
from pressel.node.badge_state import BadgeState
from pressel.node.leader_state import FloorState, LeaderState, MemberState, MicrophoneState
from pressel.node.node_state import NodeState, PeerState
from pressel.node.snapshot import take_snapshot
from pressel.node.standbys import HEARD_MS
from pressel.node.way_state import RelayState, WayState
from pressel.node.ways import DEAF, STALE, WELL
from pressel.whole_file import write_whole
from ptt.base import clock
from ptt.fanout.plan import share_percent
from ptt.leader.settings_in_force import Settings

NOW_S = 1_000_000.0
NAMES = [f"B{number}" for number in range(8)]


def badge(point: str) -> BadgeState:
    return BadgeState(
        ago_ms=0, signal_dbm=-60, access_point=point, channel=6, battery_percent=80, starts=1,
        restart="", heap_free_bytes=None, stall_ms=0, joins=1, delay_ms=60, round_trip_ms=None,
        unanswered=0,
    )  # fmt: skip


def status_of(points: dict[str, str] | None = None) -> LeaderState:
    """Eight members of one group; `points` has the access point of each."""
    members = [
        MemberState(
            node=number, name=name, device=name, address="", build="", group=1, silent_ms=0,
            table_advice=None, settings_version=1,
            badge=badge(points[name]) if points else None,
        )
        for number, name in enumerate(NAMES)
    ]  # fmt: skip
    return LeaderState(
        term=1, address="", uptime_s=1, members=members, floors=[], voice_in=0, voice_out=0,
        refused={},
    )  # fmt: skip


def verdict_on(lost: dict[str, float], unclear: str = "") -> verdict.VenueHealth:
    bursts = [
        burst(
            n,
            talker,
            {
                name: 0.1 if talker == unclear else lost.get(name, 0.0)
                for name in NAMES
                if name != talker
            },
        )
        for n, talker in enumerate(NAMES)
    ]
    return verdict.judge(bursts, NOW_S)


def page(lost: dict[str, float], points: dict[str, str] | None = None, unclear: str = "") -> Live:
    """The live page of a venue in which all have talked, and each lost such a share; of who is
    `unclear`, everybody loses a tenth."""
    return live(Seen(status=status_of(points), health=verdict_on(lost, unclear)), [], NOW_S)


def test_a_full_channel_is_told_once_and_not_of_each_badge() -> None:
    told = page(dict.fromkeys(NAMES, 0.12))
    (todo,) = told.todo
    assert todo.title == "Nearly everybody hears badly"
    assert "the channel is full or disturbed" in todo.text and todo.text == told.reason


def test_who_talks_is_told_apart_from_others_of_its_name_and_for_how_long_it_has() -> None:
    status = status_of()
    for member in status.members[2:4]:
        member.name = "Twin"
    status.members[5].silent_ms = 60_000
    floor = FloorState(group=1, state="", talker="Twin", node=3, lease=7, queue=[], talks_ms=61_500)
    status.floors = [floor]
    told = live(Seen(status=status, health=verdict_on({})), [], NOW_S)
    (group,) = told.groups
    assert (group.device, group.talks_s) == ("B3", 61)
    assert [each.device for each in told.people if each.now == "talks"] == ["B3"]
    assert (len(told.people), told.gone) == (8, 1)


def test_a_leader_says_for_how_long_somebody_talks() -> None:
    """Whoever opens a page amid a burst sees it, too."""
    venue = registered(Venue(badges=2))
    venue.press("A")
    venue.run(5000)
    (floor,) = take_snapshot(venue.leader, "", 0, venue.now_ms).floors
    assert floor.talker == "A0" and 4900 < (floor.talks_ms or 0) <= 5000
    venue.release("A")
    venue.run(1000)
    (floor,) = take_snapshot(venue.leader, "", 0, venue.now_ms).floors
    assert (floor.talker, floor.talks_ms) == (None, None)


def test_an_access_point_at_which_most_hear_badly_is_named_and_its_badges_are_not() -> None:
    points = {name: "3f:a1" if n < 4 else "77:02" for n, name in enumerate(NAMES)}
    told = page({name: 0.12 for name in NAMES[:3]} | {NAMES[7]: 0.15}, points)
    assert [each.title for each in told.todo] == [
        "Access point 3f:a1 is full or disturbed", "B7 hears badly",
    ]  # fmt: skip


def test_an_access_point_that_holds_back_what_sleepers_are_to_hear_is_not_called_full() -> None:
    points = {name: "3f:a1" if n < 4 else "77:02" for n, name in enumerate(NAMES)}
    health = verdict_on(dict.fromkeys(NAMES[:4], 0.12))
    for name in NAMES[:3]:
        health.badges[name].heard.told, health.badges[name].heard.asleep = 8, 7
    (todo,) = troubles(status_of(points), health, [])
    assert todo.title == "Access point 3f:a1 holds back what is said" and "DTIM" in todo.text


@pytest.mark.parametrize("bad", [1, 2])
def test_one_or_two_are_named_themselves(bad: int) -> None:
    told = page(dict.fromkeys(NAMES[:bad], 0.12), dict.fromkeys(NAMES, "3f:a1"))
    assert [each.title for each in told.todo] == [f"B{n} hears badly" for n in range(bad)]


def test_who_is_heard_badly_is_not_said_to_hear_badly() -> None:
    (todo,) = page({}, unclear="B4").todo
    assert todo.title == "B4 is heard badly" and "all others lose 10 %" in todo.text


def registered(venue: Venue) -> Venue:
    """Everybody is a member, and the registry knows their names."""
    venue.run(3000)
    venue.directory.names = {m.device: m.name for m in venue.leader.members.all()}
    return venue


def test_a_badge_that_went_dark_is_named_as_long_as_somebody_may_look_for_it() -> None:
    """A leader forgets a member after five seconds; the page does not."""
    venue = registered(Venue(badges=2))
    away = Away(lambda: venue.leader, lambda: venue.now_ms)
    seen = Seen(health=verdict.judge((), NOW_S))

    def told() -> tuple[list[str], dict[str, str]]:
        for _ in range(60):
            venue.run(1000)
            away.note()
        seen.status = take_snapshot(venue.leader, "", 0, venue.now_ms)
        seen.status.away = away.states()
        shown = live(seen, [], NOW_S)
        return [each.title for each in shown.todo], {each.name: each.now for each in shown.people}

    assert told() == ([], {"A0": "", "B0": ""})
    venue.badge("B").alive = False
    titles, people = told()
    assert titles == ["B0 cannot be heard"] and people["B0"] == "not heard for 1 min"
    assert told()[1]["B0"] == "not heard for 2 min"
    venue.badge("B").alive = True
    assert told() == ([], {"A0": "", "B0": ""})
    venue.badge("B").alive = False
    told()
    venue.now_ms = clock.add(venue.now_ms, AWAY_MS)
    assert told()[0] == []


@pytest.mark.parametrize(
    ("battery_percent", "is_told"), [(0, True), (5, True), (6, False), (255, False)]
)
def test_a_badge_that_goes_with_an_empty_battery_is_told_of_once(
    battery_percent: int, is_told: bool
) -> None:
    venue, told = registered(Venue(badges=2)), []
    away = Away(lambda: venue.leader, lambda: venue.now_ms, lambda *event: told.append(event))
    for member in venue.leader.members.all():
        member.report = [50, 0, 6, battery_percent, 1, 1, 99, 1, 1, 60, 9, 0]
    away.note()
    venue.badge("B").alive = False
    for _ in range(9):
        venue.run(1000)
        away.note()
    names = [fields["name"] for event, fields in told if event == "badge_empty"]
    assert names == (["B0"] if is_told else [])


@pytest.mark.parametrize(("battery_percent", "is_told"), [(15, False), (40, False), (41, True)])
def test_the_venue_says_what_a_low_battery_is(battery_percent: int, is_told: bool) -> None:
    venue = registered(Venue(badges=2))
    for member, percent in zip(venue.leader.members.all(), (90, 41), strict=True):
        member.report = [50, 0, 6, percent, 1, 1, 99, 1, 1, 60, 9, 0]
    venue.leader.publish(Settings(2, battery_low_percent=battery_percent), venue.now_ms)
    seen = Seen(health=verdict.judge((), NOW_S))
    seen.status = take_snapshot(venue.leader, "", 0, venue.now_ms)
    titles = [each.title for each in live(seen, [], NOW_S).todo]
    assert titles == (["Low battery: B0 (41 %)"] if is_told else [])


def test_a_revoked_badge_is_missed_by_nobody() -> None:
    venue = registered(Venue(badges=2))
    away = Away(lambda: venue.leader, lambda: venue.now_ms)
    away.note()
    venue.directory.names = {}
    venue.badge("B").alive = False
    venue.run(9000)
    away.note()
    assert away.states() == []


def test_the_history_counts_for_whom_a_burst_was_coded_anew() -> None:
    known = burst(1, "A", {"B": 0.0}).model_copy(update={"whole": 1})
    assert heard_by(known) == "heard by all"
    anew = known.model_copy(update={"codec": "Opus", "coded_anew": 1})
    assert heard_by(anew) == "heard by all, coded anew for 1"


def test_a_zone_tells_what_a_talker_takes_of_its_channel() -> None:
    """By the leader's own plan: copies one by one, or one for all."""
    venue = status_of(dict.fromkeys(NAMES, "3f:a1"))
    (point,) = access_points(venue, verdict.judge((), NOW_S))
    assert (point.many, point.alone) == (0, 8)
    assert point.airtime_percent == share_percent(8, 1) == 6
    for member in venue.members[:6]:
        member.way = WayState(is_many=True, why="")
    (point,) = access_points(venue, verdict.judge((), NOW_S))
    assert (point.many, point.alone, point.airtime_percent) == (6, 2, 4 + share_percent(2, 1))
    venue.members[0].badge = None
    apart = access_points(venue, verdict.judge((), NOW_S))
    assert [each.airtime_percent is None for each in apart] == [False, True]


def test_two_who_name_zones_at_once_both_have_their_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one comes while the first one waits for the disk."""
    kept = Zones(tmp_path)
    second = Thread(target=kept.put, args=("3f:a2", "Cellar"))

    def write(file: Path, text: str) -> None:
        if not second.ident:
            second.start()
            second.join(0.2)
        write_whole(file, text)

    monkeypatch.setattr(zones, "write_whole", write)
    kept.put("3f:a1", "Terrace")
    second.join()
    again = Zones(tmp_path)
    assert (again.name("3f:a1"), again.name("3f:a2")) == ("Terrace", "Cellar")


def test_a_zone_that_finds_no_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(file: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zones, "write_whole", write)
    with pytest.raises(UsageError, match="No space left on device"):
        Zones(tmp_path).put("3f:a1", "Terrace")


def test_a_zone_keeps_its_name_and_takes_no_nonsense(tmp_path: Path) -> None:
    named = Zones(tmp_path)
    named.put("3f:a1", " Terrace ")
    assert Zones(tmp_path).name("3f:a1") == "Terrace"
    for label, name in (("terrace", "x"), ("", "x"), ("3f:a1", "x" * 31), ("3f:a1", "\x1b[2J")):
        with pytest.raises(UsageError):
            named.put(label, name)
    named.put("3f:a1", "")
    named.put("77:02", "")
    assert Zones(tmp_path).name("3f:a1") == ""
    (tmp_path / FILE).write_text('{"3f:a1": ["x"], "77:02": "' + "x" * 99 + '"}')
    assert [Zones(tmp_path).name(each) for each in ("3f:a1", "77:02")] == ["", ""]
    (tmp_path / FILE).write_text("rubbish")
    assert Zones(tmp_path).name("3f:a1") == ""


def titles(status: LeaderState | None, *findings: Finding) -> list[str]:
    seen = Seen(status=status, health=verdict.judge((), NOW_S), findings=list(findings))
    return [each.title for each in live(seen, [], NOW_S).todo]


@pytest.mark.parametrize(
    ("told", "why", "what"),
    [
        (
            MicrophoneState(spoken=200, clipped_percent=0, windy_percent=40),
            "Wind at its micro",
            "Wear",
        ),
        (
            MicrophoneState(spoken=200, clipped_percent=30, windy_percent=5),
            "driven too hard",
            "Speak",
        ),
        (MicrophoneState(spoken=200, clipped_percent=3, windy_percent=9), "", ""),
        (
            MicrophoneState(spoken=20, clipped_percent=90, windy_percent=90),
            "",
            "",
        ),  # a shout, a gust
        (
            MicrophoneState(spoken=200, clipped_percent=0, windy_percent=90, silent_s=10),
            "10 s of talk without a sound",
            "Let somebody say a word",
        ),  # it was windy before
        (MicrophoneState(spoken=0, clipped_percent=0, windy_percent=0, silent_s=9), "", ""),
    ],
)
def test_a_microphone_that_spoils_what_is_said_is_named(
    told: MicrophoneState, why: str, what: str
) -> None:
    status = status_of()
    status.members[2].microphone = told
    seen = Seen(status=status, health=verdict.judge((), NOW_S))
    shown = live(seen, [], NOW_S)
    if not why:
        assert not shown.todo
        return
    (todo,) = shown.todo
    title = "Nobody hears what B2 says" if told.silent_s else "B2 is hard to understand"
    assert todo.title == title and why in todo.text and what in todo.text
    (person,) = [each for each in shown.people if each.why]
    assert person.name == "B2" and why in person.why


@pytest.mark.parametrize(("bad", "served"), [(3, 4), (2, 4), (3, 6), (0, 4), (8, 4)])
def test_a_relay_whose_badges_hear_badly_is_named_and_they_are_not(bad: int, served: int) -> None:
    """The access points have others, too, who hear well."""
    status = status_of({name: f"3f:a{n % 4}" for n, name in enumerate(NAMES)})
    status.relays.append(
        RelayState(name="annex", serves=True, listeners=served, load_percent=5, round_trip_ms=2)
    )
    for member in status.members[:served]:
        member.way = WayState(is_many=False, why="", relay="annex")
    health = verdict_on(dict.fromkeys(NAMES[:bad], 0.12))
    (relay,) = relays(status, health)
    assert relay.word == {0: "well", 2: "with gaps"}.get(bad, relay.word) and relay.word
    titles = [each.title for each in troubles(status, health, [])]
    named = ["Badges that relay annex serves hear badly"]
    assert relay.is_troubled == (titles == named) == ((bad, served) == (3, 4))
    if not relay.is_troubled and bad <= served:
        assert titles == [f"{name} hears badly" for name in NAMES[:bad]]


def test_a_relay_that_serves_nobody_is_named() -> None:
    status = status_of()
    for name, serves in (("cellar", False), ("bar", True)):
        status.relays.append(
            RelayState(name=name, serves=serves, listeners=0, load_percent=93, round_trip_ms=61)
        )
    assert titles(status) == ["Relay cellar is slow or busy"]


def test_an_access_point_that_swallows_multicast_is_named() -> None:
    """Of others, one badge is at its edge, and one only waits for a key."""
    points = {name: "3f:a1" if n < 4 else "77:02" for n, name in enumerate(NAMES)}
    status = status_of(points)
    whys = [DEAF.format(n) for n in (0, 0, 3)] + [WELL, DEAF.format(5), STALE, WELL, WELL]
    for member, why in zip(status.members, whys, strict=True):
        member.way = WayState(is_many=why == WELL, why=why, probes=0)
    assert titles(status) == ["Multicast does not arrive at access point 3f:a1"]


def node(**silent_ms: int | None) -> NodeState:
    peers = [
        PeerState(name=name, host="", address=None, silent_ms=ms) for name, ms in silent_ms.items()
    ]
    return NodeState(
        host="", state="follower", term=1, leader=None, quorum=2, badges_address="",
        hosts_address=None, peers=peers, keeps_term=0, elections={}, convergence_ms=None,
        channel={},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cluster", "title", "split"),
    [
        (node(bar=HEARD_MS - 1, annex=0), "", ""),
        (node(bar=HEARD_MS, annex=0), "No sign of host bar", ""),
        (node(bar=9999, annex=None), "No sign of hosts annex, bar", "reaches 1 of 3"),
        (None, "", ""),
    ],
)
def test_hosts_that_do_not_reach_each_other_are_named(
    cluster: NodeState | None, title: str, split: str
) -> None:
    healthy = verdict.judge((), NOW_S)
    led = live(Seen(status=status_of(), health=healthy, cluster=cluster), [], NOW_S)
    assert [each.title for each in led.todo] == ([title] if title else [])
    alone = live(Seen(status=None, why="no leader", cluster=cluster), [], NOW_S)
    assert [each.title for each in alone.todo] == ([title] if title else [])
    assert all(split in each.text and "split" in each.text for each in alone.todo)


def test_what_is_wrong_with_the_host_is_told_with_what_to_do() -> None:
    full = Finding("disk", "fault", "0.1 GB free for /var/lib/pressel", "make room: apt clean")
    fine = Finding("clock", "fine", "2026-05-01 12:00")
    for status in (status_of(), None):  # also where nobody leads
        assert titles(status, fine, full) == ["Something is wrong with this host's disk"]


def test_the_computer_is_looked_at_seldom_however_often_pages_are_renewed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = []

    def refuse(verb: str, **fields: object) -> None:
        raise UsageError("no host")

    reader = HostReader(refuse, examine=lambda: looks.append(1) or [])
    monkeypatch.setattr(host_reader, "FRESH_S", 0.0)

    async def scenario() -> None:
        for _ in range(5):
            await reader.look()

    asyncio.run(scenario())
    assert looks == [1]


def test_a_page_that_is_closed_while_the_host_is_asked_leaves_one_reader() -> None:
    """Two at once changed what the other went through."""
    now: list[int] = [0]
    most: list[int] = [0]
    goes_on = threading.Event()

    def ask(verb: str, **fields: Any) -> Any:
        now[0] += 1
        most[0] = max(most[0], now[0])
        goes_on.wait(10)
        now[0] -= 1
        raise PresselError("it is gone")

    async def scenario() -> None:
        reader = HostReader(ask)
        first = asyncio.ensure_future(reader.look())
        while not now[0]:
            await asyncio.sleep(0)
        first.cancel()
        second = asyncio.ensure_future(reader.look())
        for _ in range(20):
            await asyncio.sleep(0.001)
        goes_on.set()
        assert (await second).number == 1

    asyncio.run(scenario())
    assert most == [1]


def test_what_a_page_reads_is_not_changed_under_it() -> None:
    place = itertools.count(1)

    def ask(verb: str, **fields: Any) -> Any:
        if verb != "bursts":
            raise PresselError("it is gone")
        told = {**burst(1, "Ann", {}).model_dump(), "place": next(place)}
        return {"run": "1", "newest": told["place"], "bursts": [told]}

    reader = HostReader(ask)
    reader._read_bursts()
    read = reader._seen.bursts
    reader._read_bursts()
    assert (len(read), len(reader._seen.bursts), reader._place) == (1, 2, 2)


@pytest.mark.parametrize(
    ("is_strange", "says"), [(False, "asks to come in, and hears no answer"), (True, "is refused")]
)
def test_a_badge_that_asks_in_vain_is_not_called_silent(is_strange: bool, says: str) -> None:
    """Its way here works; it is another cause, and another cure."""
    venue = registered(Venue(badges=2))
    away = Away(lambda: venue.leader, lambda: venue.now_ms)
    (device,) = [m.device for m in venue.leader.members.all() if m.name == b"B0"]
    away.note()
    venue.badge("B").alive = False
    knock = venue.leader.joining.on_knock
    assert knock is not None
    knock(device, is_strange, venue.now_ms)  # it is here: that is no news
    for _ in range(10):
        venue.run(1000)
        away.note()
    assert [each.asked_ms for each in away.states()] == [None]
    knock(device, is_strange, venue.now_ms)
    knock(b"anybody.", is_strange, venue.now_ms)
    seen = Seen(health=verdict.judge((), NOW_S), status=status_of())
    assert seen.status is not None
    seen.status.away = away.states()
    (todo,) = live(seen, [], NOW_S).todo
    assert todo.title.startswith("B0 asks") and says in todo.title
    venue.run(ASKS_MS + 1)
    seen.status.away = away.states()
    assert [each.title for each in live(seen, [], NOW_S).todo] == ["B0 cannot be heard"]
    venue.badge("B").alive = True
    venue.run(3000)
    away.note()
    assert away.states() == [] and not away._asked_ms and not away._strange
