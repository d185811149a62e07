"""What a bundle holds: each field is named here, and what is not named does not leave.

Numbers and words of our own tables pass; names, ids and hosts become pseudonyms; texts, addresses,
networks and whatever somebody has typed stay behind.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterable, Mapping
from typing import Any

from pressel import __version__
from pressel.doctor.finding import Finding
from pressel.health.microphone import NOISES
from pressel.health.order import disorder
from pressel.health.verdict import judge
from pressel.node.burst_state import BurstState
from pressel.node.channel import channel
from pressel.node.ways import DEAF, OFF, SILENT, STALE, UNABLE, WELL
from pressel.schema.events import EventRow, event_table
from pressel.schema.metrics import metrics
from pressel.schema.setting_values import is_device, is_known, key_at, split_key
from pressel.trace.logs import Line
from ptt.cluster import election, election_rules
from ptt.fanout.assign import WHY as WHY_RELAY
from ptt.wire import refusal

from .history import history
from .needs import needs, read_status
from .pseudonyms import Pseudonyms
from .words import RESTARTS

BURSTS_MAX = 300
LINES_MAX = 5000
PROBES_MAX = 16  # of which `pressel.node.ways` speaks
WHY_MANY = {OFF, UNABLE, SILENT, STALE, WELL} | {
    DEAF.format(count) for count in range(PROBES_MAX + 1)
}
# Numbers that a host's log adds to events.
_ADDED = ("boot", "convergence_ms", "port", "hosts", "known", "most", "release", "node")
# Words under which, and as which, figures may leave.
_WORDS = frozenset(
    f"{refusal.WORDS} {election.COUNTED} {channel.COUNTED} group queue taken".split()
) | frozenset(election_rules.STATES)


def contents(
    figures: Mapping[str, Any],
    settings: Mapping[str, Any],
    status: Mapping[str, Any] | None,
    bursts: Iterable[BurstState],
    lines: Iterable[Line],
    names: Pseudonyms,
    now_s: float,
    findings: Iterable[Finding] = (),
    cluster: Mapping[str, Any] | None = None,
    past: Mapping[str, Any] | None = None,
    since_s: float = 0.0,
) -> dict[str, Any]:
    """All of it as plain JSON. `figures`, `settings` and `status` are a host's answers to those
    verbs, the last None while no leader answers; `lines` are of logs, `findings` of the host's
    computer; `cluster` is its answer to `host status`, `past` what
    `pressel.node.history.all_rows` gives, of which only what is after `since_s` is kept."""
    kept = list(bursts)[-BURSTS_MAX:]
    members = status["members"] if status is not None else []
    return {
        "format": 1,
        "made_at": int(now_s),
        "recorded": None,  # or from when to when somebody made the fault happen
        "versions": _versions(),
        "computer": _computer(),
        "figures": _figures(figures),
        "history": history(past, _WORDS, since_s),
        "settings": _settings(settings, names),
        "needs": needs(status, kept, findings, names, now_s, cluster),
        "badges": [_member(each, names) for each in members],
        "hosts": [_peer(each, names) for each in (cluster or {}).get("peers", [])],
        "relays": [_relay(each, names) for each in (status or {}).get("relays", [])],
        "health": _health(kept, names, now_s, disorder(read_status(status))),
        "bursts": [_burst(each, names) for each in kept],
        "events": [_line(each, names) for each in list(lines)[-LINES_MAX:]],
    }


def _versions() -> dict[str, str]:
    return {
        "pressel": __version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "kernel": _release(platform.release()),
        "machine": platform.machine(),
    }


def _release(kernel: str) -> str:
    """Its numbers: whoever builds a kernel may name it."""
    found = re.match(r"[0-9.]+", kernel)
    return found.group() if found else ""


def _computer() -> dict[str, Any]:
    disk = shutil.disk_usage("/")
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "memory_bytes": pages,
        "disk_bytes": disk.total,
        "disk_free_bytes": disk.free,
        "load": [round(each, 2) for each in os.getloadavg()],
    }


def _figures(told: Mapping[str, Any]) -> dict[str, Any]:
    """Those that a metric reads: numbers, and tables of them."""
    found: dict[str, Any] = {}
    for row in metrics().values():
        verb, *path = row.source.split(".")
        if verb not in told or row.of_bursts:
            continue
        value: Any = told[verb]
        for part in path:
            value = value.get(part) if isinstance(value, Mapping) else None
        found[row.source] = _numbers(value)
    return found


def _numbers(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _numbers(each) for key, each in value.items() if key in _WORDS}
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    if isinstance(value, str):
        return value if value in _WORDS else None
    return value if isinstance(value, (int, float)) else None


def _settings(told: Mapping[str, Any], names: Pseudonyms) -> dict[str, Any]:
    values = told.get("values") or {}

    def named(key: str) -> str:
        """A badge's own value under the name that the bundle has for it."""
        name, whose = split_key(key)
        return key_at(name, names.of("badge", str(whose))) if is_device(whose) else key

    return {
        "version": _numbers(told.get("version")),
        "values": {named(key): _numbers(values[key]) for key in values if is_known(key)},
        "badges": _numbers(told.get("badges")),
        "applied": _numbers(told.get("applied")),
        "refused": _numbers(told.get("refused")),
    }


