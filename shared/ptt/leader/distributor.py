"""The leader's side of updates: offers releases, hands out chunks slowly, says when to apply.

Badges pull; what they ask waits here until nobody talks in their groups and the rate allows. Only
one question per badge waits, so a stranger costs nothing. It knows neither files nor stages: a
campaign assigns releases to devices and hears how it went.
"""

from ..base.clock import NEVER, add, age, earliest, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    UPDATE_ACTIVE_MAX,
    UPDATE_AWAY_MS,
    UPDATE_BADGE_MS,
    UPDATE_CHUNK_BYTES,
    UPDATE_OFFER_MS,
    UPDATE_QUIET_MS,
    UPDATE_TOTAL_MS,
    UPDATE_TRIAL_MS,
)
from ..base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules
from ..link.update_manifest import AGAIN
from ..wire import messages

if TYPE_CHECKING:
    from typing import Protocol

    class Release(Protocol):
        """A release: `parts[0]` is the manifest, the others its files in order."""

        @property
        def number(self) -> int: ...
        @property
        def parts(self) -> "list[bytes]": ...

    class DistributorOutput(Protocol):
        """What a distributor needs from its leader; a device that is not a member hears nothing."""

        def is_quiet(self, device: bytes) -> bool: ...
        def send_update(
            self, device: bytes, kind: int, values: "tuple", tail: bytes, now_ms: int
        ) -> bool: ...
        def tell_update(self, job: "Job") -> None: ...


WAITING = const(0)
OFFERED = const(1)
FETCHING = const(2)
APPLYING = const(3)
ON_TRIAL = const(4)
DONE = const(5)
FAILED = const(6)
STATES = ("waiting", "offered", "fetching", "applying", "on trial", "done", "failed")

TURN = const(0)
HAS_FETCHING = const(1)
HAS_READY = const(2)
HAS_APPLIED = const(3)
HAS_TRIAL = const(4)
HAS_CURRENT = const(5)
HAS_FAILED = const(6)
HAS_STOPPED = const(7)
AWAY = const(8)
TRIGGERS = (
    "its turn",
    "fetching",
    "ready",
    "applied",
    "on trial",
    "current",
    "failed",
    "stopped",
    "away",
)

RULES = (
    (WAITING, TURN, OFFERED, "offer"),
    (OFFERED, HAS_FETCHING, FETCHING, "wait"),
    (OFFERED, HAS_READY, APPLYING, "apply"),  # it had all of it already
    (OFFERED, HAS_TRIAL, ON_TRIAL, "look_again"),  # this leader was away meanwhile
    (OFFERED, HAS_CURRENT, DONE, "tell"),
    (OFFERED, HAS_FAILED, FAILED, "tell"),
    (OFFERED, HAS_STOPPED, WAITING, "queue"),
    (OFFERED, AWAY, WAITING, "queue"),
    (FETCHING, HAS_FETCHING, FETCHING, "wait"),
    (FETCHING, HAS_READY, APPLYING, "apply"),
    (FETCHING, HAS_FAILED, FAILED, "tell"),
    (FETCHING, HAS_STOPPED, WAITING, "queue"),  # somebody talked for long: once more later
    (FETCHING, AWAY, WAITING, "queue"),
    (APPLYING, HAS_READY, APPLYING, "apply"),  # the order was lost
    (APPLYING, HAS_APPLIED, APPLYING, "look_again"),
    (APPLYING, HAS_FETCHING, FETCHING, "wait"),  # it restarted before it heard the order
    (APPLYING, HAS_TRIAL, ON_TRIAL, "look_again"),
    (APPLYING, HAS_CURRENT, DONE, "tell"),
    (APPLYING, HAS_FAILED, FAILED, "tell"),
    (APPLYING, HAS_STOPPED, WAITING, "queue"),
    (ON_TRIAL, HAS_TRIAL, ON_TRIAL, "look_again"),
    (ON_TRIAL, HAS_CURRENT, DONE, "tell"),
    (ON_TRIAL, HAS_FAILED, FAILED, "tell"),
    (ON_TRIAL, HAS_FETCHING, FETCHING, "wait"),  # it fell back, and was told to try again
)
_RULES = compile_rules(RULES)

