"""The model of settings on trial: one badge with the engine's own `Settings`, a leader that changes
them, one standby that may know older ones, and the network between them.

One value cuts the badge off, some time after it is in force. A snapshot lies in the network until
it is delivered, which may be never. The badge keeps on its disk what is sure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ptt.badge.settings import Settings
from ptt.base.clock import add
from ptt.base.defaults import AT_PLAYOUT_DELAY_MS, AT_VERSION, DEFAULTS
from ptt.base.numbers import CONFIRM_MS
from ptt.wire import codec, envelope, messages
from ptt.wire.envelope import HEADER_BYTES

from .search import Action, State

NOW_MS = 1_000_000
CUTS_MS = 200  # the playout delay that stands for settings which cut a badge off
VALUES_MS = (80, CUTS_MS)  # that the operator tries, each in turn
_DEFAULT_MS = DEFAULTS[AT_PLAYOUT_DELAY_MS]

PROMISES = {
    "proved": "what cuts a badge off never passes its trial",
    "way back": "a badge without a leader has settings that do not cut it off",
    "never older": "while one leader leads, a badge obeys no older settings than it has",
    "true answer": "who answers that it obeys a version obeys its values",
}
_SAID = {
    "publish": "the operator changes the playout delay",
    "again": "the leader sends its settings again",
    "deliver": "the badge hears a snapshot",
    "show": "what the settings do shows",
    "wait": "the time of a trial passes",
    "answer": "the leader answers the badge",
    "lose": "the badge loses its leader",
    "join": "the badge joins again",
    "move": "a standby leads, with the settings before the last",
    "restart": "the badge starts again",
}


@dataclass(frozen=True)
class Bounds:
    """How often the operator changes settings, the network fails, a standby takes over, and the
    badge starts again; and how many snapshots are on their way at once."""

    changes: int = 3
    losses: int = 1
    moves: int = 1
    restarts: int = 1
    link: int = 2


class _Owner:
    """What `Settings` asks of its participant; `delay_ms` is in force, `applied` what it has
    answered last."""

    class _Link:
        address = None

    def __init__(self) -> None:
        self.link = self._Link()
        self.playout = self.path = self
        self.most_ms = self.late_permille = 0
        self.delay_ms = _DEFAULT_MS
        self.applied = 0

    def set_least(self, delay_ms: int) -> None:
        self.delay_ms = delay_ms

    def send(self, kind: int, values: tuple, destination: Any, now_ms: int) -> None:
        self.applied = values[0] if values[1] == messages.APPLIED_APPLIED else 0

    def tell(self, kind: int, value: object) -> None:
        """A person is told; nobody is here."""


class TrialModel:
    """A state is (badge, leader, standby, network, budget, what was broken). The badge: (version,
    told, sure, is the trial's time over, is it joined, is it cut off); leader and standby:
    (version, delay)."""

    def __init__(self, bounds: Bounds, engine: type[Settings] = Settings) -> None:
        self.bounds = bounds
        self._make = engine
        self._owner = _Owner()

    def initial(self) -> State:
        leader = (1, _DEFAULT_MS)
        bounds = self.bounds
        budget = (bounds.changes, bounds.losses, bounds.moves, bounds.restarts)
        return ((0, b"", b"", False, True, False), leader, leader, (leader,), budget, None)

    def actions(self, state: State) -> Iterator[Action]:
        badge, leader, _, network, (changes, losses, moves, restarts), _ = state
        _, told, sure, is_over, is_joined, is_cut = badge
        if changes:
            for delay_ms in VALUES_MS:
                yield ("publish", delay_ms)
        if is_joined and leader not in network:
            yield ("again", 0)
        if is_joined and not is_cut:
            for number in range(len(network)):
                yield ("deliver", number)
            yield ("answer", 0)
            if moves:
                yield ("move", 0)
        if told != sure and not is_over:
            yield ("wait", 0)
        if not is_cut and _delay_of(told) == CUTS_MS:
            yield ("show", 0)
        if is_joined and (is_cut or losses):
            yield ("lose", 0)
        if not is_joined and not is_cut:
            yield ("join", 0)
        if restarts:
            yield ("restart", 0)

    def step(self, state: State, action: Action) -> State:
        return getattr(self, "_" + action[0])(state, action[1])

    def broken(self, state: State) -> str | None:
        badge, promise = state[0], state[-1]
        if promise is None and _delay_of(badge[2]) == CUTS_MS:
            promise = "proved"
        if promise is None and not badge[4] and _delay_of(badge[1]) == CUTS_MS:
            promise = "way back"
        return promise and f"{promise}: {PROMISES[promise]}"

    def words(self, state: State, action: Action) -> str:
        name, number = action
        text = _SAID[name]
        if name == "publish":
            text += f" to {number} ms"
        elif name == "deliver":
            text += " of version {}, {} ms".format(*state[3][number])
        after = self.step(state, action)[0]
        joined = "joined" if after[4] else "alone"
        return f"{text:52} {joined}, {_delay_of(after[1])} ms, sure of {_delay_of(after[2])} ms"

    # --- one action each ---

    def _publish(self, state: State, delay_ms: int) -> State:
        badge, leader, _, network, budget, broken = state
        changed = (leader[0] + 1, delay_ms)
        budget = (budget[0] - 1, *budget[1:])
        return (badge, changed, leader, self._carry(network, changed), budget, broken)

    def _again(self, state: State, _: int) -> State:
        return (*state[:3], self._carry(state[3], state[1]), *state[4:])

    def _deliver(self, state: State, number: int) -> State:
        badge, leader, standby, network, budget, broken = state
        version, delay_ms = network[number]
        settings, now_ms = self._load(badge)
        self._owner.applied = 0
        _hear(settings, _snapshot(version, delay_ms), now_ms)
        if settings.version < badge[0]:
            broken = "never older"
        elif self._owner.applied and (
            self._owner.applied != settings.version or self._owner.delay_ms != delay_ms
        ):
            broken = "true answer"
        network = network[:number] + network[number + 1 :]
        return (self._dump(settings, badge, now_ms), leader, standby, network, budget, broken)

    def _show(self, state: State, _: int) -> State:
        return ((*state[0][:5], True), *state[1:])

    def _wait(self, state: State, _: int) -> State:
        badge = state[0]
        is_cut = badge[5] or _delay_of(badge[1]) == CUTS_MS  # it has shown long before
        return ((*badge[:3], True, badge[4], is_cut), *state[1:])

    def _answer(self, state: State, _: int) -> State:
        settings, now_ms = self._load(state[0])
        settings.on_leader_answered(now_ms)
        return (self._dump(settings, state[0], now_ms), *state[1:])

    def _lose(self, state: State, _: int) -> State:
        badge, leader, standby, _, budget, broken = state
        settings, now_ms = self._load(badge)
        settings.on_leader_lost()
        if not badge[5]:
            budget = (budget[0], budget[1] - 1, *budget[2:])
        badge = (*self._dump(settings, badge, now_ms)[:4], False, False)
        return (badge, leader, standby, (), budget, broken)

    def _join(self, state: State, _: int) -> State:
        badge, leader, standby, _, budget, broken = state
        return ((0, *badge[1:4], True, False), leader, standby, (leader,), budget, broken)

    def _move(self, state: State, _: int) -> State:
        badge, _, standby, _, budget, broken = state
        budget = (*budget[:2], budget[2] - 1, budget[3])
        return ((0, *badge[1:]), standby, standby, (standby,), budget, broken)

    def _restart(self, state: State, _: int) -> State:
        badge, leader, standby, _, budget, broken = state
        settings = self._make(self._owner)  # type: ignore[arg-type]
        if badge[2]:
            settings.begin_with(badge[2])
        badge = (*self._dump(settings, badge, NOW_MS)[:4], False, False)
        return (badge, leader, standby, (), (*budget[:3], budget[3] - 1), broken)

    # --- the engine as values ---

    def _load(self, badge: tuple) -> tuple[Settings, int]:
        """The engine in that state, and the time by its clock."""
        version, told, sure, is_over, _, _ = badge
        settings = self._make(self._owner)  # type: ignore[arg-type]
        self._owner.delay_ms = _DEFAULT_MS
        if sure:
            settings.begin_with(sure)
        if told != sure:
            _hear(settings, told, NOW_MS)
        settings.version = version
        return settings, add(NOW_MS, CONFIRM_MS if is_over else 0)

    def _dump(self, settings: Settings, before: tuple, now_ms: int) -> tuple:
        """The engine is not to be used any more: whether its trial is over shows when it is
        answered."""
        version, told, sure = settings.version, settings.told, settings.sure
        is_cut = before[5] and self._owner.delay_ms == CUTS_MS
        settings.on_leader_answered(now_ms)
        is_over = told != sure and settings.sure == told
        return (version, told, sure, is_over, before[4], is_cut)

    def _carry(self, network: tuple, snapshot: tuple[int, int]) -> tuple:
        rest = [each for each in network if each != snapshot]
        return tuple(sorted([*rest, snapshot][-self.bounds.link :]))


def _snapshot(version: int, delay_ms: int) -> bytes:
    """The payload of SETTINGS_SNAPSHOT."""
    fields = list(DEFAULTS)
    fields[AT_VERSION], fields[AT_PLAYOUT_DELAY_MS] = version, delay_ms
    data = bytearray(HEADER_BYTES + 64)
    end = codec.encode(data, HEADER_BYTES, messages.SETTINGS_SNAPSHOT, tuple(fields))
    return bytes(data[HEADER_BYTES:end])


def _hear(settings: Settings, told: bytes, now_ms: int) -> None:
    """As a badge's room does with a SETTINGS_SNAPSHOT that it believes."""
    data = bytearray(HEADER_BYTES) + told
    envelope.write_header(data, len(data), messages.SETTINGS_SNAPSHOT, 1, 0, 1, now_ms)
    fields = codec.decode(messages.SETTINGS_SNAPSHOT, told, 0, len(told))
    getattr(settings, settings.obeys[messages.SETTINGS_SNAPSHOT])(fields, data, None, now_ms)


def _delay_of(told: bytes) -> int:
    """The playout delay that is in force with what was told last."""
    if not told:
        return _DEFAULT_MS
    fields = codec.decode(messages.SETTINGS_SNAPSHOT, told, 0, len(told))
    delay_ms: int = fields[AT_PLAYOUT_DELAY_MS]
    return delay_ms
