"""The console, asked over a socket as a browser asks it: who gets in, who may do what, and what
others cannot do to it."""

from __future__ import annotations

import base64
import html
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from tests.host.web import fetch, served

from pressel.console.accounts import ACCOUNTS_MAX, Accounts
from pressel.console.door import Door
from pressel.console.guard import BODY_BYTES_MAX
from pressel.console.host_reader import HostReader
from pressel.console.secrets_kept import ACCOUNTS
from pressel.console.server import settings
from pressel.console.sessions import IDLE_S, SESSIONS_MAX, TRIES, Sessions, Tries
from pressel.console.static_files import STATIC
from pressel.errors import OtherVersionError, PresselError, UnreachableError, UsageError
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
        floor = {"group": 1, "state": "floor taken", "talker": SCRIPT, "lease": 7, "queue": ["Ben"]}
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


def test_nobody_sees_anything_without_logging_in(stage: Stage) -> None:
    stranger = stage.browser()
    for page in ("/live", "/floors", *PAGES):
        assert stranger.open(page)[0] == 303, page
    for act in (
        "/text", "/approve", "/deny", "/settings", "/settings/file", "/accounts",
        f"/badges/{DEVICE}", "/invite", "/bundle", "/changes", "/recordings/replay",
        "/recordings/export", "/recordings/delete",
    ):  # fmt: skip
        assert stranger.post(act, text="x")[0] == 303, act
    stranger.cookies = {"pressel": "x" * 43}
    assert stranger.open("/")[0] == 303
    assert stage.host.asked == [] and stage.host.looks == 0


def test_every_page_shows_names_as_text(stage: Stage) -> None:
    browser = stage.browser("own")
    for page in (*PAGES, "/audit?verify=yes"):
        status, text = browser.open(page)
        assert status == 200, page
        assert SCRIPT not in text and "onclick" not in text and " style=" not in text
        assert not re.search(r"<script(?! src=\"/static/)", text)
    assert "&lt;script&gt;" in browser.open("/")[1]
    assert "10.0 % lost" in browser.open(f"/badges/{DEVICE}")[1]
    wifi = browser.open("/wifi")[1]
    assert "slow or busy: the leader does its work" in wifi and "too little said to tell" in wifi


def test_what_a_badge_reports_is_shown_where_it_explains_something(stage: Stage) -> None:
    stage.host.talked_s = time.time()
    browser = stage.browser("talk")
    live, badge, wifi = (browser.open(page)[1] for page in ("/", f"/badges/{DEVICE}", "/wifi"))
    assert "Low battery:" in live and "(9 %)" in live
    assert "too far from its access point, at -78 dBm" in live
    for words in (
        "ab:cd, channel 6",
        "9 %, nearly empty",
        "in 2 % of what it says, wind or cloth in 3 %; between words -51 dB of full scale",
        "the last time: its program hung",
        "9,000 bytes",
    ):
        assert words in badge, words
    assert "channel 6" in wifi and "(weak)" in wifi and "10.0 %" in wifi and "1 too far" in wifi
    stage.host.badge |= {"signal_dbm": -60}
    assert browser.post("/text", text="x")[0] == 303  # what is shown next is read anew
    live, badge, wifi = (browser.open(page)[1] for page in ("/", f"/badges/{DEVICE}", "/wifi"))
    assert "not too far away, at -60 dBm" in live and "too far away" not in badge + wifi
    unknown = ("signal_dbm", "access_point", "channel", "battery_percent", "heap_free_bytes")
    stage.host.badge |= dict.fromkeys(unknown)
    assert browser.post("/text", text="x")[0] == 303
    live, badge, wifi = (browser.open(page)[1] for page in ("/", f"/badges/{DEVICE}", "/wifi"))
    assert "Low battery" not in live and "dBm" not in live
    assert "not measured" in badge and "not told" in wifi and "None" not in badge + wifi


