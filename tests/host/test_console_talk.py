"""Who may talk from the console's pages, and what a connection may send: over a socket, with a
stand-in for the host and no leader."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from argon2 import PasswordHasher
from tests.host.console_stage import PASSWORD, Browser, HostStandIn
from tests.host.web import served
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from pressel.console import talk
from pressel.console.accounts import Accounts
from pressel.console.browser_sound import BURST_FRAMES, FRAME_BYTES, BrowserSound
from pressel.console.door import Door
from pressel.console.host_reader import HostReader
from pressel.console.server import settings
from pressel.console.talk import Talk
from pressel.soft.credential import Credential
from ptt.base import events

NOBODY = ("127.0.0.1", 9)  # no leader answers there
LIMIT_S = 20.0


class Stage:
    def __init__(self, folder: Path) -> None:
        self.accounts = Accounts(folder, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        for role in ("see", "talk", "own"):
            self.accounts.put(role, role, PASSWORD)
        self.host = HostStandIn()
        door, reader = Door(self.accounts, is_secure=False), HostReader(self.host)
        names = frozenset({"127.0.0.1"})
        self.config = settings(reader, door, names, folder, talk=Talk(reader, door, folder, NOBODY))
        self.port = 0

    def cookie(self, name: str) -> str:
        browser = Browser(self.port)
        assert browser.post("/login", name=name, password=PASSWORD)[0] == 303
        return "; ".join(f"{key}={value}" for key, value in browser.cookies.items())

    def line(self, cookie: str, origin: str = "") -> AbstractContextManager[ClientConnection]:
        return connect(
            f"ws://127.0.0.1:{self.port}/talk",
            origin=Origin(origin or f"http://127.0.0.1:{self.port}"),
            additional_headers={"Cookie": cookie},
            compression=None,
        )


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(talk, "LOOK_S", 0.02)
    made = Stage(tmp_path)
    with served(made.config) as made.port:
        yield made


def told(line: ClientConnection) -> dict[str, Any]:
    return json.loads(line.recv(LIMIT_S))


def end_of(line: ClientConnection) -> int:
    """The code with which it is closed."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            line.recv(LIMIT_S)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def test_who_may_talk(stage: Stage) -> None:
    """Strangers, who may only look, and pages of others are turned away before anything opens."""
    cookie = stage.cookie("talk")
    for who, origin in (
        ("", ""), ("pressel=" + "x" * 43, ""), (stage.cookie("see"), ""),
        (cookie, "http://elsewhere.example"), (cookie, f"https://127.0.0.1:{stage.port}"),
    ):  # fmt: skip
        with pytest.raises(InvalidStatus) as refused, stage.line(who, origin):
            pass
        assert refused.value.response.status_code == 403
    assert stage.host.asked == []
    with stage.line(cookie) as line:
        assert told(line) == {"groups": [1], "name": "talk"}
        assert told(line)["is"] == talk.SEARCHING


def test_an_account_has_one_badge_of_its_own(stage: Stage) -> None:
    """It is registered in the account's name once, and a second window takes it over."""
    cookie = stage.cookie("own")
    with stage.line(cookie) as first:
        told(first)
        with stage.line(cookie) as second:
            assert end_of(first) == talk.MOVED_ON
            told(second)
    ((verb, fields), *more) = stage.host.asked
    assert verb == "device adopt" and fields["for"] == "own" and fields["groups"] == [1]
    assert {each[1]["id"] for each in more} <= {fields["id"]}  # the stand-in forgets


def test_who_is_logged_out_talks_no_more(stage: Stage) -> None:
    with stage.line(stage.cookie("talk")) as line:
        told(line)
        stage.accounts.remove("talk")
        assert end_of(line) == talk.FORBIDDEN


@pytest.mark.parametrize(
    ("message", "times", "code"),
    [
        (b"x" * (talk.MESSAGE_BYTES_MAX + 1), 1, 1009),  # of RFC 6455: too big
        ("[" * 2000, talk.TRIFLES_MAX, talk.BAD),
        ('{"do": "format"}', talk.TRIFLES_MAX, talk.BAD),
        (b"odd", talk.TRIFLES_MAX, talk.BAD),
    ],
)
def test_a_page_that_sends_rubbish_is_closed(
    stage: Stage, message: bytes | str, times: int, code: int
) -> None:
    with stage.line(stage.cookie("talk")) as line:
        for _ in range(times):  # what nobody reads any more would take the code with it
            line.send(message)
        assert end_of(line) == code


def test_no_more_browsers_than_places(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "TALKERS_MAX", 1)
    with stage.line(stage.cookie("talk")) as line:
        told(line)
        with pytest.raises(InvalidStatus), stage.line(stage.cookie("own")):
            pass


def test_a_microphone_is_no_faster_than_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    sound = BrowserSound()
    taken = [sound.take(bytes(FRAME_BYTES)) for _ in range(2 * BURST_FRAMES)]
    assert taken == [True] * BURST_FRAMES + [False] * BURST_FRAMES
    now_s += 0.101
    assert [sound.take(bytes(FRAME_BYTES)) for _ in range(6)] == [True] * 5 + [False]
    assert not sound.take(bytes(FRAME_BYTES - 2))


def test_only_what_ends_a_press_lets_the_button_go() -> None:
    """The end of a burst may reach a page on which the button is down for the next one: it names
    the press that is over."""
    call = talk._Call(Any, Any, lambda: True)  # pyright: ignore[reportArgumentType]
    badge: Any = SimpleNamespace(press=lambda: None, release=lambda: None)
    for number in (6, 7):
        call._obey(badge, json.dumps({"do": "press", "press": number}))
        call._obey(badge, json.dumps({"do": "press", "press": number + 9}))  # it is down already
        if number == 6:
            call._obey(badge, json.dumps({"do": "release"}))
    for kind, over in (
        (events.RELEASED, None), (events.GRANTED, None), (events.JOINED, None),
        (events.DENIED, 7), (events.REVOKED, 7), (events.LOST, 7),
    ):  # fmt: skip
        call._on_event(kind, 1)
        assert json.loads(asyncio.run(call._sound.next_out())).get("over") == over, kind
        call._sound = BrowserSound()


def test_no_file_is_read_where_pages_wait(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that hangs keeps one page waiting, not all of them."""
    read, loops = talk.read_credential, []

    def reading(file: Path) -> Credential:
        with contextlib.suppress(RuntimeError):
            loops.append(asyncio.get_running_loop())
        return read(file)

    monkeypatch.setattr(talk, "read_credential", reading)
    with stage.line(stage.cookie("talk")) as line:
        told(line)
    assert loops == []