_TRIGGER_OF = {
    messages.UPDATE_STATE_FETCHING: HAS_FETCHING,
    messages.UPDATE_STATE_READY: HAS_READY,
    messages.UPDATE_STATE_APPLYING: HAS_APPLIED,
    messages.UPDATE_STATE_TRIAL: HAS_TRIAL,
    messages.UPDATE_STATE_CURRENT: HAS_CURRENT,
    messages.UPDATE_STATE_FAILED: HAS_FAILED,
}
_ACTIVE = (OFFERED, FETCHING)  # states that share the rate


class Job:
    """One release on its way to one device."""

    __slots__ = (
        "chip",
        "device",
        "due_ms",
        "file",
        "flags",
        "heard_ms",
        "next_ms",
        "noisy_ms",
        "reason",
        "release",
        "running",
        "state",
        "tag",
        "want",
    )

    def __init__(self, device: bytes, release: "Release", flags: int, tag: bytes) -> None:
        self.device = device
        self.release = release
        self.flags = flags
        self.tag = tag
        self.state = WAITING
        self.reason = 0  # reason of a failure
        self.running = 0  # release that it said it runs; 0: not heard yet
        self.chip = b""
        self.file = 0  # how far it is
        self.want: tuple[int, int] | None = None  # file, offset that wait for their chunk
        self.heard_ms = 0
        self.due_ms = 0  # when to send to it again
        self.next_ms = -1  # when the chunk that it wants may go out; -1: none went yet
        self.noisy_ms = -1  # when somebody talked in its groups last; -1: long ago


