"""For each kind of fault of the swarm an engine bug that only this kind brings to light.

Each lasts as long as a `with`. An engine that has met what it cannot take goes deaf: it refuses
whatever comes. Nothing is heard of that until the faults are over, and not everybody can talk.
`harmless` plants all at once, and only notes which of them would have struck.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.sim.mutants import replaced

from ptt.badge.join import JOINED, Join
from ptt.badge.participant import Participant
from ptt.base.clock import NEVER, age, since
from ptt.base.numbers import FRAME_MS
from ptt.cluster.election import Election
from ptt.host import Host
from ptt.leader.joining import Joining
from ptt.leader.leader import Leader
from ptt.wire import envelope, messages, refusal, voice

BUGS: dict[str, Callable[[], Any]] = {}  # by kind of fault
_noted: set[str] | None = None  # while `harmless`: kinds whose bug would have struck

_HALF_MS = 1 << 29  # of a clock's period
_DAMAGED = (refusal.CRC, refusal.TAG, refusal.LENGTH, refusal.RANGE, refusal.VERSION)


class Bug:
    """One of them, while it is planted: what it remembers of each engine, whether it strikes."""

    kind = ""  # whose bug is being planted

    def __init__(self) -> None:
        self._kind = Bug.kind

    def memory(self, engine: Any) -> dict[str, Any]:
        return vars(engine).setdefault("planted " + self._kind, {})

    def strikes(self, is_met: bool) -> bool:
        """`is_met`: an engine has met what it cannot take."""
        if is_met and _noted is not None:
            _noted.add(self._kind)
            return False
        return is_met


def of(kind: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """The bug that `kind` reveals."""

    def note(bug: Callable[[], Any]) -> Callable[[], Any]:
        @functools.wraps(bug)
        def plant() -> Any:
            Bug.kind = kind
            return bug()

        BUGS[kind] = plant
        return plant

    return note


@contextlib.contextmanager
def harmless() -> Iterator[set[str]]:
    """All bugs at once, without harm: the kinds whose bug would have struck."""
    global _noted
    with contextlib.ExitStack() as stack:
        for bug in BUGS.values():
            stack.enter_context(bug())
        _noted = set()
        try:
            yield _noted
        finally:
            _noted = None


@dataclass
class Came:
    """One datagram, and how its receiver stood before it came."""

    data: Any
    source: Any
    now_ms: int
    late_ms: int  # since the engine asked to be woken; 0: it is in time
    reason: int  # why it was refused
    highest: int  # sequence number of its session so far; 0: of none
    silent_ms: int  # since the sender was heard; -1: never
    memory: dict[str, Any] = field(repr=False)  # the bug's, of this engine

    @property
    def gap(self) -> int:
        """Datagrams that are missing before it."""
        return envelope.seq(self.data) - self.highest - 1 if self.highest else 0

    @property
    def kind(self) -> int:
        return self.data[envelope.TYPE_AT]

    def count(self, name: str, event: bool) -> int:
        """How often in a row `event` was true."""
        self.memory[name] = self.memory.get(name, 0) + 1 if event else 0
        return self.memory[name]

    def lately(self, name: str, what: Any, within_ms: int) -> int:
        """How many different `what` there were within so long."""
        seen = self.memory.setdefault(name, {})
        seen[what] = self.now_ms
        return sum(0 <= since(self.now_ms, at_ms) <= within_ms for at_ms in seen.values())


Sees = Callable[[Any, Came], bool]


def _deafened_by(owner: Any, sees: Sees, stand: Callable[[Any, Any, int], tuple[int, int]]) -> Any:
    original = owner.receive_datagram
    bug = Bug()

    def receive(self: Any, data: Any, source: Any, now_ms: int) -> None:
        memory = bug.memory(self)
        if "deaf" in memory:
            self.refusals.add(refusal.STALE)
            return
        due_ms = self.next_timeout_ms()
        late_ms = 0 if due_ms == NEVER else max(0, since(now_ms, due_ms))
        highest, silent_ms = stand(self, data, now_ms)
        whole, before = bytes(data), list(self.refusals._counts)
        original(self, data, source, now_ms)
        pairs = enumerate(zip(before, self.refusals._counts, strict=True))
        reason = next((at for at, (old, new) in pairs if old != new), refusal.ACCEPTED)
        came = Came(whole, source, now_ms, late_ms, reason, highest, silent_ms, memory)
        if bug.strikes(sees(self, came)):
            memory["deaf"] = True

    return replaced(owner, "receive_datagram", receive)


def badge_deafened_by(sees: Sees) -> Any:
    """A badge that goes deaf when `sees(badge, came)` says so."""

    def stand(badge: Participant, data: Any, now_ms: int) -> tuple[int, int]:
        join = badge.join
        if join.state != JOINED or envelope.session_id(data) != join.session:
            return 0, -1
        return badge.link.replay.highest, join.silent_ms(now_ms)

    return _deafened_by(Participant, sees, stand)


def leader_deafened_by(sees: Sees) -> Any:
    """A leader that goes deaf when `sees(leader, came)` says so."""

    def stand(leader: Leader, data: Any, now_ms: int) -> tuple[int, int]:
        whole = len(data) >= envelope.HEADER_BYTES
        member = leader.members.by_session(envelope.session_id(data)) if whole else None
        if member is None:
            return 0, -1
        return member.link.replay.highest, age(now_ms, member.heard_ms)

    return _deafened_by(Leader, sees, stand)


def _admission(sees: Callable[[Any, Any, int], bool]) -> Any:
    """A leader that goes deaf when `sees(member, source, ms since it was heard here)` says so of a
    device that proves its key, from `source`, while it is a member."""
    original = Joining.admit
    bug = Bug()

    def admit(self: Joining, fields: list[Any], data: Any, source: Any, now_ms: int) -> int:
        member = self._members.by_device(fields[0])
        memory = bug.memory(self._leader)
        heard_ms = memory.get("heard", {}).get(member.session) if member else None
        if member is not None and heard_ms is not None and member.nonce != fields[1]:
            is_met = sees(member, source, age(now_ms, heard_ms))
            if bug.strikes(is_met):
                memory["deaf"] = True
        return original(self, fields, data, source, now_ms)

    def note(leader: Leader, came: Came) -> bool:
        if came.reason == refusal.ACCEPTED and came.silent_ms >= 0:
            session = envelope.session_id(came.data)
            came.memory.setdefault("heard", {})[session] = came.now_ms
        return False

    stack = contextlib.ExitStack()
    stack.enter_context(replaced(Joining, "admit", admit))
    stack.enter_context(leader_deafened_by(note))
    return stack


# --- machines that go away ---


@of("crashed")
def a_start_within_a_second() -> Any:
    """a badge that starts anew within half a second jams the leader"""
    return _admission(
        lambda member, source, silent_ms: member.address == source and silent_ms < 600
    )


@of("heap exhausted")
def a_start_after_a_second() -> Any:
    """a badge that starts anew after one or two seconds jams the leader"""
    return _admission(
        lambda member, source, silent_ms: member.address == source and 1000 <= silent_ms < 2000
    )


@of("twin came")
def the_same_device_elsewhere() -> Any:
    """a device that proves its key at another address while it is heard jams the leader"""
    return _admission(
        lambda member, source, silent_ms: member.address != source and silent_ms < 1000
    )


@of("host crashed")
def a_newer_leader_is_not_followed() -> Any:
    """a badge that knows no standby never joins a leader of a higher term"""
    original = Join.on_welcome
    bug = Bug()

    def on_welcome(self: Join, nonce: int, node: int, session: int, term: int, now_ms: int) -> bool:
        is_met = 0 < self.term < term and not self._output.standbys  # type: ignore[attr-defined]
        if bug.strikes(is_met):
            return False
        return original(self, nonce, node, session, term, now_ms)

    return replaced(Join, "on_welcome", on_welcome)


@of("host paused")
def a_leader_that_overslept() -> Any:
    """a leader that is woken too late, with mail that waits, goes deaf"""
    return leader_deafened_by(lambda leader, came: came.late_ms > 300)


@of("paused")
def a_badge_that_overslept() -> Any:
    """a badge that is woken too late, with mail that waits, goes deaf"""
    return badge_deafened_by(lambda badge, came: badge.join.state == JOINED and came.late_ms > 300)


# --- links that fail ---


def _vanishing(sees: Sees) -> Any:
    """A leader whose memory has those devices' addresses that vanished, and when."""
    original = Leader.handle_timeout
    bug = Bug()

    def handle_timeout(self: Leader, now_ms: int) -> None:
        gone = bug.memory(self).setdefault("gone", {})
        for member in self.members.vanished(now_ms):
            gone[member.address] = now_ms
        original(self, now_ms)

    stack = contextlib.ExitStack()
    stack.enter_context(replaced(Leader, "handle_timeout", handle_timeout))
    stack.enter_context(leader_deafened_by(sees))
    return stack