def rolled_out(state: str, stage: str, words: str = "") -> dict[str, Any]:
    health = {"badges": 2, "refused": 0, "silent": 1, "lost": 0, "frames": 1200, "spoilt": 12}
    return {
        "state": state, "stage": stage, "words": words, "version": 4, "why": SCRIPT, "who": "Mia",
        "changed": "audio.x 1 to 2", "since_s": 130, "touched": health, "others": health,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "stage_name", "places", "acts"),
    [
        ("running", "canary", ["now", "to-come", "to-come", "to-come"], ["pause", "abort"]),
        ("paused", "10 %", ["done", "now", "to-come", "to-come"], ["go", "abort"]),
        ("taken back", "50 %", ["done", "done", "taken-back", "to-come"], []),
        ("running", "all", ["done", "done", "done", "now"], ["pause", "abort"]),
        ("done", "all", ["done"] * 4, []),
    ],
)
def test_a_change_shows_how_far_it_is_and_what_may_be_done(
    stage: Stage, state: str, stage_name: str, places: list[str], acts: list[str]
) -> None:
    stage.host.rollout = rolled_out(state, stage_name, "2 of 2 badges refuse it")
    for role in ("see", "manage"):
        text = stage.browser(role).open("/changes")[1]
        assert re.findall(r'<li class="([a-z-]+)"', text) == places
        assert "audio.x 1 to 2" in text and "2 of 2 badges refuse it." in text
        said = [each for each in ("go", "pause", "abort") if f'value="{each}"' in text]
        assert sorted(said) == (sorted(acts) if role == "manage" else [])


def test_what_is_done_about_a_change_and_an_update(stage: Stage) -> None:
    browser = stage.browser("manage")
    text = browser.open("/changes")[1]
    assert "1 failed, 1 fetching" in text and "its flash is full" in text
    assert re.findall(r'<option value="(\w+)"', text) == ["half", "all"]  # pilot is under way
    row = {"name": "media.x", "value": "80", "base": "3"}
    for path, fields, asked in (
        ("/settings", {**row, "staged": "yes"}, "rollout start"),
        ("/changes", {"what": "pause"}, "rollout pause"),
        ("/changes", {"what": "go"}, "rollout go"),
        ("/changes", {"what": "update", "release": "4", "stage": "half"}, "update start"),
        ("/changes", {"what": "update", "release": "4", "stage": "staged"}, "update stages"),
        ("/changes", {"what": "hold update"}, "update pause"),
        ("/changes", {"what": "forget update"}, "update cancel"),
    ):
        assert browser.post(path, **fields)[0] == 303
        assert stage.host.asked[-1][0] == asked and stage.host.asked[-1][1]["for"] == "manage"
    count = len(stage.host.asked)
    for wrong in ({"what": "x"}, {"what": "update", "release": "4", "stage": "some"}, {}):
        assert browser.post("/changes", **wrong)[0] == 400
    assert len(stage.host.asked) == count


def test_a_setting_that_people_say_in_words_is_chosen_in_words(stage: Stage) -> None:
    text = stage.browser("manage").open("/settings")[1]
    for name, row in setting_rows().items():
        (form,) = re.findall(rf'name="name" value="{name}">.*?</form>', text, re.S)[:1] or [""]
        chosen = [f">{word}</option>" in form for word in row.words]
        assert all(chosen) and ('type="number" name="value"' in form) != bool(
            row.words or row.badge == "apart"
        ), name
    assert f'value="{setting_rows()["audio.codec"].default}" selected>auto</option>' in text


@pytest.mark.parametrize(
    ("at", "paused", "parts"),
    [
        ("", "", ["staged", "pilot", "half", "all"]),
        ("pilot", "", ["half", "all"]),
        ("canary", "", []),
        ("10 %", "", []),
        ("10 %", "taken back: x", ["staged", "pilot", "half", "all"]),
        ("all", "", []),
    ],
)
def test_an_update_that_goes_in_stages_is_widened_by_nobody(
    stage: Stage, at: str, paused: str, parts: list[str]
) -> None:
    stage.host.update = {"stage": at, "paused": paused}
    status, text = stage.browser("manage").open("/changes")
    assert status == 200 and re.findall(r'<option value="([a-z]+)"', text) == parts