class Distributor:
    """All updates of one leader."""

    def __init__(self, output: "DistributorOutput") -> None:
        self._output = output
        self._jobs: dict[bytes, Job] = {}
        self._turn = 0  # so that no badge is always the first
        self._next_ms = -1  # nobody gets a chunk before this
        self.chunks = 0  # handed out
        self.held_back = 0  # how often somebody's talk held a chunk back

    def jobs(self) -> "list[Job]":
        """By device: dictionaries have no order on MicroPython."""
        return [self._jobs[device] for device in sorted(self._jobs)]

    def assign(
        self, device: bytes, release: "Release", flags: int, tag: bytes, now_ms: int
    ) -> None:
        """From now on `device` is to get `release`."""
        job = Job(device, release, flags, tag)
        job.due_ms = now_ms
        self._jobs[device] = job

    def unassign(self, device: bytes, now_ms: int) -> None:
        """Cancel the update of `device`."""
        job = self._jobs.pop(device, None)
        if job is not None and job.state in (OFFERED, FETCHING):
            values = (job.release.number, messages.UPDATE_ORDER_STOP)
            self._output.send_update(device, messages.UPDATE_ORDER, values, b"", now_ms)

    # --- what badges say ---

    def on_want(self, device: bytes, fields: "list", now_ms: int) -> bool:
        """UPDATE_WANT; False when it asks for what nobody offered."""
        number, file, offset = fields
        job = self._jobs.get(device)
        if job is None or job.release.number != number or file >= len(job.release.parts):
            return False
        if offset >= len(job.release.parts[file]):
            return False
        job.heard_ms = now_ms
        job.want = (file, offset)
        job.file = file
        if job.next_ms < 0 or age(job.next_ms, now_ms) > UPDATE_BADGE_MS:  # it is past
            job.next_ms = now_ms
        if job.state == OFFERED:
            self._fire(job, HAS_FETCHING, now_ms)
        return True

    def on_state(self, device: bytes, fields: "list", now_ms: int) -> bool:
        """UPDATE_STATE; False when it is about what nobody offered."""
        number, state, reason, running, file, chip = fields
        job = self._jobs.get(device)
        if job is None or job.release.number != number:
            return False
        job.heard_ms = now_ms
        job.running = running
        job.chip = chip
        if state == messages.UPDATE_STATE_FETCHING:
            job.file = file
        trigger = _TRIGGER_OF.get(state, HAS_FAILED)
        if trigger == HAS_FAILED:
            job.reason = reason
            if reason == messages.UPDATE_REASON_STOPPED:
                trigger = HAS_STOPPED
        self._fire(job, trigger, now_ms)
        return True

    # --- time ---

    def handle_timeout(self, now_ms: int) -> None:
        jobs = self.jobs()
        active = 0
        for job in jobs:
            if job.state in _ACTIVE and since(now_ms, job.heard_ms) >= UPDATE_AWAY_MS:
                self._fire(job, AWAY, now_ms)
            active += job.state in _ACTIVE
        for job in jobs:
            if job.state in (DONE, FAILED) or since(now_ms, job.due_ms) < 0:
                continue
            if job.state != WAITING:
                self._offer(job, now_ms)
            elif active < UPDATE_ACTIVE_MAX and self._output.is_quiet(job.device):
                self._fire(job, TURN, now_ms)
                active += job.state in _ACTIVE
            else:
                job.due_ms = add(now_ms, UPDATE_QUIET_MS)
        self._hand_out(jobs, now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due = NEVER
        for job in self._jobs.values():
            if job.state not in (DONE, FAILED):
                due = earliest(due, job.due_ms)
            if job.want is not None:
                is_held = self._is_spent(job.next_ms)
                due = earliest(due, self._next_ms if is_held else job.next_ms)
        return due

    def _is_spent(self, now_ms: int) -> bool:
        """Have all badges together had their share for now?"""
        return self._next_ms >= 0 and 0 < age(self._next_ms, now_ms) <= UPDATE_TOTAL_MS

    def _hand_out(self, jobs: "list[Job]", now_ms: int) -> None:
        """Send at most one chunk: the common rate allows no more."""
        if self._is_spent(now_ms):
            return
        for index in range(len(jobs)):
            job = jobs[(self._turn + index) % len(jobs)]
            if job.want is None or since(now_ms, job.next_ms) < 0:
                continue
            if not self._may_have(job, now_ms):
                self.held_back += 1
                job.next_ms = add(now_ms, UPDATE_BADGE_MS)
                continue
            file, offset = job.want
            job.want = None
            piece = job.release.parts[file][offset : offset + UPDATE_CHUNK_BYTES]
            values = (job.release.number, file, offset)
            self._output.send_update(job.device, messages.UPDATE_CHUNK, values, piece, now_ms)
            self.chunks += 1
            job.next_ms = add(now_ms, UPDATE_BADGE_MS)
            self._next_ms = add(now_ms, UPDATE_TOTAL_MS)
            self._turn = (self._turn + index + 1) % len(jobs)
            return

    def _may_have(self, job: "Job", now_ms: int) -> bool:
        """Has nobody talked in its groups for a while?"""
        if not self._output.is_quiet(job.device):
            job.noisy_ms = now_ms
            return False
        return job.noisy_ms < 0 or age(now_ms, job.noisy_ms) >= UPDATE_QUIET_MS

    # --- actions ---

    def _fire(self, job: Job, trigger: int, now_ms: int) -> None:
        cell = _RULES[0][job.state << TRIGGER_BITS | trigger]
        if not cell:
            return
        was = job.state
        job.state = cell >> ACTION_BITS
        getattr(self, "_do_" + _RULES[1][cell & ACTION_MASK])(job, now_ms)
        if job.state != was:
            self._output.tell_update(job)

    def _offer(self, job: Job, now_ms: int) -> None:
        job.due_ms = add(now_ms, UPDATE_TRIAL_MS if job.state == ON_TRIAL else UPDATE_OFFER_MS)
        if job.state == FETCHING and since(now_ms, job.heard_ms) < UPDATE_TRIAL_MS:
            return  # it asks by itself
        if not self._output.is_quiet(job.device):
            return  # an offer makes a badge load what it needs: not while somebody talks
        values = (job.release.number, len(job.release.parts[0]), job.flags)
        self._output.send_update(job.device, messages.UPDATE_OFFER, values, job.tag, now_ms)

    def _do_offer(self, job: Job, now_ms: int) -> None:
        job.heard_ms = now_ms
        self._offer(job, now_ms)

    def _do_wait(self, job: Job, now_ms: int) -> None:
        job.due_ms = add(now_ms, UPDATE_OFFER_MS)

    def _do_apply(self, job: Job, now_ms: int) -> None:
        job.want = None
        job.due_ms = add(now_ms, UPDATE_OFFER_MS)
        values = (job.release.number, messages.UPDATE_ORDER_APPLY)
        self._output.send_update(job.device, messages.UPDATE_ORDER, values, b"", now_ms)

    def _do_look_again(self, job: Job, now_ms: int) -> None:
        job.flags &= ~AGAIN  # tried now; if it falls back, that is the answer
        job.due_ms = add(now_ms, UPDATE_TRIAL_MS)

    def _do_queue(self, job: Job, now_ms: int) -> None:
        job.want = None
        job.due_ms = add(now_ms, UPDATE_AWAY_MS // 6)

    def _do_tell(self, job: Job, now_ms: int) -> None:
        job.want = None
