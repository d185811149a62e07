"""What comes slowly at the console, and what changes while it comes."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.host.console_stage import PASSWORD, QUICK, HostStandIn
from tests.host.web import fetch, served

from pressel.console import handshake, host_reader, line
from pressel.console.accounts import Accounts
from pressel.console.authority import identity
from pressel.console.commands import Commands
from pressel.console.door import Door
from pressel.console.host_reader import HostReader
from pressel.console.line import CLIENTS_AN_ADDRESS_MAX
from pressel.console.pages import streams
from pressel.console.pages.frame import Frame
from pressel.console.server import settings
from pressel.console.tokens import Tokens
from pressel.errors import UsageError
from pressel.node.control import Reply

HURRIED_S = 0.5  # in place of ARRIVAL_S: each test waits for what ends, not so long
HEAD = "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n"


class Stage:
    def __init__(self, folder: Path) -> None:
        self.accounts = Accounts(folder, QUICK)
        self.accounts.put("own", "own", PASSWORD)
        self.accounts.put("Ann", "own", PASSWORD)
        self.tokens = Tokens(folder)
        self.host = HostStandIn()
        self.asked: list[str] = []
        self.port = 0

    def ask(self, verb: str, **fields: object) -> Reply:
        self.asked.append(verb)
        return Reply(True, "", (1, 1))

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 20, (source, 0))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    door = Door(stage.accounts, is_secure=False, tokens=stage.tokens)
    commands = Commands(stage.ask, door, stage.tokens, "")
    reader = HostReader(stage.host)
    names = frozenset({"127.0.0.1"})
    with served(settings(reader, door, names, tmp_path, commands=commands)) as port:
        stage.port = port
        yield stage


@pytest.fixture
def sealed(tmp_path: Path) -> Iterator[Stage]:
    """The same over TLS."""
    stage = Stage(tmp_path)
    names = frozenset({"127.0.0.1"})
    own = identity(tmp_path, names, datetime.datetime.now(datetime.UTC))
    door = Door(stage.accounts, is_secure=True, tokens=stage.tokens)
    config = settings(HostReader(stage.host), door, names, tmp_path, own.certificate, own.key)
    with served(config) as port:
        stage.port = port
        yield stage


def page_under_tls(stage: Stage, source: str = "127.0.0.1") -> bytes:
    """What comes when the request follows the handshake at once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(stage.connect(source)) as browser:
        browser.sendall(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = b""
        while data := browser.recv(65536):
            answer += data
    return answer


def is_closed(connection: socket.socket) -> bool:
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass
    return True  # a TimeoutError otherwise


@pytest.mark.parametrize(
    "begun",
    ["", "GET /lo", "GET /login HTTP/1.1\r\nHost: 127", HEAD + "Content-Length: 100\r\n\r\nname="],
)
def test_what_does_not_arrive_whole_is_not_waited_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, begun: str, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(line, "ARRIVAL_S", HURRIED_S)
    with stage.connect() as connection:
        connection.sendall(begun.encode())
        assert is_closed(connection)
    assert not caplog.records


def test_a_byte_now_and_then_is_no_arrival(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "ARRIVAL_S", HURRIED_S)
    with stage.connect() as connection:
        connection.sendall((HEAD + "Content-Length: 10000\r\n\r\n").encode())
        connection.settimeout(HURRIED_S / 10)
        for _ in range(1000):
            try:
                connection.sendall(b"x")
                if not connection.recv(4096):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("it may send for ever")


def test_a_second_request_on_a_line_is_waited_for_no_longer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "ARRIVAL_S", HURRIED_S)
    with stage.connect() as connection:
        connection.sendall(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        connection.sendall(HEAD.encode())
        assert is_closed(connection)


def test_a_page_that_stays_open_is_no_request_that_is_late(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = urlencode({"name": "own", "password": PASSWORD})
    told = {
        "Origin": f"http://127.0.0.1:{stage.port}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    answer, _ = fetch(stage.port, "/login", "POST", told, form)
    cookie = str(answer.headers["set-cookie"]).partition(";")[0]
    monkeypatch.setattr(line, "ARRIVAL_S", HURRIED_S)
    with stage.connect() as connection:
        asked = f"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n"
        connection.sendall(asked.encode())
        said = b""
        while said.count(b"\n\n") < 3:  # looks of a second each
            stage.host.talked_s += 1
            data = connection.recv(65536)
            assert data, "it was closed"
            said += data


def test_one_address_leaves_room_for_others(stage: Stage) -> None:
    greedy = [stage.connect("127.0.0.2") for _ in range(CLIENTS_AN_ADDRESS_MAX)]
    try:
        for connection in greedy:
            connection.sendall(b"GET /lo")
        with stage.connect("127.0.0.2") as one_more:
            assert is_closed(one_more)
        assert fetch(stage.port, "/login")[0].status == 200
    finally:
        for connection in greedy:
            connection.close()


@pytest.mark.parametrize("begun", [b"", b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\n\r\n"])
def test_a_handshake_that_does_not_end_is_ended(
    sealed: Stage, monkeypatch: pytest.MonkeyPatch, begun: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(handshake, "HANDSHAKE_S", HURRIED_S)
    with sealed.connect() as connection:
        connection.sendall(begun)
        assert is_closed(connection)
    assert page_under_tls(sealed).startswith(b"HTTP/1.1 200")
    assert not caplog.records


def test_a_byte_of_a_handshake_now_and_then_is_none(
    sealed: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshake, "HANDSHAKE_S", HURRIED_S)
    with sealed.connect() as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00")
        connection.settimeout(HURRIED_S / 10)
        for _ in range(500):
            try:
                connection.sendall(b"\1")
                if not connection.recv(4096):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("it may shake hands for ever")


def test_one_address_has_so_many_handshakes_and_lines(sealed: Stage) -> None:
    greedy = [sealed.connect("127.0.0.2") for _ in range(CLIENTS_AN_ADDRESS_MAX)]
    try:
        with sealed.connect("127.0.0.2") as one_more:
            assert is_closed(one_more)
        assert page_under_tls(sealed).startswith(b"HTTP/1.1 200")
    finally:
        for connection in greedy:
            connection.close()


def test_many_addresses_have_so_many_handshakes_and_the_oldest_goes(
    sealed: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshake, "HANDSHAKES_MAX", 8)
    greedy = [sealed.connect(f"127.0.0.{number}") for number in range(2, 14)]
    try:
        for connection in greedy[:4]:
            assert is_closed(connection)
        assert page_under_tls(sealed).startswith(b"HTTP/1.1 200")
    finally:
        for connection in greedy:
            connection.close()


def test_what_is_no_certificate_is_told_in_a_sentence(tmp_path: Path) -> None:
    for name in ("certificate", "key"):
        (tmp_path / name).write_text("no PEM")
    with pytest.raises(UsageError, match="no certificate and its private key"):
        handshake.context_of(tmp_path / "certificate", tmp_path / "key")


def expecting(stage: Stage, path: str, head: dict[str, str], body: str) -> socket.socket:
    """A request whose body the console begins to wait for."""
    told = {"Host": "127.0.0.1", "Content-Length": str(len(body)), "Expect": "100-continue", **head}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    connection = stage.connect()
    connection.sendall(f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode())
    assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
    return connection


def test_a_role_that_is_taken_away_while_a_command_arrives_is_gone(stage: Stage) -> None:
    token = stage.tokens.make("Ann", stage.accounts.mark("Ann") or "", 1)
    body = json.dumps({"ask": "settings set", "fields": {}})
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with expecting(stage, "/api/ask", head, body) as connection:
        stage.accounts.put("Ann", "see", PASSWORD)
        connection.sendall(body.encode())
        assert connection.recv(4096).startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 303 "))
    assert not stage.asked


def test_a_role_that_is_taken_away_while_a_form_arrives_is_gone(stage: Stage) -> None:
    own = {"Origin": "http://127.0.0.1", "Content-Type": "application/x-www-form-urlencoded"}
    form = urlencode({"name": "Ann", "password": PASSWORD})
    with expecting(stage, "/login", own, form) as connection:
        connection.sendall(form.encode())
        answer = connection.recv(4096).decode()
    cookie = answer.partition("set-cookie: ")[2].partition(";")[0]
    page = fetch(stage.port, "/", headers={"Cookie": cookie})[1]
    mark = page.partition('name="form" value="')[2].partition('"')[0]
    assert mark
    form = urlencode({"form": mark, "name": "Eve", "role": "own", "password": PASSWORD})
    with expecting(stage, "/accounts", {**own, "Cookie": cookie}, form) as connection:
        stage.accounts.put("Ann", "see", PASSWORD)
        connection.sendall(form.encode())
        assert connection.recv(4096).startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 303 "))
    assert "Eve" not in stage.accounts.all()


def logged_in(stage: Stage) -> str:
    """The cookie of own's session."""
    origin = f"http://127.0.0.1:{stage.port}"
    head = {"Origin": origin, "Content-Type": "application/x-www-form-urlencoded"}
    form = urlencode({"name": "own", "password": PASSWORD})
    answer, _ = fetch(stage.port, "/login", "POST", head, form)
    return (answer.headers["set-cookie"] or "").partition(";")[0]


def test_a_browser_that_takes_nothing_is_dropped_and_only_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is frozen on the live page, which renews itself."""
    monkeypatch.setattr(line, "TAKEN_S", HURRIED_S)
    monkeypatch.setattr(streams, "RENEW_S", HURRIED_S / 100)
    monkeypatch.setattr(host_reader, "FRESH_S", 0.0)
    begin, render = line.Line.connection_made, Frame.render

    def begin_small(self: line.Line, transport: Any) -> None:
        own = transport.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # the system took megabytes
        begin(self, transport)

    def other_each_time(self: Frame, *given: Any, **shown: Any) -> str:
        stage.host.others[0] += "!"
        return render(self, *given, **shown)

    monkeypatch.setattr(line.Line, "connection_made", begin_small)
    monkeypatch.setattr(Frame, "render", other_each_time)
    stage.host.others = [f"Zoe {number}" for number in range(50)]
    cookie = logged_in(stage)
    with socket.socket() as frozen:
        frozen.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        frozen.settimeout(20)
        frozen.connect(("127.0.0.1", stage.port))
        asked = f"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n"
        frozen.sendall(asked.encode())
        for _ in range(400):
            if caplog.records:
                break
            assert fetch(stage.port, "/static/icon.svg")[0].status == 200
            time.sleep(HURRIED_S / 20)
        assert "has taken nothing" in caplog.text
        assert is_closed(frozen)
    assert fetch(stage.port, "/", headers={"Cookie": cookie})[0].status == 200


def test_one_account_leaves_live_pages_for_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STREAMS_EACH_MAX", 2)
    cookie = logged_in(stage)
    ask = f"GET /floors HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode()
    with stage.connect() as first, stage.connect() as second:
        for each in (first, second):
            each.sendall(ask)
            assert each.recv(4096).startswith(b"HTTP/1.1 200")
        assert fetch(stage.port, "/floors", headers={"Cookie": cookie})[0].status == 503