def test_a_leader_of_a_former_version_lacks_settings_and_pages_and_is_named(stage: Stage) -> None:
    stage.host.lacks = {"settings history", "recordings list", "audio.codec"}
    browser = stage.browser("manage")
    for page in ("/history", "/recordings"):
        status, text = browser.open(page)
        assert status == 502 and "runs another version" in text
    status, text = browser.open("/settings")
    assert status == 200 and "does not know" in text and "Update it." in text
    assert 'value="audio.codec"' not in text and 'value="floor.talk_ms"' in text
    stage.host.lacks = set()
    assert "Update it." not in browser.open("/settings")[1]


def test_a_group_gets_a_value_of_its_own_and_loses_it(stage: Stage) -> None:
    browser = stage.browser("manage")
    text = browser.open("/settings")[1]
    of_groups = [row for row in setting_rows().values() if row.of_groups]
    assert "In talk group 3 <b>5000 ms</b>" in text
    assert text.count('name="at" min="1"') == len(of_groups)
    assert 'value="venue"' not in stage.browser("see").open("/settings")[1]
    row = {"name": "floor.talk_ms", "base": "3"}
    for given, asked in (
        ({"value": "7000", "at": "4"}, {"floor.talk_ms@4": 7000}),
        ({"value": "7000", "at": ""}, {"floor.talk_ms": 7000}),
        ({"value": "venue", "at": "3"}, {"floor.talk_ms@3": None}),
        ({"value": "7000", "at": "", "badge": ""}, {"floor.talk_ms": 7000}),
    ):
        assert browser.post("/settings", **row, **given)[0] == 303
        assert stage.host.asked[-1][1]["values"] == asked
    text = browser.open("/history")[1]
    assert (
        ">Version 3</a>, by ann: rush<br>floor.talk_ms in group 3: as the venue -&gt; 5000 ms"
        in text
    )


def test_a_badge_gets_a_value_of_its_own_and_loses_it(stage: Stage) -> None:
    delay = "audio.playout_delay_ms"
    stage.host.values = {f"{delay}@{DEVICE}": 90}
    browser = stage.browser("manage")
    text = browser.open("/settings")[1]
    of_badges = [row for row in setting_rows().values() if row.of_badges]
    assert text.count('<select name="badge">') == len(of_badges)
    assert f"At badge {html.escape(SCRIPT)} <b>90 ms</b>" in text and SCRIPT not in text
    assert 'name="badge"' not in stage.browser("see").open("/settings")[1]
    row = {"name": delay, "base": "3"}
    for given, asked in (
        ({"value": "80", "at": "", "badge": DEVICE}, {f"{delay}@{DEVICE}": 80}),
        ({"value": "venue", "badge": DEVICE}, {f"{delay}@{DEVICE}": None}),
    ):
        assert browser.post("/settings", **row, **given)[0] == 303
        assert stage.host.asked[-1][1]["values"] == asked
    count = len(stage.host.asked)
    status, text = browser.post("/settings", **row, value="80", at="3", badge=DEVICE)
    assert status == 400 and "one of them" in text and len(stage.host.asked) == count


