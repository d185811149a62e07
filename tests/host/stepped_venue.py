"""One leader and stepped badges in virtual time; prints what happened, and a digest of it.

Run as a program by test_virtual_stepped.py: `stepped_venue.py SCENE KIT FIRMWARE WORK`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "host"), str(ROOT / "shared")]

from tests.shared.keys import device_key, make_leader  # noqa: E402

from pressel.virtual.stepped import (  # noqa: E402
    FailSends,
    Kit,
    Press,
    Release,
    Speak,
    Stepped,
    SteppedBadge,
)
from pressel.virtual.stepped.heap import HEAP_BYTES  # noqa: E402
from ptt.base import clock  # noqa: E402
from ptt.wire import voice as voice_layout  # noqa: E402
from ptt.wire.messages import VOICE_FRAME  # noqa: E402

LEADER = ("10.0.0.1", 47800)
BOARD = {
    "chip": "esp32",
    "microphone": {"id": 0, "sck": 14, "ws": 15, "sd": 32},
    "speaker": {"id": 1, "sck": 26, "ws": 25, "sd": 22, "swap": True},
    "button": {"pin": 9, "active_low": True},
    "led": {"pin": 2, "active_high": True},
}
START_MS = 1000
DELAY_MS = 2


class Venue:
    """Virtual time in whole milliseconds; `said` is what the digest is made of."""

    def __init__(
        self, count: int, kit: Path, firmware: Path, work: Path, heap_bytes: int = HEAP_BYTES
    ) -> None:
        self.now_ms = START_MS
        self.leader = make_leader(1, 99)
        self.badges: list[SteppedBadge] = []
        for index in range(count):
            folder = work / f"badge{index}"
            folder.mkdir(parents=True, exist_ok=True)
            config = {
                "device": f"02000000000000{index:02x}",
                "name": "AB"[index],
                "leader": f"{LEADER[0]}:{LEADER[1]}",
                "wifi": {"ssid": "venue", "password": "secret"},
                "tones": False,  # they would mix with the speech that is measured
            }
            device = f"0200000000{index:02x}"
            badge = SteppedBadge(
                firmware,
                BOARD,
                config,
                device,
                7 + index,
                START_MS,
                folder,
                kit=Kit.load(kit),
                key=device_key(bytes.fromhex(config["device"])),
                heap_bytes=heap_bytes,
            )
            self.badges.append(badge)
        self.due = [START_MS] * count
        self.todo: list[list[Any]] = [[] for _ in self.badges]
        self.paused: set[int] = set()
        self.flying: list[tuple[int, bytes, int]] = []  # (due, data, badge index; -1: leader)
        self.events: list[list[Any]] = [[] for _ in self.badges]
        self.pcm: list[list[Any]] = [[] for _ in self.badges]
        self.dropped = [0] * count
        self.packets: list[tuple[str, int, str]] = []  # voice in hex, its key's epoch, that key
        self.digest = hashlib.sha256()

    def address(self, index: int) -> tuple[str, int]:
        return (f"10.0.0.{10 + index}", 49152)

    def run(self, until_ms: int) -> None:
        while self.now_ms < until_ms:
            arriving = [each for each in self.flying if each[0] <= self.now_ms]
            self.flying = [each for each in self.flying if each[0] > self.now_ms]
            for index in range(len(self.badges)):
                inbox = [(data, LEADER) for _, data, to in arriving if to == index]
                if index in self.paused:  # the datagram waits in front of the mailbox
                    self.flying += [each for each in arriving if each[2] == index]
                elif inbox or self.todo[index] or self.due[index] <= self.now_ms:
                    self.step(index, inbox)
            self.lead([(data, source) for _, data, source in arriving if source < 0])
            self.now_ms += 1

    def step(self, index: int, inbox: Sequence[Any]) -> None:
        stepped = self.badges[index].step(self.now_ms, inbox, self.todo[index])
        self.todo[index] = []
        self.due[index] = self.now_ms + stepped.sleep_ms
        self.note(index, stepped)
        for data, destination in stepped.datagrams:
            if destination == LEADER:
                self.flying.append((self.now_ms + DELAY_MS, data, -1 - index))
                if data[1] == VOICE_FRAME:
                    epoch, key = self.leader.keys.current(voice_layout.group(data))
                    self.packets.append((data.hex(), epoch, key.hex()))

    def note(self, index: int, stepped: Stepped) -> None:
        self.digest.update(repr((self.now_ms, index, stepped)).encode())
        self.events[index] += stepped.events
        self.pcm[index] += stepped.sounds
        self.dropped[index] += stepped.dropped

    def lead(self, arriving: Sequence[Any]) -> None:
        now_ms = clock.wrapped(self.now_ms)
        for data, source in arriving:
            self.leader.receive_datagram(data, self.address(-1 - source), now_ms)
        self.leader.handle_timeout(now_ms)
        outgoing = self.leader.poll_transmit()
        while outgoing is not None:
            for index in range(len(self.badges)):
                if outgoing.destination == self.address(index):
                    self.flying.append((self.now_ms + DELAY_MS, bytes(outgoing.data), index))
            outgoing = self.leader.poll_transmit()
        event = self.leader.next_event()
        while event is not None:
            self.tell(event)
            event = self.leader.next_event()

    def tell(self, event: tuple[int, Any]) -> None:
        """The leader's events, for scenes that want them."""


def voice(milliseconds: int) -> bytes:
    """A triangle of 250 Hz that grows louder, s16le."""
    out = bytearray()
    for n in range(16 * milliseconds):
        level = (abs(n % 64 - 32) - 16) * (40 + n // 32)
        out += level.to_bytes(2, "little", signed=True)
    return bytes(out)


def talk(venue: Venue) -> dict[str, Any]:
    """A presses and speaks, B hears."""
    venue.run(2000)
    venue.todo[0] = [Press(), Speak(2050.0, voice(800))]
    venue.run(3000)
    venue.todo[0] = [Release()]
    venue.run(4500)
    return {}


def trouble(venue: Venue) -> dict[str, Any]:
    """Sends fail, one badge is paused while the other talks, then loses its power."""
    venue.run(1500)
    venue.todo[0] = [FailSends(2)]
    venue.run(2500)
    venue.todo[0] = [Press(), Speak(2550.0, voice(1500))]
    venue.run(3000)
    venue.paused.add(1)
    venue.run(3800)
    venue.paused.clear()
    venue.run(4000)
    paused_stats = venue.badges[1].stats()
    venue.badges[1].reset(4000)
    venue.due[1] = 4000
    venue.run(6000)
    return {"paused": paused_stats, "failing": venue.badges[0].stats()}


def main(scene: str, kit: str, firmware: str, work: str) -> None:
    venue = Venue(2, Path(kit), Path(firmware), Path(work))
    stats = {"talk": talk, "trouble": trouble}[scene](venue)
    for badge in venue.badges:
        badge.stop()
    sounds = [[(each.at_ms, each.pcm.hex()) for each in pcm] for pcm in venue.pcm]
    result = {
        "digest": venue.digest.hexdigest(),
        "events": venue.events,
        "dropped": venue.dropped,
        "sounds": sounds,
        "packets": venue.packets,
        "stats": stats,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
