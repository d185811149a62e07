"""What happens on a floor, in words: an action, and what it changes for those whom it concerns."""

from __future__ import annotations

from ptt.badge import floor as participant
from ptt.leader.floor import arbitrator
from ptt.wire import messages

from . import spoken_leader
from .floor_state import BADGES, FIRST_LEADER, FIRST_NODE
from .search import Action, State
from .spoken_badge import FLOOR

_MESSAGES = {
    number: name.lower().replace("_", " ")
    for name, number in reversed(list(vars(messages).items()))  # types stand before other numbers
    if isinstance(number, int) and number in messages.LAYOUTS
}
_SAID = {
    "press": "its button goes down",
    "release": "its button goes up",
    "timeout": "its time has come",
    "give_up": "nobody has answered it",
    "talk": "says something",
    "drain": "has said its last word",
    "hear": "plays what came",
    "beat": "sends a heartbeat",
    "repeat": "repeats its grant",
    "expire": "has not heard the holder for a lease",
    "announce": "says again that it leads",
}
_OF_BADGES = ("press", "release", "timeout", "give_up", "talk", "drain", "hear", "beat")
_SENDING = (participant.HAS_PERMISSION, participant.FINISHING)


def words(state: State, action: Action, after: State) -> str:
    """One line for `action`, which leads from `state` to `after`."""
    name, n = action
    if name == "copy":
        return "standby  has what the leader wrote"
    if name == "deliver":
        source, actor, kind, fields, _ = state[2][n]
        text = f"hears {_MESSAGES[kind]}{_told(kind, fields)} of {_name(source)}"
    elif name == "take_over":
        actor, text = FIRST_LEADER + n, "takes over with what its replica holds"
    else:
        actor, text = n if name in _OF_BADGES else FIRST_LEADER + n, _SAID[name]
    before, now = (_seen(each, actor) for each in (state, after))
    change = now if before in (now, "") else f"{before} -> {now}"
    return f"{_name(actor):8} {text:52} {change}"


def _name(actor: int) -> str:
    return (
        f"badge {BADGES[actor]}" if actor < FIRST_LEADER else f"leader {actor - FIRST_LEADER + 1}"
    )


def _told(kind: int, fields: tuple) -> str:
    at = {messages.FLOOR_GRANT: 3, messages.FLOOR_TAKEN: 2, messages.VOICE_FRAME: 1}.get(kind)
    return "" if at is None else f" (lease {fields[at]})"


def _seen(state: State, actor: int) -> str:
    if actor < FIRST_LEADER:
        floor = state[1][actor][FLOOR]
        lease = f" {floor[2]}" if floor[0] in _SENDING else ""
        return participant.STATES[floor[0]] + lease
    values = state[0][actor - FIRST_LEADER]
    if values is None:
        return ""
    floor = spoken_leader.floor_of(values)
    if floor[0] == arbitrator.FLOOR_IDLE:
        return "floor idle"
    return f"{BADGES[floor[1] - FIRST_NODE]} has {floor[2]}"
