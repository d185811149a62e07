"""What a delivered packet of voice costs the leader, compared with a loop that does the least that
a packet needs: a copy and a checksum. Both are timed by turns in one run, so that a busy machine
slows both: `python -m tests.budgets.leader_cost`.
"""

from __future__ import annotations

import binascii
import os
import statistics
import time
from array import array
from collections.abc import Iterator

from tests.shared.fixed_roster import FixedRoster
from tests.shared.keys import Directory, device_key

from pressel.block_cipher import BlockCipher
from ptt.badge.participant import Participant
from ptt.base.numbers import FRAME_MS, FRAME_SAMPLES, FRAMES_PER_PACKET_MAX
from ptt.leader.leader import Leader
from ptt.wire.messages import VOICE_FRAME

MEMBERS = 100  # of the venue that the targets speak of
PACKETS = 150  # three seconds of speech; nobody's membership ends meanwhile
LEADER = ("leader", 1)
_JOIN_STEPS = 200
_SPEECH_STEPS = 2000
_STEP_MS = 10
_TURN_PACKETS = 10  # the leader bundles frames for many listeners, and sends copies in order


class Hall:
    """A leader and members that have joined, without a network between them."""

    def __init__(self, members: int) -> None:
        self.now_ms = 1000
        self.spent_s = 0.0  # by the leader, with voice and with what waits to be sent
        self.copies = 0  # of voice, which it has given out
        self.copy = b""  # the last of them
        self.leader = Leader(1, 1, Directory(), os.urandom, roster=FixedRoster({}))
        self.members = {
            ("badge", number): Participant(
                device := number.to_bytes(8, "big"), b"B%d" % number, b"budget", LEADER, number,
                device_key(device), BlockCipher, os.urandom,
            )
            for number in range(1, members + 1)
        }  # fmt: skip
        for member in self.members.values():
            member.start(self.now_ms)
        for _ in range(_JOIN_STEPS):
            self.step()
            if len(self.leader.members) == members:
                break
        self.step()
        self.talker = next(iter(self.members))

    def step(self) -> list[bytes]:
        """Let 10 ms pass; the voice that members sent is kept back and returned."""
        self.now_ms += _STEP_MS
        voice = []
        for address, member in self.members.items():
            member.handle_timeout(self.now_ms)
            while (out := member.poll_transmit()) is not None:
                data = bytes(out.data)
                if data[1] == VOICE_FRAME:
                    voice.append(data)
                else:
                    self.leader.receive_datagram(data, address, self.now_ms)
                    self.carry()
        begun_s = time.process_time()
        self.leader.handle_timeout(self.now_ms)
        self.spent_s += time.process_time() - begun_s
        self.carry()
        return voice

    def hear(self, data: bytes) -> None:
        """The leader gets a packet of the talker."""
        begun_s = time.process_time()
        self.leader.receive_datagram(data, self.talker, self.now_ms)
        self.spent_s += time.process_time() - begun_s
        self.carry()

    def carry(self) -> None:
        """Fetch all that the leader sends now. Members get it, but no voice: what they do with that
        is not the leader's cost."""
        others = []
        begun_s = time.process_time()
        while (out := self.leader.poll_transmit()) is not None:
            if out.data[1] == VOICE_FRAME:
                self.copies += 1
                self.copy = out.data
            else:
                others.append((bytes(out.data), out.destination))
        self.spent_s += time.process_time() - begun_s
        for data, destination in others:
            self.members[destination].receive_datagram(data, LEADER, self.now_ms)

    def speech(self, count: int) -> Iterator[bytes]:
        """`count` packets of one burst, each to be handed to the leader before the next is made."""
        member = self.members[self.talker]
        member.press(self.now_ms)
        pcm = array("h", [1000, -1000] * (FRAME_SAMPLES // 2))
        spoken_ms = self.now_ms
        for _ in range(_SPEECH_STEPS):
            for data in self.step():
                yield data
                count -= 1
                if not count:
                    return
            while spoken_ms <= self.now_ms:
                member.write_microphone(pcm, self.now_ms)
                spoken_ms += FRAME_MS
        raise AssertionError(f"{count} packets were not spoken")


def delivered_packet_ratio(members: int = MEMBERS, packets: int = PACKETS) -> float:
    """How many copies-with-checksum one delivered packet costs the leader."""
    hall = Hall(members)
    ratios = []
    hall.spent_s, hall.copies = 0.0, 0
    for number, data in enumerate(hall.speech(packets), 1):
        hall.hear(data)
        if number % _TURN_PACKETS or not hall.copies:
            continue
        delivered, packet = hall.copies, hall.copy
        begun_s = time.process_time()
        for _ in range(delivered):
            copy = bytearray(packet)
            binascii.crc32(copy)
        ratios.append(hall.spent_s / (time.process_time() - begun_s))
        wanted = _TURN_PACKETS * (members - 1) // FRAMES_PER_PACKET_MAX // 2  # some still wait
        assert delivered >= wanted, f"{delivered} copies of {_TURN_PACKETS} packets"
        hall.spent_s, hall.copies = 0.0, 0
    return statistics.median(ratios)


if __name__ == "__main__":
    print(f"{delivered_packet_ratio():.1f} copies with a checksum for a delivered packet")