def test_a_board_gets_a_value_of_its_own_and_loses_it_and_a_badge_its_board(stage: Stage) -> None:
    delay, gain = "audio.playout_delay_ms", "audio.gain"
    stage.host.values = {f"{delay}@c3": 90, f"{gain}@{DEVICE}": 0}
    browser = stage.browser("manage")
    text = browser.open("/settings")[1]
    assert "On board c3 <b>90 ms</b>" in text and "<option>esp32-devkit</option>" in text
    assert "<button>As the venue</button>" in text and "<button>As its board</button>" in text
    row = {"name": delay, "base": "3"}
    for given, asked in (
        ({"value": "80", "at": "", "badge": "", "board": "c3"}, {f"{delay}@c3": 80}),
        ({"value": "venue", "board": "c3"}, {f"{delay}@c3": None}),
    ):
        assert browser.post("/settings", **row, **given)[0] == 303
        assert stage.host.asked[-1][1]["values"] == asked
    count = len(stage.host.asked)
    assert browser.post("/settings", **row, value="80", board="c3", badge=DEVICE)[0] == 400
    assert len(stage.host.asked) == count
    page = f"/badges/{DEVICE}"
    assert "<dd>c3</dd>" in browser.open(page)[1]
    assert browser.post(page, what="board", board="esp32-devkit")[0] == 303
    assert stage.host.asked[-1] == (
        "device board", {"id": DEVICE, "board": "esp32-devkit", "for": "manage"},
    )  # fmt: skip
    assert stage.browser("talk").post(page, what="board", board="c3")[0] == 403


def test_an_invitation_shows_its_code_once(stage: Stage) -> None:
    status, text = stage.browser("manage").post("/invite", groups="1, 2")
    assert status == 200 and "ACDE-FHJK" in text
    ((verb, fields),) = stage.host.asked
    assert verb == "device invite"
    assert fields["groups"] == [1, 2] and fields["for"] == "manage"
    assert stage.browser("talk").post("/invite", groups="1")[0] == 403


def test_a_bundle_is_a_file_without_names(stage: Stage) -> None:
    status, text = stage.browser("manage").post("/bundle")
    assert status == 200 and re.search(r"badge-[a-z2-7]{8}", text)
    assert "alert(1)" not in text and DEVICE not in text
    assert stage.browser("talk").post("/bundle")[0] == 403


def test_the_log_is_checked_and_found_in_words(stage: Stage) -> None:
    browser = stage.browser("manage")
    text = browser.open("/audit")[1]
    assert "renamed a badge: " in text and f'href="/badges/{DEVICE}"' in text
    assert "entry 7, host" in text and "All entries" not in text
    assert "All entries up to 7 hold." in browser.open("/audit?verify=yes")[1]
    assert stage.browser("talk").open("/audit")[0] == 403


def test_who_may_do_what(stage: Stage) -> None:
    """Each role may do its own and what those below it may, and nothing else."""
    acts = [
        ("talk", "/text", {"text": "hello"}),
        ("manage", "/approve", {"device": "0" * 15 + "2", "groups": "1, 2"}),
        ("manage", "/settings", {"name": "media.x", "value": "80", "base": "3"}),
        ("manage", "/changes", {"what": "abort"}),
        ("manage", f"/badges/{DEVICE}", {"what": "revoke"}),
        ("manage", f"/badges/{DEVICE}", {"what": "lend", "person": "Ann"}),
        ("manage", f"/badges/{DEVICE}", {"what": "return"}),
        ("talk", "/recordings/send", {"mark": "1-8", "to": " Ann "}),
        ("talk", "/recordings/stop", {}),
        ("manage", "/recordings/resend", {"mark": "1-7", "to": ""}),
        ("manage", "/recordings/delete", {"mark": "1-7"}),
        ("own", "/recordings/hold", {"mark": "1-7", "why": "a claim"}),
        ("own", "/recordings/release", {"mark": "1-8"}),
        ("own", "/accounts", {"name": "new", "role": "see", "password": PASSWORD}),
    ]
    order = ("see", "talk", "manage", "own")
    for role in order:
        browser = stage.browser(role)
        for needed, path, fields in acts:
            status, _ = browser.post(path, **fields)
            may = order.index(role) >= order.index(needed)
            assert status == (303 if may else 403), f"{role} {path}"
    verbs = [verb for verb, _ in stage.host.asked]
    assert verbs.count("text") == 3
    sent = [fields for verb, fields in stage.host.asked if verb.startswith("recordings ")]
    assert {"for": "talk", "id": "1-8", "to": ["Ann"]} in sent
    assert {"for": "own", "id": "1-7", "to": []} in sent
    assert verbs.count("device revoke") == 2
    assert {fields["for"] for _, fields in stage.host.asked} == {"talk", "manage", "own"}
    assert (
        "device approve",
        {"for": "own", "id": "0" * 15 + "2", "groups": [1, 2]},
    ) in stage.host.asked


