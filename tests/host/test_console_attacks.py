"""Whoever attacks the console as a whole: every address with every role, every form with every lie,
100,000 logins, requests that are too large in every way, and scripts in whatever is shown."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.host.console_stage import DEVICE, PAGES, PASSWORD, QUICK, SCRIPT, HostStandIn, Stage
from tests.host.web import fetch, served

from pressel.console.accounts import ROLES, Accounts
from pressel.console.commands import Commands
from pressel.console.door import Door, Refusal
from pressel.console.guard import BODY_BYTES_MAX, HEAD_BYTES_MAX
from pressel.console.host_reader import HostReader
from pressel.console.server import settings
from pressel.console.sessions import ADDRESSES_MAX, SESSIONS_MAX, TRIES
from pressel.console.talk import Talk
from pressel.console.tokens import Tokens
from pressel.errors import PresselError
from pressel.node.control import Reply

# What each address needs; what is not here is for everybody, and listed below.
NEEDED = {
    ("GET", "see"): (
        "/", "/live", "/floors", "/badges", "/badges/{device}", "/wifi", "/history", "/recordings",
        "/recordings/sent", "/settings", "/settings/file", "/settings/export", "/changes",
        "/report", "/report/print", "/report/json",
    ),
    ("GET", "manage"): ("/audit",),
    ("GET", "own"): ("/accounts",),
    ("POST", "see"): ("/logout",),
    ("POST", "talk"): ("/text", "/recordings/replay", "/recordings/send", "/recordings/stop"),
    ("POST", "manage"): (
        "/settings", "/settings/file", "/settings/wifi", "/wifi", "/changes", "/bundle",
        "/invite", "/approve", "/deny", "/badges/{device}",
        "/recordings/resend", "/recordings/play", "/recordings/export", "/recordings/delete",
    ),
    ("POST", "own"): (
        "/accounts", "/accounts/remove", "/recordings/hold", "/recordings/release",
    ),
}  # fmt: skip
OPEN = {("GET", "/login"), ("POST", "/login"), ("POST", "/first"), ("GET", "/static/{name}")}
# What commands ask, with tokens in place of cookies, and the line of sound: who may is tried in
# test_remote.py and test_console_talk.py.
ELSEWHERE = {
    ("GET", "/api/authority"), ("POST", "/api/login"), ("POST", "/api/logout"),
    ("POST", "/api/ask"), ("", "/talk"),
}  # fmt: skip
CLOSED = {
    (method, path): role for (method, role), paths in NEEDED.items() for path in paths
}  # role by method and address

LOGINS = 100_000


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    accounts = Accounts(tmp_path, QUICK)
    for role in ROLES:
        accounts.put(role, role, PASSWORD)
    host = HostStandIn()
    door = Door(accounts, is_secure=False)
    names = frozenset({"127.0.0.1"})
    with served(settings(HostReader(host), door, names, tmp_path)) as port:
        yield Stage(port, host, door, accounts)


def address(path: str) -> str:
    return path.replace("{device}", DEVICE)


def test_every_address_is_closed_to_whoever_has_not_its_role(tmp_path: Path, stage: Stage) -> None:
    """Those of the console itself: one that is new has to be listed here."""
    door = Door(stage.accounts, is_secure=False)
    host = HostReader(stage.host)
    talk = Talk(host, door, tmp_path)
    commands = Commands(lambda verb, **fields: Reply(1), door, Tokens(tmp_path), "")
    app: Any = settings(host, door, frozenset(), tmp_path, talk=talk, commands=commands).app
    found = {
        (method, route.path)
        for route in app.routes
        for method in (getattr(route, "methods", None) or {""}) - {"HEAD"}
    }
    assert found == OPEN | ELSEWHERE | set(CLOSED)
    for number, role in enumerate(ROLES):
        browser = stage.browser(role)
        for (method, path), needed in CLOSED.items():
            if ROLES.index(needed) <= number:
                continue
            send = browser.open if method == "GET" else browser.post
            status, text = send(address(path))
            assert status == 403 and needed in text, f"{role} {method} {path}"
    assert stage.host.asked == []


def test_no_form_is_obeyed_without_its_mark_its_session_or_its_origin(stage: Stage) -> None:
    browser = stage.browser("own")
    mark, cookies = browser.form, browser.cookies
    for method, path in CLOSED:
        if method == "GET":
            continue
        browser.form = "x" * len(mark)
        assert browser.post(address(path))[0] == 403, path
        browser.form = mark
        assert browser.post(address(path), {"Origin": "https://evil.example"})[0] == 403, path
        browser.cookies = {}
        assert browser.post(address(path))[0] == 303, path  # to the login
        browser.cookies = cookies
    assert stage.host.asked == []
    assert browser.open("/")[0] == 200


def test_what_the_host_says_is_shown_as_text(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it refuses: its words may hold a name."""
    browser = stage.browser("own")
    real = HostStandIn.__call__

    def refuse(self: HostStandIn, verb: str, **fields: Any) -> Any:
        if verb in ("status", "bursts"):
            return real(self, verb, **fields)
        raise PresselError(f"{SCRIPT} is known already")

    monkeypatch.setattr(HostStandIn, "__call__", refuse)
    fields = {
        "device": DEVICE, "name": SCRIPT, "value": "1", "base": "3", "what": "rename",
        "groups": "1", "text": SCRIPT, "mark": "1-7", "why": SCRIPT,
    }  # fmt: skip
    answers = [browser.open(page) for page in PAGES]
    answers += [
        browser.post(address(path), **fields)
        for (method, path) in CLOSED
        if method == "POST" and path not in ("/logout", "/accounts", "/accounts/remove")
    ]
    assert {status for status, _ in answers} <= {200, 303, 400, 502}
    assert any("&lt;script&gt;" in text and status == 400 for status, text in answers)
    for _, text in answers:
        assert SCRIPT not in text


