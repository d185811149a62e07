"""The console, asked over a socket as a browser asks it: who gets in, who may do what, and what
others cannot do to it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from tests.host.web import fetch, served

from pressel.console.accounts import ACCOUNTS_MAX, FILE, Accounts
from pressel.console.door import Door
from pressel.console.guard import BODY_BYTES_MAX
from pressel.console.host_reader import HostReader
from pressel.console.server import settings
from pressel.console.sessions import IDLE_S, SESSIONS_MAX, TRIES, Sessions, Tries
from pressel.console.static_files import STATIC
from pressel.errors import PresselError, UnreachableError, UsageError
from pressel.registry.chains import BEGINNING
from pressel.schema.settings import settings as setting_rows

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
    "/", "/badges", f"/badges/{DEVICE}", "/history", "/settings", "/report", "/audit", "/accounts",
)  # fmt: skip


class HostStandIn:
    """Answers like a host with one badge of a hostile name; `asked` is what changes asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.is_gone = False
        self.looks = 0

    def __call__(self, verb: str, **fields: Any) -> Any:
        if self.is_gone:
            raise UnreachableError("no host runs on this machine")
        device = {
            "id": DEVICE, "name": SCRIPT, "groups": [1], "state": "active", "check_code": None,
            "entitlements": {"emergency": False, "priority": 0},
        }  # fmt: skip
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
            is_waiting = fields["state"] == "pending"
            return [
                {**device, "id": "0" * 15 + "2", "check_code": "ACDE-FHJK"}
                if is_waiting
                else device
            ]
        if verb == "device show":
            if fields["id"] != DEVICE:
                raise UsageError("there is no such device")
            return device
        if verb == "settings":
            values = {name: row.default for name, row in setting_rows().items()}
            return {"version": 3, "values": values, "badges": 1, "applied": 1, "refused": 0}
        if verb in ("settings history", "device loans"):
            return []
        if verb == "figures":
            return {}
        if verb == "audit list":
            return [] if fields["after"] != list(BEGINNING) else [ENTRY]
        if verb == "audit compare":
            return {"all": [], "behind": [], "silent": [SCRIPT]}
        if verb == "audit verify":
            return {"entries": 7, "term": 1, "hash": "0" * 64}
        if verb == "device invite":
            self.asked.append((verb, fields))
            return "ACDE-FHJK"
        self.asked.append((verb, fields))
        return True

    def _status(self) -> dict[str, Any]:
        member = {
            "node": 2, "name": SCRIPT, "device": DEVICE, "address": "127.0.0.1:9", "build": "t",
            "group": 1, "silent_ms": 10, "table_advice": None, "settings_version": 3,
        }  # fmt: skip
        floor = {"group": 1, "state": "floor taken", "talker": SCRIPT, "lease": 7, "queue": ["Ben"]}
        return {
            "term": 1, "address": "127.0.0.1:1", "uptime_s": 1.0, "members": [member],
            "floors": [floor], "voice_in": 0, "voice_out": 0, "refused": {},
        }  # fmt: skip

    def _burst(self) -> dict[str, Any]:
        hearing = {"name": SCRIPT, "device": DEVICE, "played": 90, "concealed": 10, "late": 0}
        return {
            "place": 1, "burst": 6, "term": 1, "group": 1, "talker": SCRIPT, "device": DEVICE,
            "at": 1.0, "waited_ms": 900, "lasted_ms": 2000, "cause": "released", "listeners": 2,
            "heard": 1, "whole": 0, "hearings": [hearing],
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
    for page in ("/live", *PAGES):
        assert stranger.open(page)[0] == 303, page
    for act in (
        "/text", "/approve", "/deny", "/settings", "/accounts", f"/badges/{DEVICE}", "/invite",
        "/bundle",
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
    assert "device rename" in text and "All entries" not in text
    assert "All entries up to 7 hold." in browser.open("/audit?verify=yes")[1]
    assert stage.browser("talk").open("/audit")[0] == 403


def test_who_may_do_what(stage: Stage) -> None:
    """Each role may do its own and what those below it may, and nothing else."""
    acts = [
        ("talk", "/text", {"text": "hello"}),
        ("manage", "/approve", {"device": "0" * 15 + "2", "groups": "1, 2"}),
        ("manage", "/settings", {"name": "media.x", "value": "80", "base": "3"}),
        ("manage", f"/badges/{DEVICE}", {"what": "revoke"}),
        ("manage", f"/badges/{DEVICE}", {"what": "lend", "person": "Ann"}),
        ("manage", f"/badges/{DEVICE}", {"what": "return"}),
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
    assert verbs.count("device revoke") == 2
    assert {fields["for"] for _, fields in stage.host.asked} == {"talk", "manage", "own"}
    assert (
        "device approve",
        {"for": "own", "id": "0" * 15 + "2", "groups": [1, 2]},
    ) in stage.host.asked


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
    assert "No leader answers" in browser.open("/")[1]


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
    file = tmp_path / FILE
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
    (tmp_path / FILE).write_text("{")
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
    cookie = sessions.begin("Olga", 0)
    assert sessions.find(cookie, IDLE_S) is not None
    assert sessions.find(cookie, 2 * IDLE_S + 1) is None
    first = sessions.begin("Olga", 0)
    for _ in range(SESSIONS_MAX):
        sessions.begin("Ben", 0)
    assert sessions.find(first, 0) is None


def test_tries_are_forgotten_after_a_while_and_have_a_limit() -> None:
    tries = Tries()
    for _ in range(TRIES):
        tries.failed("a", 0)
    assert not tries.may_try("a", 59) and tries.may_try("a", 61) and tries.may_try("b", 0)
    for number in range(100_000):
        tries.failed(str(number), 0)
    assert len(tries._wrong) <= 4096