def test_recordings_are_played_by_who_may_and_the_log_tells_of_old_ones(stage: Stage) -> None:
    """Of two, 1-7 is older than a quarter of an hour, and 1-8 is held."""
    shown = {role: stage.browser(role).open("/recordings")[1] for role in ("see", "talk", "own")}
    plays = re.compile(r'action="/recordings/(replay|play)"')
    sends = re.compile(r'action="/recordings/(send|resend)"')
    assert [sends.findall(text) for text in shown.values()] == [[], ["send"], ["send", "resend"]]
    assert [plays.findall(text) for text in shown.values()] == [[], ["replay"], ["replay", "play"]]
    assert "kept for 90 min, in group 3 not at all" in shown["see"]
    assert [re.findall(r'recordings/(delete|hold|release)"', shown["own"])] == [
        ["release", "delete", "hold"]
    ]
    for role, path, mark, asked in (
        ("talk", "replay", "1-8", ["recordings replay"] * 2),
        ("manage", "play", "1-7", ["recordings open", *["recordings piece"] * 2]),
        ("manage", "export", "1-7", ["recordings open", *["recordings piece"] * 2]),
    ):
        stage.host.asked.clear()
        status, sound = stage.browser(role).post(f"/recordings/{path}", mark=mark)
        assert status == 200 and sound.startswith("RIFF"), path
        assert [verb for verb, _ in stage.host.asked] == asked
        assert {fields["for"] for _, fields in stage.host.asked} == {role}
        assert stage.host.asked[0][1].get("purpose", "replay") == path
    for role, path in (("see", "replay"), ("talk", "play"), ("talk", "export")):
        assert stage.browser(role).post(f"/recordings/{path}", mark="1-8")[0] == 403
    stage.host.asked.clear()
    for mark in ("", "1", "../1", "1-7\r\nX: y", SCRIPT):
        status, text = stage.browser("own").post("/recordings/export", mark=mark)
        assert status == 400 and SCRIPT not in text
    assert stage.host.asked == []
    stage.host.kept |= {"replay_until_ms": 2500}  # 1-8 is of a time to come: no fresh one
    assert plays.findall(stage.browser("talk").open("/recordings")[1]) == []
    stage.host.kept |= {"minutes": 0}
    assert "Nothing is recorded." in stage.browser("see").open("/recordings")[1]


def test_the_page_tells_how_what_is_sent_to_badges_fares(stage: Stage) -> None:
    """It asks again while that is on its way, and only what is new is shown anew."""
    browser = stage.browser("talk")
    assert "/recordings/stop" not in browser.open("/recordings")[1]
    sent = {"id": "1-8", "talker": SCRIPT, "to": [SCRIPT, "B"], "at_ms": time.time() * 1000}
    for state, heard, why, words in (
        ("waits", None, "", "as soon as nobody talks to them"),
        ("plays", None, "", " hear what "),
        ("over", 2, "", "heard it."),
        ("over", 1, SCRIPT, "1 of 2 heard what"),
    ):
        stage.host.sent = {**sent, "state": state, "heard": heard, "why": why}
        for path in ("/recordings", "/recordings/sent"):
            text = browser.open(path)[1]
            assert words in text and SCRIPT not in text, path
            assert ("/recordings/stop" in text) == (state != "over"), path
            assert (f"sent?shown={state}" in text) == (state != "over"), path
        assert "/recordings/stop" not in stage.browser("see").open("/recordings")[1]
        assert browser.open(f"/recordings/sent?shown={state}")[0] == 204
    stage.host.sent["at_ms"] = 0
    assert "heard what" not in browser.open("/recordings")[1]  # that was long ago