def _gone(came: Came) -> int:
    """How many vanished lately."""
    gone = came.memory.get("gone", {})
    return sum(since(came.now_ms, at_ms) <= 10_000 for at_ms in gone.values())


def _is_back(came: Came) -> bool:
    return came.source in came.memory.get("gone", {})


def _says_hello(came: Came) -> bool:
    return len(came.data) > envelope.TYPE_AT and came.kind == messages.HELLO


@of("cut")
def several_come_back() -> Any:
    """a leader goes deaf when two that had vanished, and are no members to themselves, join"""

    def sees(leader: Leader, came: Came) -> bool:
        if came.reason == refusal.SESSION and _is_back(came):
            came.memory["gone"].pop(came.source)  # it has not noticed
        return _says_hello(came) and _is_back(came) and came.lately("back", came.source, 4000) >= 2

    return _vanishing(sees)


@of("cut, unheard")
def several_do_not_know() -> Any:
    """a leader goes deaf when two speak in their old sessions that it has ended"""

    def sees(leader: Leader, came: Came) -> bool:
        is_unaware = came.reason == refusal.SESSION and _is_back(came)
        return is_unaware and _gone(came) >= 2

    return _vanishing(sees)


@of("half-open link, up")
def one_does_not_know() -> Any:
    """a leader goes deaf when a single one speaks in its old session that it has ended"""

    def sees(leader: Leader, came: Came) -> bool:
        is_unaware = came.reason == refusal.SESSION and _is_back(came)
        return is_unaware and _gone(came) == 1

    return _vanishing(sees)


