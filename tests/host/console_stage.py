"""A console over a socket, the browsers that ask it, and the host that it asks: a stand-in."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from tests.host.web import fetch, served

from pressel.console.accounts import Accounts
from pressel.console.door import Door
from pressel.console.host_reader import HostReader
from pressel.console.server import settings
from pressel.errors import OtherVersionError, UnreachableError, UsageError
from pressel.registry.chains import BEGINNING
from pressel.schema.settings import settings as setting_rows
from ptt.base.numbers import ADPCM_FRAME_BYTES

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # passwords are not the subject
PASSWORD = "a long password"
SCRIPT = "<script>alert(1)</script>"
DEVICE = "0000000000000001"
ENTRY = {
    "index": 7, "term": 1, "time_s": 0, "host": "0" * 64, "verb": "device rename",
    "subject": f"device {DEVICE}", "facts": {"state": "active", "groups": [1], "epoch": 1},
    "texts": {"who": "Mia", "name": SCRIPT}, "hash": "1" * 64, "place": [1, 7],
}  # fmt: skip
PAGES = (
    "/", "/badges", f"/badges/{DEVICE}", "/wifi", "/history", "/recordings", "/settings",
    "/settings/file", "/changes", "/report", "/audit", "/accounts",
)  # fmt: skip


def recorded(burst: int, at_ms: int, *, held: bool = False) -> dict[str, Any]:
    return {
        "mark": f"1-{burst}", "group": 1, "talker": SCRIPT, "device": DEVICE, "at_ms": at_ms,
        "lasted_ms": 2400, "frames": 120, "held": held,
    }  # fmt: skip


class HostStandIn:
    """Answers like a host with one badge of a hostile name; `asked` is what changes asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.badge = {
            "ago_ms": 4000, "signal_dbm": -78, "access_point": "ab:cd", "channel": 6,
            "battery_percent": 9, "starts": 3, "restart": "its program hung",
            "heap_free_bytes": 9000, "stall_ms": 12, "joins": 2, "delay_ms": 60,
            "round_trip_ms": 8, "unanswered": 1,
        }  # fmt: skip
        self.microphone = {
            "spoken": 90, "clipped_percent": 2, "windy_percent": 3, "noise_dbfs": -51
        }  # fmt: skip
        self.talked_s = 1.0  # long ago
        self.rollout: dict[str, Any] = {"state": ""}
        self.kept = {"minutes": 90, "groups": {"3": 0}, "replay_from_ms": 2000}
        self.sent: dict[str, Any] | None = None  # on its way to badges
        self.waiting = ["0" * 15 + "2"]  # devices that ask to be let in
        self.others: list[str] = []  # names of badges that are there, too
        self.relays = [
            {"name": SCRIPT, "serves": False, "listeners": 0, "load_percent": 99,
             "round_trip_ms": 80},
            {"name": "bar", "serves": True, "listeners": 1, "load_percent": 5, "round_trip_ms": 2},
        ]  # fmt: skip
        self.is_gone = False
        self.update: dict[str, Any] = {}  # that is not as below
        self.cluster: dict[str, Any] = {}  # its answer to `host status`; empty: of another version
        self.values: dict[str, int] = {}  # that are not at their default
        self.mended: Any = []  # where hosts' disks had other settings
        self.lacks: set[str] = set()  # settings and verbs, as a former version does
        self.refuse: Callable[[str, dict[str, Any]], None] = lambda verb, fields: None
        self.looks = 0

    def __call__(self, verb: str, **fields: Any) -> Any:
        if self.is_gone and not (verb == "host status" and self.cluster):
            raise UnreachableError("no host runs on this machine")
        device = {
            "id": DEVICE, "name": SCRIPT, "groups": [1], "state": "active", "check_code": None,
            "entitlements": {"emergency": False, "priority": 0},
        }  # fmt: skip
        if verb in self.lacks:
            raise OtherVersionError(f'the host runs another version, which does not know "{verb}"')
        if verb == "status":
            self.looks += 1
            return self._status()
        if verb == "bursts":
            return {
                "run": "1",
                "newest": 1,
                "bursts": [self._burst()] if not fields["after"] else [],
            }
        if verb == "device list":
            if fields["state"] != "pending":
                return [device]
            return [{**device, "id": each, "check_code": "ACDE-FHJK"} for each in self.waiting]
        if verb == "device show":
            if fields["id"] != DEVICE:
                raise UsageError("there is no such device")
            return device
        if verb == "settings":
            values = {name: row.default for name, row in setting_rows().items()}
            values |= {"floor.talk_ms@3": 5000, **self.values}
            values = {name: value for name, value in values.items() if name not in self.lacks}
            return {"version": 3, "values": values, "badges": 1, "applied": 1, "refused": 0}
        if verb == "settings status":
            return {"version": 3, "members": [], "mended": self.mended}
        if verb == "settings history":
            was, now = {"floor.talk_ms@3": None}, {"floor.talk_ms": 60000, "floor.talk_ms@3": 5000}
            told = {"who": "ann", "why": "rush", "time_s": 0, "host": "0" * 64}
            return [{"version": 3, **told, "was": was, "now": now}]
        if verb == "settings touched":
            self.refuse(verb, fields)
            return {key.partition("@")[0]: [SCRIPT] for key in fields["values"]}
        if verb == "device loans":
            return []
        if verb == "device boards":
            return {DEVICE: "c3"}
        if verb == "figures":
            return {}
        if verb == "history":
            kept = {"every_s": 60.0, "columns": ["host.term"], "place": 2, "newest": 2}
            return {**kept, "rows": [[60.0, 1], [120.0, 2]]}
        if verb == "host status":
            return self.cluster
        if verb == "rollout status":
            return self.rollout
        if verb == "update list":
            return [{"release": 4, "chip": chip} for chip in ("esp32", "esp32s3")] + [
                {"release": 3, "chip": "esp32"}
            ]
        if verb == "update status":
            return self._update()
        if verb == "audit list":
            return [] if fields["after"] != list(BEGINNING) else [ENTRY]
        if verb == "audit compare":
            return {"all": [], "behind": [], "silent": [SCRIPT]}
        if verb == "audit verify":
            return {"entries": 7, "term": 1, "hash": "0" * 64}
        if verb == "recordings list":
            return {**self.kept, "recordings": [recorded(7, 1000), recorded(8, 3000, held=True)]}
        if verb == "recordings sent":
            return self.sent
        if verb in ("recordings piece", "recordings replay"):
            self.asked.append((verb, fields))
            frames = base64.b64encode(bytes(2 + ADPCM_FRAME_BYTES)).decode()
            return {"frames": None if fields["piece"] else frames}
        if verb == "recordings open":
            self.asked.append((verb, fields))
            return {"ticket": "once"}
        if verb == "device invite":
            self.asked.append((verb, fields))
            return "ACDE-FHJK"
        self.refuse(verb, fields)
        self.asked.append((verb, fields))
        return True

    def _status(self) -> dict[str, Any]:
        member = {
            "node": 2, "name": SCRIPT, "device": DEVICE, "address": "127.0.0.1:9", "build": "t",
            "group": 1, "silent_ms": 10, "table_advice": None, "settings_version": 3,
            "badge": self.badge, "microphone": self.microphone,
        }  # fmt: skip
        floor = {
            "group": 1, "state": "floor taken", "talker": SCRIPT, "node": 2, "lease": 7,
            "queue": ["Ben"], "talks_ms": 61_000,
        }  # fmt: skip
        others = [
            {**member, "node": 3 + number, "name": name, "device": f"{3 + number:016x}"}
            for number, name in enumerate(self.others)
        ]
        return {
            "term": 1, "address": "127.0.0.1:1", "uptime_s": 1.0, "members": [member, *others],
            "floors": [floor], "voice_in": 0, "voice_out": 0, "refused": {}, "relays": self.relays,
        }  # fmt: skip

    def _update(self) -> dict[str, Any]:
        badge = {
            "device": DEVICE, "name": SCRIPT, "here": True, "build": "t", "running": 3,
            "state": "fetching", "percent": 40, "reason": "",
        }  # fmt: skip
        failed = {**badge, "device": "0" * 15 + "2", "here": False, "state": "failed"}
        failed |= {"percent": None, "reason": "its flash is full; flash it anew"}
        standing = {"release": 4, "stage": "pilot", "paused": "", "badges": [badge, failed]}
        return {**standing, **self.update}

    def _burst(self) -> dict[str, Any]:
        hearing = {"name": SCRIPT, "device": DEVICE, "played": 90, "concealed": 10, "late": 0}
        return {
            "place": 1, "burst": 6, "term": 1, "group": 1, "talker": SCRIPT, "device": DEVICE,
            "at": self.talked_s, "waited_ms": 900, "lasted_ms": 2000, "cause": "released",
            "listeners": 2, "heard": 1, "whole": 0, "hearings": [hearing],
        }  # fmt: skip