def test_the_report_is_a_page_to_print_and_json(stage: Stage) -> None:
    browser = stage.browser("see")
    assert "KPI 4" in browser.open("/report")[1]
    status, text = browser.open("/report/print")
    assert status == 200 and "KPI 4" in text and SCRIPT not in text
    told = json.loads(browser.open("/report/json")[1])
    assert told[-1]["bursts"] == 1 and told[-1]["kpi3_ms"] is None


def test_a_page_of_somebody_else_can_do_nothing(stage: Stage) -> None:
    browser = stage.browser("own")
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {},
        {"Origin": f"https://127.0.0.1:{stage.port}"},
    ):
        assert browser.post("/text", headers, text="x")[0] == 403, headers
    form, browser.form = browser.form, "x" * 32
    assert browser.post("/text", text="x")[0] == 403
    assert browser.open("/", Host="evil.example")[0] == 421
    assert stage.host.asked == []
    browser.form = form
    assert browser.post("/text", text="x")[0] == 303


def test_what_a_browser_is_told_to_forbid(stage: Stage) -> None:
    answer, _ = fetch(stage.port, "/login")
    policy = answer.headers["content-security-policy"] or ""
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["server"] is None


def test_what_is_too_large_is_refused(stage: Stage) -> None:
    browser = stage.browser("own")
    assert browser.post("/text", text="x" * BODY_BYTES_MAX)[0] == 413
    assert stage.host.asked == []


def test_wrong_passwords_cost_nothing_after_a_few(stage: Stage) -> None:
    looked = []
    stage.accounts.check = lambda name, password: looked.append(name)  # type: ignore[method-assign]
    browser = stage.browser()
    answers = [browser.post("/login", name="own", password="no")[0] for _ in range(30)]
    assert answers == [403] * TRIES + [429] * (30 - TRIES)
    assert len(looked) == TRIES


def test_many_at_once_are_sent_away(stage: Stage) -> None:
    """Passwords are looked at one by one, and few wait for it."""
    going, away = threading.Event(), threading.Event()
    stage.accounts.check = lambda *_: going.wait(20) and None  # type: ignore[method-assign]
    stage.door._tries.may_try = lambda *_: True  # type: ignore[method-assign]
    found: list[int] = []

    def try_it() -> None:
        found.append(stage.browser().post("/login", name="own", password="no")[0])
        if len(found) == 4:
            away.set()

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert away.wait(20)  # those that are sent away at once
    going.set()
    for thread in threads:
        thread.join()
    assert sorted(found) == [403] * 4 + [429] * 4


def test_logging_out_ends_the_session(stage: Stage) -> None:
    browser = stage.browser("see")
    kept = dict(browser.cookies)
    assert browser.post("/logout")[0] == 303
    browser.cookies = kept
    assert browser.open("/")[0] == 303


def test_a_new_password_and_a_removed_account_end_sessions(stage: Stage) -> None:
    one, two, owner = stage.browser("see"), stage.browser("talk"), stage.browser("own")
    owner.post("/accounts", name="see", role="manage", password="another long one")
    owner.post("/accounts/remove", name="talk")
    assert [one.open("/")[0], two.open("/")[0], owner.open("/")[0]] == [303, 303, 200]
    status, text = owner.post("/accounts/remove", name="own")
    assert status == 400 and "last account" in text


def test_the_first_account_needs_the_code(tmp_path: Path) -> None:
    door = Door(Accounts(tmp_path, QUICK), is_secure=False)
    reader = HostReader(HostStandIn())
    with served(settings(reader, door, frozenset({"127.0.0.1"}), tmp_path)) as port:
        browser = Browser(port)
        assert "Make the first account" in browser.open("/login")[1]
        wrong = {"name": "Olga", "password": PASSWORD, "code": "AAAA-AAAA"}
        assert browser.post("/first", **wrong)[0] == 403
        assert (
            browser.post("/first", **{**wrong, "code": door.code.lower(), "password": "x"})[0]
            == 400
        )
        right = {**wrong, "code": door.code.lower().replace("-", " ")}
        assert browser.post("/first", **right)[0] == 303
        assert browser.open("/accounts")[0] == 200
        assert Browser(port).post("/first", **{**right, "name": "Eve"})[0] == 403
    assert Accounts(tmp_path, QUICK).all() == {"Olga": "own"}