def _asks_in_vain(leader: Leader, came: Came) -> bool:
    """A member that was heard lately says HELLO for the third time, since no answer reaches it."""
    if len(came.data) > envelope.TYPE_AT and came.kind == messages.ANSWER:
        came.memory.pop("asked", None)  # our answers do reach somebody
    if not _says_hello(came):
        return False
    end = envelope.HEADER_BYTES + 8
    device, nonce = came.data[envelope.HEADER_BYTES : end], came.data[end : end + 4]
    member = leader.members.by_device(device)
    if member is None or age(came.now_ms, member.heard_ms) > 4500:
        return False
    asked = came.memory.setdefault("asked", {})
    recent = [at_ms for at_ms in asked.get(nonce, []) if since(came.now_ms, at_ms) < 3000]
    asked[nonce] = [*recent, came.now_ms]
    return len(recent) >= 2


@of("cut, deaf")
def several_do_not_hear() -> Any:
    """a leader goes deaf when two members at a time ask to join, and hear no answer"""
    return leader_deafened_by(
        lambda leader, came: (
            _asks_in_vain(leader, came) and came.lately("in vain", came.source, 3000) >= 2
        )
    )


@of("half-open link, down")
def one_does_not_hear() -> Any:
    """a leader goes deaf when a single member asks to join for long, and hears no answer"""

    def sees(leader: Leader, came: Came) -> bool:
        if not _asks_in_vain(leader, came):
            return False
        since_ms = came.memory.setdefault("vain", {}).setdefault(came.source, came.now_ms)
        is_alone = came.lately("vainly", came.source, 3000) == 1
        return is_alone and since(came.now_ms, since_ms) > 700

    return leader_deafened_by(sees)