_REPORTED = (  # the access point has another name: its address is a place
    *("ago_ms", "signal_dbm", "channel", "battery_percent", "starts", "heap_free_bytes"),
    *("stall_ms", "joins", "delay_ms", "round_trip_ms", "unanswered"),
)


def _member(told: Mapping[str, Any], names: Pseudonyms) -> dict[str, Any]:
    build = str(told["build"])
    report = told.get("badge")
    return {
        "badge": names.of("badge", str(told["device"])),
        "group": _numbers(told["group"]),
        "silent_ms": _numbers(told["silent_ms"]),
        "build": build if re.fullmatch(r"[0-9.]{1,20}", build) else "another",
        "settings_version": _numbers(told["settings_version"]),
        "other_table": told.get("table_advice") is not None,
        "access_point": names.of("point", str(report.get("access_point") or "")) if report else "",
        "restarts": _numbers(told.get("restarts")),
        "doubles": _numbers(told.get("doubles")),
        "report": _report(report) if report else None,
        "microphone": _microphone(told.get("microphone")),
        "way": _way(told.get("way"), names),
    }


def _report(told: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: _numbers(told.get(name)) for name in _REPORTED}
    why = str(told.get("restart"))
    return {**found, "restart": why if why in RESTARTS else ""}


def _peer(told: Mapping[str, Any], names: Pseudonyms) -> dict[str, Any]:
    return {
        "host": names.of("host", str(told["name"])),
        "silent_ms": _numbers(told.get("silent_ms")),
    }


def _relay(told: Mapping[str, Any], names: Pseudonyms) -> dict[str, Any]:
    counted = ("serves", "listeners", "load_percent", "round_trip_ms")
    return {
        "host": names.of("host", str(told["name"])),
        **{name: _numbers(told.get(name)) for name in counted},
    }


def _microphone(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if told is None:
        return None
    counted = ("spoken", "clipped_percent", "windy_percent", "noise_dbfs", "silent_s")
    noise = str(told.get("noise") or "")
    return {
        **{name: _numbers(told.get(name)) for name in (*counted, "above_noise_db")},
        "noise": noise if noise in NOISES else "",
    }


def _way(told: Mapping[str, Any] | None, names: Pseudonyms) -> dict[str, Any] | None:
    """By which it gets voice, with our own words for why."""
    if told is None:
        return None
    why, relay_why = str(told.get("why")), str(told.get("relay_why"))
    return {
        **{name: _numbers(told.get(name)) for name in ("is_many", "probes", "late", "forged")},
        "why": why if why in WHY_MANY else "",
        "relay": names.of("host", str(told.get("relay") or "")),
        "relay_why": relay_why if relay_why in WHY_RELAY else "",
    }


def _health(bursts: list[BurstState], names: Pseudonyms, now_s: float, why: str) -> dict[str, Any]:
    """Without the reasons: they name people."""
    found = judge(bursts, now_s, why)
    return {
        "word": found.word,
        "r": found.r,
        "badges": [
            {"badge": names.of("badge", each.device), "word": each.word, "r": each.r,
             "lost": each.heard.lost, "late": each.heard.late, "bursts": each.heard.bursts,
             "lost_of_its_talk": each.told.lost}
            for each in found.badges.values()
        ],
    }  # fmt: skip


def _burst(burst: BurstState, names: Pseudonyms) -> dict[str, Any]:
    numbers = (
        "burst",
        "term",
        "group",
        "at",
        "waited_ms",
        "lasted_ms",
        "listeners",
        "heard",
        "whole",
    )
    return {
        **{name: getattr(burst, name) for name in numbers},
        "cause": burst.cause if burst.cause in _words_of(["ended", "revocation"]) else None,
        "talker": names.of("badge", burst.device),
        "hearings": [
            {"badge": names.of("badge", each.device), "played": each.played,
             "concealed": each.concealed, "late": each.late}
            for each in burst.hearings
        ],
    }  # fmt: skip


def _line(line: Line, names: Pseudonyms) -> dict[str, Any]:
    """An event of a log by the kinds that the table gives to what it carries."""
    row = event_table().rows()[line.event]
    told: dict[str, Any] = {"log": names.of("log", line.source), "event": line.event}
    if line.at_s is not None:
        told["at"] = line.at_s
    if line.ms is not None:
        told["ms"] = line.ms
    for name, value in line.fields.items():
        kept = _field(row, name, value, names)
        if kept is not None:
            told[name] = kept
    return told


def _field(row: EventRow, name: str, value: Any, names: Pseudonyms) -> Any:
    kinds = row.kinds(name)
    if not kinds and name == "why" and isinstance(value, str) and value in RESTARTS:
        return value
    if not kinds:
        return value if name in _ADDED and isinstance(value, int) else None
    if kinds[0] == "number":
        return value if isinstance(value, int) else None
    if kinds[0] in ("node", "member"):
        return names.of("name", str(value))
    if kinds[0] in ("device", "host"):
        return names.of("badge" if kinds[0] == "device" else "host", str(value))
    if kinds[0] == "text":
        return None
    return value if value in _words_of(kinds) else None


def _words_of(kinds: Iterable[str]) -> set[str]:
    return {key.replace("_", " ") for kind in kinds for key in event_table().numbers(kind)}