def test_no_leader_is_told_in_words(stage: Stage) -> None:
    browser = stage.browser("own")
    stage.host.is_gone = True
    for page in ("/badges", "/history", "/settings"):
        status, text = browser.open(page)
        assert status == 502 and "no host runs on this machine" in text
    text = browser.open("/")[1]
    assert "No leader answers" in text and "Waiting for you" not in text
    stage.host.cluster = {
        "host": "", "state": "follower", "term": 1, "leader": None, "quorum": 2,
        "badges_address": "", "hosts_address": None, "keeps_term": 0, "elections": {},
        "convergence_ms": None, "channel": {},
        "peers": [{"name": SCRIPT, "host": "", "address": None, "silent_ms": None}],
    }  # fmt: skip
    assert browser.open("/settings")[0] == 502  # the host was asked: what was seen before is old
    text = browser.open("/")[1]
    assert "No sign of host &lt;script&gt;" in text and "The hosts are split" in text


def test_one_look_at_the_host_serves_all_pages(stage: Stage) -> None:
    browsers = [stage.browser("see") for _ in range(5)]
    looks = stage.host.looks
    for browser in browsers:
        browser.open("/")
    assert stage.host.looks - looks <= 2


def test_all_static_files_are_there() -> None:
    for name, (file, _) in STATIC.items():
        assert file.stat().st_size > 100, name


# --- accounts and sessions ---


def test_an_account_file_is_for_its_user_alone_and_has_no_password(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path, QUICK)
    accounts.put("Olga", "own", PASSWORD)
    file = tmp_path / ACCOUNTS
    assert file.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in file.read_text() and "$argon2id$" in file.read_text()
    assert accounts.check("Olga", PASSWORD) == "own"
    assert accounts.check("Olga", PASSWORD + "x") is None
    assert accounts.check("Nobody", PASSWORD) is None


def test_what_no_account_can_be(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path, QUICK)
    for name, role, password in (
        ("", "own", PASSWORD), ("x" * 33, "own", PASSWORD), ("a\nb", "own", PASSWORD),
        ("a", "root", PASSWORD), ("a", "own", "short"), ("a", "own", "x" * 201),
    ):  # fmt: skip
        with pytest.raises(UsageError):
            accounts.put(name, role, password)
    (tmp_path / ACCOUNTS).write_text("{")
    with pytest.raises(PresselError, match="damaged"):
        accounts.all()


def test_there_is_an_end_to_accounts(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path, QUICK)
    for number in range(ACCOUNTS_MAX):
        accounts.put(f"n{number}", "own", PASSWORD)
    with pytest.raises(UsageError, match="remove one first"):
        accounts.put("one more", "see", PASSWORD)


def test_sessions_end_and_have_a_limit() -> None:
    sessions = Sessions()
    cookie = sessions.begin("Olga", "", 0)
    assert sessions.find(cookie, IDLE_S) is not None
    assert sessions.find(cookie, 2 * IDLE_S + 1) is None
    first = sessions.begin("Olga", "", 0)
    for _ in range(SESSIONS_MAX):
        sessions.begin("Ben", "", 0)
    assert sessions.find(first, 0) is None


def test_tries_are_forgotten_after_a_while_and_have_a_limit() -> None:
    tries = Tries()
    for _ in range(TRIES):
        tries.failed("a", 0)
    assert not tries.may_try("a", 59) and tries.may_try("a", 61) and tries.may_try("b", 0)
    for number in range(100_000):
        tries.failed(str(number), 0)
    assert len(tries._wrong) <= 4096