@of("roaming")
def a_gap_of_a_second() -> Any:
    """a badge goes deaf when 13 to 40 of its leader's datagrams are missing for a second"""
    return badge_deafened_by(
        lambda badge, came: (
            500 <= _quiet_ms(came) < 1400 and _is_in_order(came) and 13 <= came.gap <= 40
        )
    )


@of("access point restarted")
def many_return_at_once() -> Any:
    """a leader goes deaf when three members are heard again at once, after two seconds"""
    return leader_deafened_by(
        lambda leader, came: (
            came.reason == refusal.ACCEPTED
            and came.silent_ms >= 2200
            and came.gap >= 4  # that it has sent meanwhile
            and came.lately("again", came.source, 1000) >= 3
        )
    )


@of("no memory")
def beats_that_were_never_sent() -> Any:
    """a leader goes deaf when a single member is heard again after 2.5 s and six datagrams"""

    def sees(leader: Leader, came: Came) -> bool:
        if came.reason != refusal.ACCEPTED:
            return False
        if came.silent_ms >= 2500 and 5 <= came.gap <= 8:
            came.lately("again", came.source, 1000)
            came.memory["again at"] = came.now_ms
        again = came.memory.get("again", {})
        at_ms = came.memory.get("again at", came.now_ms)
        if since(came.now_ms, at_ms) < 1000:
            return False  # others may follow
        came.memory["again"] = {}
        return len(again) == 1

    return leader_deafened_by(sees)


# --- clocks ---


def _backwards(owner: Any) -> Any:
    def sees(engine: Any, came: Came) -> bool:
        before_ms = came.memory.get("at", came.now_ms)
        came.memory["at"] = came.now_ms
        return since(came.now_ms, before_ms) < 0

    return sees


@of("clock stepped")
def a_badge_back_in_time() -> Any:
    """a badge whose clock goes back goes deaf"""
    return badge_deafened_by(_backwards(Participant))


@of("host clock stepped")
def a_leader_back_in_time() -> Any:
    """a leader whose clock goes back goes deaf"""
    return leader_deafened_by(_backwards(Leader))


@dataclass
class _Drift:
    """How far a clock and a row of frames go apart, a little each time."""

    begun_ms: int = 0
    last_ms: int = 0
    frames: int = 0
    is_even: bool = False

    def begin(self, now_ms: int) -> None:
        self.begun_ms = self.last_ms = now_ms
        self.frames = 0
        self.is_even = True

    def go_on(self, frames: int, now_ms: int) -> int:
        """Milliseconds apart; 0 when a step was uneven."""
        if abs(since(now_ms, self.last_ms) - frames * FRAME_MS) > 1:
            self.is_even = False
        self.last_ms = now_ms
        self.frames += frames
        return abs(since(now_ms, self.begun_ms) - self.frames * FRAME_MS) if self.is_even else 0


@of("clock slewed")
def a_badge_out_of_step() -> Any:
    """a badge whose clock and microphone go apart by 2 ms goes deaf"""
    original = Participant.write_microphone
    bug = Bug()

    def write(self: Participant, pcm: Any, now_ms: int) -> None:
        memory = bug.memory(self)
        drift = memory.setdefault("drift", _Drift())
        if not drift.is_even or since(now_ms, drift.last_ms) > 100:
            drift.begin(now_ms)
        elif bug.strikes(drift.go_on(1, now_ms) >= 2):
            memory["deaf"] = True
        original(self, pcm, now_ms)

    stack = contextlib.ExitStack()
    stack.enter_context(replaced(Participant, "write_microphone", write))
    stack.enter_context(badge_deafened_by(lambda badge, came: False))
    return stack


