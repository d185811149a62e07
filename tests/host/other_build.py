"""Another build of the engines: shared/ptt as a package of its own, with the message table that the
other build has. The code is today's, so what it says and reads is cut to that table, or filled up
with fields that today's code does not know.
"""

from __future__ import annotations

import functools
import importlib
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.shared import clear
from tests.shared.keys import Chance, Directory, device_key, make_leader, make_participant

import ptt.leader.settings_in_force
import ptt.wire.codec
import ptt.wire.messages as messages_now
from pressel.block_cipher import BlockCipher
from pressel.schema.generated import PTT
from pressel.schema.messages import MessageTable, load_table, render

TEXT = 9  # kinds of a layout's fields: above it raw bytes, below it integers
OLDER, NEWER, OTHER_MAJOR = "2.0", "2.15", "3.0"
TABLES = Path(__file__).resolve().parents[1] / "vectors" / "builds"
SEALING = (6, 7, 12, 13, 14, 15)  # messages of builds that have keys
BATTERY = 35  # the message that only build 2.15 has


@dataclass(frozen=True)
class Build:
    """The engines of one build, made as the plain ones are; `encode` and `decode` are its own
    codec, which knows its fields."""

    version: str
    Leader: Any
    Participant: Any
    Settings: Any
    messages: Any
    encode: Callable[..., int]
    decode: Callable[..., list[Any]]


NOW = Build(
    "now",
    make_leader,
    make_participant,
    ptt.leader.settings_in_force.Settings,
    messages_now,
    ptt.wire.codec.encode,
    ptt.wire.codec.decode,
)
_builds: dict[str, Build] = {}


def table_of(version: str) -> MessageTable:
    """A frozen table; another major version gets today's, which it never gets to see."""
    if version == OTHER_MAJOR:
        return load_table().model_copy(update={"version": version})
    return load_table(TABLES / f"{version}.toml")


def load_build(table: MessageTable, folder: Path) -> Build:
    """The build with `table`; its package is written to `folder`."""
    package = f"ptt_{table.version.replace('.', '_')}"
    if package not in _builds:
        target = folder / package
        shutil.copytree(PTT, target, ignore=shutil.ignore_patterns("__pycache__"))
        (target / "wire" / "messages.py").write_text(render_for_today(table), encoding="utf-8")
        sys.path.insert(0, str(folder))
        try:
            _builds[package] = adapted(table.version, package)
        finally:
            sys.path.remove(str(folder))
    return _builds[package]


def render_for_today(table: MessageTable) -> str:
    """The table as code, and the numbers that today's code asks for by name."""
    if table.version == NEWER:  # it was made up before there were keys, and gets them like the rest
        sealing = [row for row in load_table().message if row.number in SEALING]
        table = table.model_copy(update={"message": [*table.message, *sealing]})
    text = render(table)
    known = ModuleType("known")
    alone = text.replace("from ..base.compat import const", "const = int")
    exec(alone.replace("from ..base import", "from ptt.base import"), vars(known))
    missing = [
        f"{name} = {value}"
        for name, value in vars(messages_now).items()
        if name.isupper() and not hasattr(known, name)
    ]
    return "\n".join([text, *missing, ""])


def adapted(version: str, package: str) -> Build:
    def module(name: str) -> Any:
        return importlib.import_module(f"{package}.{name}")

    messages, codec = module("wire.messages"), module("wire.codec")
    encode, decode = codec.encode, codec.decode
    adapt_codec(messages, codec)
    badge = speaking(module("badge.participant").Participant, messages)
    if version == OLDER:
        clear_engine = clear_engines(package)
        leader: Any = leader_speaking(clear_engine["ClearLeader"], messages)
        participant: Any = functools.partial(clear_engine["clear_participant"], make=badge)
    else:
        leader = sealed_leader(leader_speaking(module("leader.leader").Leader, messages))
        participant = sealed_participant(badge, module("keyboard.text_sender").TextSender)
    return Build(
        version,
        leader,
        participant,
        module("leader.settings_in_force").Settings,
        messages,
        encode,
        decode,
    )


def clear_engines(package: str) -> dict[str, Any]:
    """What `tests.shared.clear` makes, of the engines of this build."""
    text = Path(clear.__file__).read_text("utf-8")
    names: dict[str, Any] = {}
    exec(text.replace("from ptt.", f"from {package}."), names)
    return names


def sealed_leader(engine: Any) -> Callable[[int, int], Any]:
    return lambda term, seed: engine(term, seed, Directory(), Chance(seed))


def sealed_participant(engine: Any, keyboard: Any) -> Callable[..., Any]:
    def make(device: bytes, name: bytes, build: bytes, leader: Any, seed: int) -> Any:
        key = device_key(device)
        badge = engine(device, name, build, leader, seed, key, BlockCipher, Chance(seed))
        keyboard(badge)
        return badge

    return make


def adapt_codec(messages: Any, codec: Any) -> None:
    """Let today's code use a codec whose messages have fewer or more fields."""
    encode, decode = codec.encode, codec.decode

    def encode_cut(data: bytearray, at: int, kind: int, values: tuple[Any, ...]) -> int:
        layout = messages.LAYOUTS[kind]
        left_out = messages_now.LAYOUTS.get(kind, layout)[len(values) :]
        values = (*values, *(field[3] for field in left_out))
        more = [largest(field) for field in layout[len(values) :]]
        return encode(data, at, kind, (*values[: len(layout)], *more))

    def decode_filled(kind: int, data: Any, at: int, end: int) -> list[Any]:
        values = decode(kind, data, at, end)
        expected = messages_now.LAYOUTS.get(kind, messages.LAYOUTS[kind])
        return values[: len(expected)] + [field[3] for field in expected[len(values) :]]

    codec.encode, codec.decode = encode_cut, decode_filled


def speaking(engine: Any, messages: Any) -> Any:
    """The engine, sending no message that is not in the table, and with each heartbeat the one that
    only build 2.15 has."""

    class Speaking(engine):
        def send(self, kind: int, values: Any, destination: Any, now_ms: int) -> None:
            if kind in messages.LAYOUTS:
                super().send(kind, values, destination, now_ms)
            if kind == messages.HEARTBEAT and BATTERY in messages.LAYOUTS:
                super().send(BATTERY, (1, 55), destination, now_ms)

    return Speaking


def leader_speaking(engine: Any, messages: Any) -> Any:
    """The same of a leader."""

    class Speaking(engine):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self._say = self.outbound.send
            self.outbound.send = self._send

        def _send(
            self, kind: int, values: Any, member: Any, now_ms: int, tail: bytes = b""
        ) -> None:
            if kind in messages.LAYOUTS:
                self._say(kind, values, member, now_ms, tail)
            if kind == messages.HEARTBEAT and BATTERY in messages.LAYOUTS:
                self._say(BATTERY, (1, 55), member, now_ms)

    return Speaking


def largest(field: tuple[int, int, int, Any]) -> int | bytes:
    kind, _, high, _ = field
    if kind < TEXT:
        return high
    return b"x" * (high if kind == TEXT else kind - 10)
