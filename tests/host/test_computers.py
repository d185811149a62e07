"""What is wrong with the computers of all hosts: asked of one, told by each, believed in part."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.host.test_console_view import NOW_S
from tests.patience import PATIENCE_S

from pressel.bundle.needs import needs
from pressel.bundle.pseudonyms import Pseudonyms
from pressel.doctor import checks, computers
from pressel.doctor.finding import Finding
from pressel.errors import PresselError
from pressel.health.troubles import of_the_host
from pressel.node.desk.computers import Computers, read
from pressel.node.standbys import HEARD_MS

FULL: Any = {
    "about": "disk", "level": "fault", "words": "0.1 GB free for /var/lib/pressel",
    "mend": "make room: apt clean", "short": "it is full",
}  # fmt: skip


def answer(found: Any) -> bytes:
    return json.dumps({"answer": found}).encode()


class Others:
    """Hosts by name: how long silent, and what they answer."""

    def __init__(self, told: dict[str, tuple[int | None, bytes | Exception | None]]) -> None:
        self._told = {name.encode(): each for name, each in told.items()}
        self.channel = self

    def hosts(self) -> list[bytes]:
        return list(self._told)

    def silent_ms(self, host: bytes, now_ms: int) -> int | None:
        return self._told[host][0]

    def name_of(self, host: bytes) -> str:
        return host.decode()

    async def ask(self, host: bytes, body: bytes) -> bytes | None:
        assert json.loads(body)["ask"] == computers.ONE
        said = self._told[host][1]
        if isinstance(said, Exception):
            raise said
        return said


def test_each_host_that_answers_is_among_them(tmp_path: Path) -> None:
    others: Any = Others(
        {
            "bar": (10, answer([FULL])),
            "cellar": (HEARD_MS, answer([FULL])),
            "attic": (None, answer([FULL])),
            "old": (0, json.dumps({"error": "not understood", "exit": 2}).encode()),
            "dumb": (0, None),
            "busy": (0, PresselError("too many questions")),
        }
    )
    told = asyncio.run(Computers(tmp_path, others)._all({}))
    assert list(told) == ["", "bar"] and told["bar"] == [FULL]
    found = computers.of_the_venue(lambda verb: told, tmp_path)
    assert [each.about for each in found if not each.host] == ["clock", "disk"]
    titles = [each.title for each in of_the_host(found)]
    assert titles == ["Something is wrong with host bar's disk"]


def test_a_disk_that_hangs_is_named_and_takes_one_thread_however_often_it_is_asked(
    tmp_path: Path,
) -> None:
    looks, goes_on = [], threading.Event()

    def look(state: Path) -> list[dict[str, Any]]:
        looks.append(state)
        assert goes_on.wait(PATIENCE_S)
        return []

    async def ask() -> list[list[dict[str, Any]]]:
        desk = Computers(tmp_path, Others({}), look, look_s=0.0)  # pyright: ignore[reportArgumentType]
        told = [await desk._own({}) for _ in range(3)]
        goes_on.set()
        desk._look_s = PATIENCE_S
        return [*told, await desk._own({})]

    *stuck, fine = asyncio.run(ask())
    assert len(looks) == 1 and fine == []
    for told in stuck:
        (found,) = read(answer(told)) or []
        assert found["short"] == "it does not answer" and found["level"] == "fault"


def test_without_a_host_that_answers_this_computer_is_looked_at(tmp_path: Path) -> None:
    def refuse(verb: str) -> Any:
        raise PresselError("no host runs here")

    for ask in (refuse, lambda verb: {"bar": "rubbish"}):
        found = computers.of_the_venue(ask, tmp_path)
        assert [each.about for each in found] == ["clock", "disk"]


@pytest.mark.parametrize(
    "told",
    [
        None, [], {}, "x", [{}], [{**FULL, "about": "your soul"}], [{**FULL, "level": "end"}],
        [{**FULL, "words": 5}], [FULL] * (computers.FINDINGS_MAX + 1),
    ],
)  # fmt: skip
def test_what_another_host_says_is_checked(told: Any) -> None:
    assert read(answer(told)) in (None, [])
    assert read(b"[") is None and read(b"[1]") is None and read(None) is None


def test_words_of_another_host_are_cut_and_move_no_cursor() -> None:
    (found,) = read(answer([{**FULL, "words": "\x1b[2J" + "x" * 9999}])) or []
    assert len(found["words"]) == computers.WORDS_MAX and "\x1b" not in found["words"]


def test_a_bundle_says_what_is_wrong_in_words_of_this_host_alone(tmp_path: Path) -> None:
    names = Pseudonyms(tmp_path)
    found = [Finding(**FULL), Finding(**{**FULL, "short": "rm -rf Rossi"}, host="Rossi's box")]
    bar = names.of("host", "Rossi's box")
    todo = needs(None, [], found, names, NOW_S)["todo"]
    assert [(each["title"], each["text"]) for each in todo[1:]] == [
        ("Something is wrong with this host's disk", "Disk: it is full."),
        (f"Something is wrong with host {bar}'s disk", "Disk: see pressel doctor there."),
    ]


def test_an_authority_that_ends_soon_is_told_and_other_warnings_are_not() -> None:
    """A venue without internet has no clock that anything keeps right, for ever."""
    words = ("the venue's authority ends on 2026-12-24", "delete the folder tls")
    soon = Finding("certificates", "warning", *words)
    clock = Finding("clock", "warning", "nothing keeps it right", "timedatectl set-ntp true")
    (todo,) = of_the_host([clock, soon])
    assert todo.title == "This host's certificates end soon" and "2026-12-24" in todo.text


@pytest.mark.parametrize(
    ("took_s", "tried", "found"),
    [([0.02], 1, []), ([9.0, 0.3], 2, []), ([9.0, 3.1, 4.0], 3, ["it is slow: a write takes 3.1"])],
)
def test_a_slow_disk_is_one_that_is_slow_each_time(
    tmp_path: Path, took_s: list[float], tried: int, found: list[str]
) -> None:
    left = iter(took_s)
    told = list(checks.disk_pace(tmp_path, lambda folder: next(left)))
    assert len(took_s) == tried and list(left) == []
    assert [each.short.removesuffix(" s") for each in told] == found


def test_a_write_is_timed_and_leaves_nothing(tmp_path: Path) -> None:
    assert list(checks.disk_pace(tmp_path)) == [] and list(tmp_path.iterdir()) == []
    assert list(checks.disk_pace(tmp_path / "gone")) == []