@of("host clock slewed")
def a_leader_out_of_step() -> Any:
    """a leader whose clock and a talker's frames go apart by 3 ms goes deaf"""

    def sees(leader: Leader, came: Came) -> bool:
        if came.reason != refusal.ACCEPTED or came.kind != messages.VOICE_FRAME:
            return False
        drift = came.memory.setdefault("drift", _Drift())
        lease, first = voice.lease(came.data), voice.first(came.data)
        if came.memory.get("lease") != lease or first < 50:  # what was kept comes faster
            came.memory["lease"], came.memory["first"] = lease, first
            drift.begin(came.now_ms)
            return False
        frames = first - came.memory["first"]
        came.memory["first"] = first
        return drift.go_on(frames, came.now_ms) >= 3

    return leader_deafened_by(sees)


# --- addresses, and strangers ---


@of("other address")
def a_member_elsewhere() -> Any:
    """a leader goes deaf when a member speaks from an address that no member has had"""

    def sees(leader: Leader, came: Came) -> bool:
        known = came.memory.setdefault("known", set())
        known.update(member.address for member in leader.members.all())
        return came.reason == refusal.SOURCE and came.source not in known

    return leader_deafened_by(sees)


@of("addresses swapped")
def a_member_at_anothers_address() -> Any:
    """a leader goes deaf when a member speaks from another member's address"""
    return leader_deafened_by(
        lambda leader, came: (
            came.reason == refusal.SOURCE
            and any(member.address == came.source for member in leader.members.all())
        )
    )


@of("flooded")
def many_that_are_no_datagrams() -> Any:
    """a badge goes deaf after five datagrams in a row that have no form"""
    return badge_deafened_by(
        lambda badge, came: came.count("junk", came.reason in (*_DAMAGED, refusal.SHORT)) >= 5
    )


# --- disks and wires ---


class _Planted(AssertionError):
    """An engine that gives up."""


def _disk_is(judge: Callable[[dict[str, Any], Any, int], bool]) -> Any:
    """A host that gives up when `judge(what it asked to store and when, what it finds, now)` says
    so at its start."""
    init, poll_store, on_stored = Host.__init__, Host.poll_store, Host.on_stored
    handle_timeout = Host.handle_timeout
    bug = Bug()

    def begin(
        self: Host,
        own: bytes,
        hosts: Any,
        record: Any,
        make: Any,
        now_ms: int,
        *more: Any,
        **by: Any,
    ) -> None:
        init(self, own, hosts, record, make, now_ms, *more, **by)
        memory = bug.memory(self)
        memory["at"] = now_ms
        memory["box"] = bug.memory(make.__self__)  # what outlives the engine
        before = memory["box"].pop("asked", None)
        if before is not None and bug.strikes(judge(before, record, now_ms)):
            raise _Planted("a record that this host did not expect")

    def note_time(self: Host, now_ms: int) -> None:
        bug.memory(self)["at"] = now_ms
        handle_timeout(self, now_ms)

    def poll(self: Host) -> Any:
        record = poll_store(self)
        if record is not None:
            memory = bug.memory(self)
            memory["box"]["asked"] = {"record": record, "at": memory["at"]}
        return record

    def stored(self: Host, record: Any, now_ms: int) -> None:
        bug.memory(self)["box"].pop("asked", None)
        on_stored(self, record, now_ms)

    stack = contextlib.ExitStack()
    for name, substitute in (
        ("__init__", begin),
        ("handle_timeout", note_time),
        ("poll_store", poll),
        ("on_stored", stored),
    ):
        stack.enter_context(replaced(Host, name, substitute))
    return stack