@pytest.mark.parametrize(
    "which", ["%00", "-1", "9" * 400, "%3Cscript%3E", "%0D%0AX%3A%20y", "%D9%A1"]
)
def test_a_badge_that_is_none_is_not_found(stage: Stage, which: str) -> None:
    status, text = stage.browser("see").open(f"/badges/{which}")
    assert status == 404 and "no such device" in text and "<script>" not in text


@pytest.mark.parametrize("name", ["own", SCRIPT, "\x00", "x" * 10_000, "own\r\nSet-Cookie: a=b"])
def test_a_login_gives_nothing_of_what_it_was_sent(stage: Stage, name: str) -> None:
    status, text = stage.browser().post("/login", name=name, password=SCRIPT)
    assert status == 403 and SCRIPT not in text and "x" * 100 not in text


def test_a_hundred_thousand_logins_cost_few_looks_and_no_memory(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of more addresses than a venue has, and as fast as can be; who is in stays in, and who knows
    a password comes in at once from an address of its own."""
    browser = stage.browser("see")
    looks = 0

    def check(name: str, password: str) -> None:
        nonlocal looks
        looks += 1

    door = Door(stage.accounts, is_secure=False)
    monkeypatch.setattr(stage.accounts, "check", check)
    addresses = 200

    async def attack() -> dict[int, int]:
        found: dict[int, int] = {}
        for number in range(LOGINS):
            request: Any = SimpleNamespace(client=SimpleNamespace(host=str(number % addresses)))
            try:
                await door.log_in(request, "own", "guess")
            except Refusal as refusal:
                found[refusal.status] = found.get(refusal.status, 0) + 1
        return found

    found = asyncio.run(attack())
    assert looks == found[403] == addresses * TRIES and found[429] == LOGINS - looks
    for number in range(LOGINS):
        door._tries.failed(f"{number}", 0.0)
    assert len(door._tries._wrong) <= ADDRESSES_MAX
    for _ in range(SESSIONS_MAX * 3):
        door._sessions.begin("see", "", 0.0)
    assert len(door._sessions._by_hash) <= SESSIONS_MAX
    monkeypatch.undo()
    assert browser.open("/")[0] == 200 and stage.browser("own").open("/accounts")[0] == 200


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        ("Content-Length: 99999999999999999999", b"", b" 413 "),
        ("Content-Length: -1", b"", b" 400 "),
        ("Transfer-Encoding: chunked", b"", b" 4"),
    ],
)
def test_what_is_too_large_is_refused_however_it_is_wrapped(
    stage: Stage, head: str, body: bytes, status: bytes
) -> None:
    """A body in pieces of unknown number is counted as it comes."""
    if "chunked" in head:
        piece = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
        body = piece * (BODY_BYTES_MAX // 0x4000 + 2)
    origin = f"Origin: http://127.0.0.1:{stage.port}"
    request = (
        f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{stage.port}\r\n{origin}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\n{head}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", stage.port), 20) as line:
        try:
            line.sendall(request.encode() + body)
            answer = line.recv(200)
        except ConnectionError:  # it does not even listen to the end
            answer = b"HTTP/1.1 4"
    assert answer.startswith(b"HTTP/1.1") and status in answer.partition(b"\r\n")[0] + b" "
    assert fetch(stage.port, "/login")[0].status == 200


@pytest.mark.parametrize("size", [1 << 12, 1 << 15, 1 << 17])
@pytest.mark.parametrize("kind", ["one", "many", "path"])
def test_a_head_is_too_large_in_one_piece_too(stage: Stage, size: int, kind: str) -> None:
    heads = {"one": f"X: {'y' * size}", "many": "\r\n".join(f"X-{n}: y" for n in range(size // 8))}
    query = f"?{'q' * size}" if kind == "path" else ""
    request = (
        f"GET /login{query} HTTP/1.1\r\nHost: 127.0.0.1:{stage.port}\r\n"
        f"{heads.get(kind) or 'X: y'}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", stage.port), 20) as line:
        try:
            line.sendall(request.encode())
            answer = line.recv(200)
        except ConnectionError:  # it does not even listen to the end
            answer = b"HTTP/1.1 431 "
    assert answer.split()[1] in ((b"400", b"431") if size > HEAD_BYTES_MAX else (b"200",))


def test_a_form_of_a_thousand_fields_is_refused(stage: Stage) -> None:
    browser = stage.browser("own")
    answer = browser.post("/text", **{f"f{n}": "" for n in range(1000)})
    assert answer[0] in (400, 413) and stage.host.asked == []
    assert browser.open("/")[0] == 200