@dataclass
class Browser:
    """Keeps its cookies; `form` is the mark of the last page that had one."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    form: str = ""

    def open(self, path: str, **headers: str) -> tuple[int, str]:
        return self._send("GET", path, "", headers)

    def post(
        self, path: str, headers: dict[str, str] | None = None, /, **fields: str
    ) -> tuple[int, str]:
        """As from a page of the console's own."""
        body = urlencode({"form": self.form, **fields})
        own = {"Origin": f"http://127.0.0.1:{self.port}"} if headers is None else headers
        return self._send("POST", path, body, own)

    def _send(self, method: str, path: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
        told = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body:
            told["Content-Type"] = "application/x-www-form-urlencoded"
        answer, text = fetch(self.port, path, method, {**told, **headers}, body)
        for line in answer.headers.get_all("set-cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
            assert "httponly" in line.lower() and "samesite=strict" in line.lower()
        found = re.search(r'name="form" value="([^"]+)"', text)
        self.form = found.group(1) if found else self.form
        return answer.status, text


@dataclass
class Stage:
    port: int
    host: HostStandIn
    door: Door
    accounts: Accounts

    def browser(self, name: str = "") -> Browser:
        browser = Browser(self.port)
        if name:
            assert browser.post("/login", name=name, password=PASSWORD)[0] == 303
            assert browser.open("/")[0] == 200
        return browser


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    accounts = Accounts(tmp_path, QUICK)
    for role in ("see", "talk", "manage", "own"):
        accounts.put(role, role, PASSWORD)
    host = HostStandIn()
    door = Door(accounts, is_secure=False)
    names = frozenset({"127.0.0.1", "localhost"})
    with served(settings(HostReader(host), door, names, tmp_path)) as port:
        yield Stage(port, host, door, accounts)


def rolled_out(state: str, stage: str, words: str = "") -> dict[str, Any]:
    health = {"badges": 2, "refused": 0, "silent": 1, "lost": 0, "frames": 1200, "spoilt": 12}
    return {
        "state": state, "stage": stage, "words": words, "version": 4, "why": SCRIPT, "who": "Mia",
        "changed": "audio.x 1 to 2", "since_s": 130, "touched": health, "others": health,
    }  # fmt: skip