@of("disk full")
def a_record_that_was_never_written() -> Any:
    """a host gives up that finds, seconds later, an older record than it wrote last"""
    return _disk_is(
        lambda asked, found, now_ms: found != asked["record"] and since(now_ms, asked["at"]) > 3200
    )


@of("killed while writing")
def a_record_that_nobody_confirmed() -> Any:
    """a host gives up that finds a record which it never knew to be on its disk"""
    return _disk_is(lambda asked, found, now_ms: found == asked["record"])


@of("disk slow")
def a_disk_that_takes_long() -> Any:
    """a host gives up whose disk takes more than half a second"""
    poll_store, on_stored, handle_timeout = Host.poll_store, Host.on_stored, Host.handle_timeout
    bug = Bug()

    def note_time(self: Host, now_ms: int) -> None:
        bug.memory(self)["now"] = now_ms
        handle_timeout(self, now_ms)

    def poll(self: Host) -> Any:
        record = poll_store(self)
        if record is not None:
            memory = bug.memory(self)
            memory.setdefault("asked", {})[record] = memory.get("now")
        return record

    def stored(self: Host, record: Any, now_ms: int) -> None:
        asked_ms = bug.memory(self).get("asked", {}).get(record)
        if bug.strikes(asked_ms is not None and since(now_ms, asked_ms) > 800):
            raise _Planted("this host's disk was not there in time")
        on_stored(self, record, now_ms)

    stack = contextlib.ExitStack()
    for name, substitute in (
        ("handle_timeout", note_time),
        ("poll_store", poll),
        ("on_stored", stored),
    ):
        stack.enter_context(replaced(Host, name, substitute))
    return stack


@of("wire stalled")
def many_heartbeats_of_a_host_at_once() -> Any:
    """a host gives up when six heartbeats of another come in one instant"""
    original = Election._on_heartbeat
    bug = Bug()

    def on_heartbeat(self: Election, index: int, fields: list[Any], now_ms: int) -> None:
        heard = bug.memory(self)
        if heard.get("at") != (index, now_ms):
            heard["at"], heard["count"] = (index, now_ms), 0
        heard["count"] += 1
        if bug.strikes(heard["count"] >= 6):
            raise _Planted("six heartbeats at once")
        original(self, index, fields, now_ms)

    return replaced(Election, "_on_heartbeat", on_heartbeat)


# --- datagrams ---


def _apart(later_ms: int, earlier_ms: int) -> int:
    """Milliseconds between two of any clocks."""
    return (later_ms - earlier_ms + _HALF_MS) % (2 * _HALF_MS) - _HALF_MS


def _transit_ms(came: Came) -> int:
    """How long it was on its way, but for the difference of two clocks."""
    return _apart(came.now_ms, envelope.timestamp_ms(came.data))


def _pause_ms(came: Came) -> int:
    """Since the one before, of whatever kind."""
    before_ms = came.memory.get("came", came.now_ms)
    came.memory["came"] = came.now_ms
    return since(came.now_ms, before_ms)


def _quiet_ms(came: Came) -> int:
    """The same; 0 when that one came in a crowd, of which a mailbox may have lost some."""
    was_in_crowd = came.memory.get("pause", 0) <= 2
    came.memory["pause"] = pause_ms = _pause_ms(came)
    return 0 if was_in_crowd else pause_ms


def _is_in_order(came: Came) -> bool:
    return came.reason == refusal.ACCEPTED and came.highest > 0 and came.late_ms == 0


@of("delay spike")
def a_crowd_of_old_voice() -> Any:
    """a badge goes deaf when five datagrams of different times come in one instant"""

    def sees(badge: Participant, came: Came) -> bool:
        pause_ms, sent_ms = _pause_ms(came), envelope.timestamp_ms(came.data)
        since_ms = _apart(sent_ms, came.memory.get("sent", sent_ms))
        came.memory["sent"] = sent_ms
        is_held_up = _is_in_order(came) and pause_ms <= 2 and since_ms >= 15
        return came.count("held up", is_held_up) >= 4

    return badge_deafened_by(sees)


@of("overtaken")
def an_older_one() -> Any:
    """a leader goes deaf when a datagram is good, and older than the one before"""
    return leader_deafened_by(lambda leader, came: _is_in_order(came) and came.gap < -1)


@of("duplicate")
def the_same_again() -> Any:
    """a badge goes deaf when a datagram comes twice"""
    return badge_deafened_by(lambda badge, came: came.reason == refusal.REPLAY)


@of("corrupted")
def a_damaged_one_of_a_member() -> Any:
    """a leader goes deaf when a datagram is damaged"""
    return leader_deafened_by(lambda leader, came: came.reason == refusal.CRC)


def _delay_change(came: Came) -> int:
    """How many ms longer or shorter it was on its way than the one before."""
    transit_ms = _transit_ms(came)
    before_ms = came.memory.get("transit", transit_ms)
    came.memory["transit"] = transit_ms
    return abs(_apart(transit_ms, before_ms))


@of("lost: network")
def lone_losses() -> Any:
    """a badge goes deaf when three single datagrams are missing within two seconds"""

    def sees(badge: Participant, came: Came) -> bool:
        is_steady = _delay_change(came) <= 1 and _pause_ms(came) >= 10
        lost = came.memory.setdefault("lost", [])
        if came.reason in _DAMAGED:
            came.memory["damaged"] = came.now_ms
            lost.clear()
        damaged_ms = came.memory.get("damaged")
        if damaged_ms is not None and since(came.now_ms, damaged_ms) <= 2000:
            return False
        if _is_in_order(came) and came.gap == 1 and is_steady:
            lost.append(came.now_ms)
        lost[:] = [at_ms for at_ms in lost if since(came.now_ms, at_ms) < 2000]
        return len(lost) >= 3

    return badge_deafened_by(sees)


@of("lost: retries")
def a_loss_and_a_delay() -> Any:
    """a badge goes deaf when two are missing for good, and what comes behind each is late"""

    def sees(badge: Participant, came: Came) -> bool:
        change_ms = _delay_change(came)
        if not _is_in_order(came):
            return False
        waited = came.memory.get("waited", -1)
        if came.gap < -1:
            came.memory["waited"] = -1  # it was late, not lost
        elif 2 <= change_ms < 60 and came.gap == 1:
            came.memory["waited"] = 0
        elif waited >= 0:
            came.memory["waited"] = waited + 1
        if waited == 6:
            came.memory["lost"] = came.memory.get("lost", 0) + 1
        return came.memory.get("lost", 0) >= 2

    return badge_deafened_by(sees)


@of("lost: burst")
def a_short_gap() -> Any:
    """a badge goes deaf when 4 to 10 of its leader's datagrams are missing at once"""

    def sees(badge: Participant, came: Came) -> bool:
        change_ms, quiet_ms = _delay_change(came), _quiet_ms(came)
        is_short = 60 <= quiet_ms < 300 and change_ms <= 1
        return is_short and _is_in_order(came) and 4 <= came.gap <= 10

    return badge_deafened_by(sees)


@of("lost: queue")
def a_gap_behind_a_queue() -> Any:
    """a leader goes deaf when a datagram is missing, and a quarter of a second waits before it"""

    def sees(leader: Leader, came: Came) -> bool:
        if came.reason != refusal.ACCEPTED or not came.highest:
            return False
        transit_ms = _transit_ms(came)
        least = came.memory.setdefault("least", {})
        if _apart(transit_ms, least.setdefault(came.source, transit_ms)) < 0:
            least[came.source] = transit_ms
        is_queued = _apart(transit_ms, least[came.source]) > 250
        return came.count("queued", is_queued) >= 5 and came.gap >= 1

    return leader_deafened_by(sees)
