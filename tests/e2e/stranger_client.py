"""A client written from docs/protocol-v2.md alone, with the standard library and a library's AES.

It joins, says a WAV file, and writes what it hears to another, in real time; each thing that
happens is a JSON line on standard output. It proves the document, so it imports nothing of ours.
Section numbers in comments are the document's.
"""

from __future__ import annotations

import argparse
import hmac
import json
import random
import secrets
import select
import socket
import struct
import time
import wave
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

VERSION = 0x25
TABLE = bytes(4)  # we are no build of theirs
HELLO, WELCOME, HEARTBEAT, ROLE_ANNOUNCE = 1, 2, 3, 5
SETTINGS_SNAPSHOT, SETTINGS_ACK, TEXT_MESSAGE = 8, 9, 10
FLOOR_REQUEST, FLOOR_GRANT, FLOOR_RELEASE, FLOOR_QUEUED, FLOOR_DENIED = 16, 17, 18, 19, 20
FLOOR_TAKEN, FLOOR_IDLE, FLOOR_REVOKED = 21, 22, 23
VOICE_FRAME, RECEIVER_REPORT, BURST_RECEIPT = 32, 33, 34
CHALLENGE, ANSWER, GROUP_KEY, KEY_WANT = 6, 7, 12, 13
RESIGNED, IMA_ADPCM = 2, 1

FRAME_MS, FRAME_SAMPLES, FRAME_BYTES = 20, 320, 164
RETRIES_MS = (60, 120, 240, 480, 480, 480, 480, 480)

# fmt: off
STEP = (
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45,
    50, 55, 60, 66, 73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307,
    337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707,
    1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845,
    8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
    32767,
)
# fmt: on
INDEX = (-1, -1, -1, -1, 2, 4, 6, 8)


class Coder:
    """Section 10: the predictor and the step index."""

    def __init__(self, predictor: int = 0, index: int = 0) -> None:
        self.predictor = predictor
        self.index = min(index, 88)

    def decode_code(self, code: int) -> int:
        step = STEP[self.index]
        delta = step // 8
        if code & 4:
            delta += step
        if code & 2:
            delta += step // 2
        if code & 1:
            delta += step // 4
        if code & 8:
            self.predictor = max(-32768, self.predictor - delta)
        else:
            self.predictor = min(32767, self.predictor + delta)
        self.index = min(88, max(0, self.index + INDEX[code & 7]))
        return self.predictor

    def encode_sample(self, sample: int) -> int:
        step = STEP[self.index]
        code = 0
        difference = sample - self.predictor
        if difference < 0:
            code, difference = 8, -difference
        for bit, part in ((4, step), (2, step // 2), (1, step // 4)):
            if difference >= part:
                code += bit
                difference -= part
        self.decode_code(code)
        return code

    def encode(self, samples: tuple[int, ...]) -> bytes:
        head = struct.pack(">hBB", self.predictor, self.index, 0)
        codes = [self.encode_sample(sample) for sample in samples]
        return head + bytes(
            low | high << 4 for low, high in zip(codes[::2], codes[1::2], strict=True)
        )


def decode(frame: bytes) -> list[int]:
    predictor, index = struct.unpack_from(">hB", frame)
    coder = Coder(predictor, index)
    samples = []
    for byte in frame[4:]:
        samples += [coder.decode_code(byte & 15), coder.decode_code(byte >> 4)]
    return samples


def crc_of(head: bytes, payload: bytes) -> int:
    """Section 2: the payload first, then bytes 0 to 19."""
    return zlib.crc32(head[:20], zlib.crc32(payload))


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


# --- sealing and voice keys, sections 4 and 8 ---


def mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def expand(secret: bytes, info: bytes) -> bytes:
    return mac(secret, info + b"\1")


def cross(key: bytes, epoch: int, payload: bytes) -> bytes:
    """The payload of a VOICE_FRAME with its frames encrypted, or readable again."""
    talker, lease, first = struct.unpack_from(">HIH", payload, 2)
    parts = [payload[:14]]
    for at in range(14, len(payload), FRAME_BYTES):
        block = struct.pack(">HHIH6x", epoch, talker, lease, first + len(parts) - 1)
        stream = Cipher(algorithms.AES(key), modes.CTR(block)).encryptor()
        parts.append(stream.update(payload[at : at + FRAME_BYTES]))
    return b"".join(parts)


class Hearing:
    """One burst as it is heard, section 11."""

    def __init__(self, lease: int, talker: int) -> None:
        self.lease, self.talker, self.first_ms = lease, talker, now_ms()
        self.frames: dict[int, bytes] = {}
        self.done: set[int] = set()
        self.next: int | None = None
        self.last: int | None = None
        self.played = self.concealed = self.late = self.missed = 0
        self.sound = [0] * FRAME_SAMPLES

    def take(self, number: int, frame: bytes) -> None:
        if number in self.frames or number in self.done:
            return
        if self.next is not None and number < self.next:
            self.late += 1
        else:
            self.frames[number] = frame

    def is_due(self, delay_ms: int) -> bool:
        return now_ms() - self.first_ms >= delay_ms

    def is_over(self) -> bool:
        ended = self.last is not None and self.next is not None and self.next > self.last
        return ended or self.missed * FRAME_MS >= 500

    def play(self) -> list[int]:
        """The next 20 ms."""
        if self.next is None:
            self.next = min(self.frames)
        frame = self.frames.pop(self.next, None)
        self.next += 1
        if frame is not None:
            self.concealed += self.missed
            self.missed = 0
            self.played += 1
            self.done.add(self.next - 1)
            self.sound = decode(frame)
        else:
            self.missed += 1
            kept = self.missed <= 3
            self.sound = [value // 2 if kept else 0 for value in self.sound]
        return self.sound


class Stranger:
    """The whole client: call `step` all the time."""

    def __init__(
        self,
        leader: tuple[str, int],
        name: str,
        own: tuple[bytes, bytes],
        say: list[tuple[int, ...]],
    ) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.search, self.leader, self.name = leader, leader, name.encode()
        self.device, self.key = own
        self.hello = self.own_nonce = self.secret = b""
        self.keys: dict[str, bytes] = {}
        self.seen: set[int] = set()  # seqs of the session that were accepted
        self.roster = 0
        self.epochs: dict[int, bytes] = {}  # of our group, by epoch
        self.want_ms = self.epoch_ms = 0
        self.term = self.settings_version = self.highest = self.given_back = 0
        self.is_idle = True  # of the highest lease: nobody holds it any more
        self.delay_ms = 60
        self.request = random.randrange(65536)
        self.say, self.heard, self.record = say, 0, bytearray()
        self.hearing: list[Hearing] = []
        self.finished = 0  # the highest lease heard to its end
        self.speaker_ms = now_ms()
        self.repeats: list[int] = []
        self.last_packet = b""
        self.receipt: tuple | None = None
        self.search_anew()

    # --- membership, sections 5 and 6 ---

    def search_anew(self) -> None:
        self.node = self.session = self.seq = self.group = 0
        self.nonce = random.randrange(1, 2**30)
        self.wait_ms, self.due_ms = 250, now_ms()
        self.floor, self.lease, self.queued_seq = "none", 0, 0
        self.kept: list[bytes] = []

    def lose(self, why: str) -> None:
        tell("lost", why=why)
        self.search_anew()

    def keep_joined(self) -> None:
        if now_ms() < self.due_ms:
            return
        if not self.session:
            hello = struct.pack(">8sI4sB", self.device, self.nonce, TABLE, 1 << IMA_ADPCM)
            hello += text(self.name) + text(b"stranger") + struct.pack(">I", self.term)
            if hello[8:12] != self.hello[8:12]:
                self.own_nonce = secrets.token_bytes(16)
            self.hello = hello
            self.send(HELLO, hello, self.search)
            self.due_ms = now_ms() + random.randint(self.wait_ms // 2, self.wait_ms)
            self.wait_ms = min(2 * self.wait_ms, 2000)
        elif now_ms() - self.leader_heard_ms >= 3000:
            self.lose("silent")
        else:
            talker = 0 if self.is_idle else self.talker
            clock = now_ms() % 2**30
            floor = (self.group, self.term, self.highest, talker)
            self.send(HEARTBEAT, struct.pack(">IBIIHBB", clock, *floor, 0, self.roster))
            self.due_ms = now_ms() + 1000
        if self.session and not self.epochs and now_ms() >= self.want_ms:
            self.want_ms = now_ms() + 100
            self.send(KEY_WANT, bytes([self.group]))

    def on_challenge(self, payload: bytes, source: tuple[str, int]) -> None:
        if self.session or payload[:4] != self.hello[8:12]:
            return
        challenge = payload[4:20]
        self.secret = mac(self.own_nonce + challenge, self.key)
        proof = mac(expand(self.secret, b"pressel 2 answer"), self.hello)[:16]
        self.send(ANSWER, challenge + self.own_nonce + proof + self.hello, source)

    def derive(self, term: int, session: int) -> dict[str, bytes]:
        place = struct.pack(">II", term, session)
        names = ("up", "down", "wrap")
        return {name: expand(self.secret, b"pressel 2 " + name.encode() + place) for name in names}

    def on_group_key(self, payload: bytes, seq: int) -> None:
        group, epoch = struct.unpack_from(">BH", payload)
        pad = mac(self.keys["wrap"], struct.pack(">II", self.session, seq))
        if group == self.group and epoch not in self.epochs:
            self.epochs[epoch] = bytes(a ^ b for a, b in zip(payload[3:19], pad, strict=False))
            self.epoch_ms = now_ms()

    def own_epoch(self) -> int:
        """The epoch under which we talk: the newest, once the others have had a second to get
        it."""
        epochs = sorted(self.epochs)
        return epochs[-2] if len(epochs) > 1 and now_ms() - self.epoch_ms < 1000 else epochs[-1]

    def on_welcome(self, payload: bytes, source: tuple[str, int]) -> None:
        """Our one group is `group`, whatever stands in `groups`."""
        nonce, node, session, term, _, group, codec = struct.unpack_from(">IHII4sBB", payload)
        if nonce != self.nonce or codec != IMA_ADPCM or term < self.term or self.session:
            return
        if term > self.term:
            self.highest = self.finished = self.given_back = 0
            self.is_idle, self.hearing = True, []
        self.node, self.session, self.term, self.group = node, session, term, group
        self.roster = payload[32] if len(payload) > 32 else 0
        self.leader, self.seq, self.settings_version = source, 0, 0
        self.epochs = {}
        self.leader_heard_ms, self.talker = now_ms(), 0
        self.due_ms = now_ms() + random.randint(500, 1000)
        tell("joined", node=node)

    def on_settings(self, payload: bytes) -> None:
        version, delay_ms, _ = struct.unpack_from(">IHI", payload)
        if version < self.settings_version:
            return
        self.settings_version, self.delay_ms = version, delay_ms
        self.send(SETTINGS_ACK, struct.pack(">IB", version, 0))

    # --- datagrams, sections 2 to 4 ---

    def send(self, kind: int, payload: bytes, to: tuple[str, int] | None = None) -> None:
        self.seq += 1
        is_sealed = kind not in (HELLO, ANSWER)
        mark = 0
        if kind == VOICE_FRAME:
            epoch = self.own_epoch()
            mark, payload = epoch & 255, cross(self.epochs[epoch], epoch, payload)
        head = struct.pack(">BBBBI", VERSION, kind, mark, is_sealed, self.session)
        head += struct.pack(">HHII", self.node, len(payload), self.seq, now_ms() % 2**30)
        head += struct.pack(">I", crc_of(head, payload))
        tag = mac(self.keys["up"], head + payload)[:8] if is_sealed else b""
        self.socket.sendto(head + payload + tag, to or self.leader)

    def receive(self, data: bytes, source: tuple[str, int]) -> None:
        if len(data) < 24 or data[0] >> 4 != VERSION >> 4:
            return
        _, kind, flags, session, node, size, seq, _, crc = struct.unpack_from(">BBHIHHIII", data)
        payload, tag = data[24 : 24 + size], data[24 + size :]
        if len(tag) != (8 if flags & 1 else 0) or crc != crc_of(data, payload):
            return
        if not tag:
            if kind == CHALLENGE:
                self.on_challenge(payload, source)
            return  # a NACK proves nothing, and three silent seconds say as much
        if kind == WELCOME and not self.session:
            keys = self.derive(struct.unpack_from(">I", payload, 10)[0], session)
            if hmac.compare_digest(mac(keys["down"], data[:-8])[:8], tag):
                self.keys, self.seen = keys, {seq}
                self.on_welcome(payload, source)
            return
        if not self.session or source != self.leader or node != 1:
            return
        if session != self.session or seq in self.seen or seq <= max(self.seen) - 64:
            return
        if not hmac.compare_digest(mac(self.keys["down"], data[:-8])[:8], tag):
            return
        self.seen.add(seq)
        self.leader_heard_ms = now_ms()
        if kind == GROUP_KEY:
            self.on_group_key(payload, seq)
        elif kind == VOICE_FRAME:
            epoch = next((each for each in self.epochs if each & 255 == data[2]), None)
            if epoch is not None:
                self.obey(kind, cross(self.epochs[epoch], epoch, payload), seq)
        elif kind != FLOOR_GRANT or self.epochs:
            self.obey(kind, payload, seq)

    def obey(self, kind: int, payload: bytes, seq: int) -> None:
        if kind == SETTINGS_SNAPSHOT:
            self.on_settings(payload)
        elif kind == ROLE_ANNOUNCE:
            role, term = struct.unpack_from(">BI", payload)
            if role == RESIGNED and term == self.term:
                self.lose("resigned")
        elif kind == HEARTBEAT:
            _, group, term, lease, talker, _ = struct.unpack_from(">IBIIHB", payload)
            if group == self.group and term == self.term:
                self.on_floor(lease, talker)
        elif payload[0] == self.group:
            self.obey_group(kind, payload, seq)

    def obey_group(self, kind: int, payload: bytes, seq: int) -> None:
        if kind == VOICE_FRAME:
            self.on_voice(payload)
        elif kind == BURST_RECEIPT:
            self.receipt = struct.unpack_from(">BIHHH", payload)[1:]
            tell("receipt", counts=self.receipt)
        elif kind == TEXT_MESSAGE:
            at = 7 + payload[6]
            tell("text", text=payload[at + 1 : at + 1 + payload[at]].decode())
        elif kind == FLOOR_GRANT:
            _, request, term, lease, _, _ = struct.unpack_from(">BHIIHI", payload)
            if request == self.request and term == self.term and lease >= self.highest:
                self.on_grant(lease)
        elif kind == FLOOR_QUEUED:
            _, request, position = struct.unpack_from(">BHB", payload)
            if request == self.request and seq >= self.queued_seq:
                self.queued_seq = seq
                self.on_queued(position)
        elif kind == FLOOR_DENIED:
            _, request, reason = struct.unpack_from(">BHB", payload)
            if request == self.request and self.floor != "none":
                self.end_floor("released" if self.floor == "releasing" else f"denied {reason}")
        elif kind == FLOOR_REVOKED:
            _, term, lease, reason = struct.unpack_from(">BIIB", payload)
            if term == self.term and lease == self.lease and self.floor != "none":
                self.end_floor("released" if self.floor == "releasing" else f"revoked {reason}")
        elif kind == FLOOR_TAKEN:
            _, term, lease, talker = struct.unpack_from(">BIIH", payload)
            if term == self.term:
                self.on_floor(lease, talker)
        elif kind == FLOOR_IDLE:
            _, term, lease = struct.unpack_from(">BII", payload)
            if term == self.term:
                self.on_floor(lease, 0)

    # --- the floor, section 7 ---

    def press(self) -> None:
        self.request = (self.request + 1) % 65536
        self.coder, self.kept, self.spoken = Coder(), [], 0
        self.press_ms, self.floor, self.lease = now_ms(), "pending", 0
        self.try_again(FLOOR_REQUEST, 0)
        tell("pressed", request=self.request)

    def try_again(self, kind: int, tries: int) -> None:
        payload = struct.pack(">BH", self.group, self.request)
        if kind == FLOOR_RELEASE:
            payload += struct.pack(">I", self.lease)
        self.send(kind, payload)
        self.tries, self.retry_ms = tries + 1, now_ms() + RETRIES_MS[tries]

    def on_grant(self, lease: int) -> None:
        if self.floor in ("pending", "queued"):
            if self.floor == "queued":
                self.spoken, self.press_ms = 0, now_ms()
            self.floor, self.lease, self.highest, self.is_idle = "talking", lease, lease, False
            self.talker = self.node
            self.grant_ms = self.pace_ms = now_ms()
            self.number, self.repeats = 0, []
            tell("granted", lease=lease)
        elif lease > self.given_back and self.floor in ("none", "releasing"):
            self.floor, self.lease = "releasing", lease
            self.try_again(FLOOR_RELEASE, 0)

    def on_queued(self, position: int) -> None:
        if self.floor == "pending":
            self.floor, self.kept, self.retry_ms = "queued", [], now_ms() + 1000
        tell("queued", position=position)

    def on_floor(self, lease: int, talker: int) -> None:
        if lease < self.highest:
            return
        if self.floor == "talking" and (lease > self.lease or talker == 0):
            self.end_floor("revoked")
        elif self.floor == "releasing" and (lease, talker) != (self.lease, self.node):
            self.end_floor("released")
        if lease > self.highest or not self.is_idle:
            self.highest, self.talker, self.is_idle = lease, talker, talker == 0

    def end_floor(self, how: str) -> None:
        self.given_back = max(self.given_back, self.lease)
        self.floor, self.kept = "none", []
        tell(how)

    def keep_floor(self) -> None:
        if self.floor == "queued" and now_ms() >= self.retry_ms:
            self.try_again(FLOOR_REQUEST, 0)
            self.retry_ms = now_ms() + 1000
        elif self.floor in ("pending", "releasing") and now_ms() >= self.retry_ms:
            if self.tries == len(RETRIES_MS):
                self.end_floor("no answer" if self.floor == "pending" else "released")
            else:
                kind = FLOOR_REQUEST if self.floor == "pending" else FLOOR_RELEASE
                self.try_again(kind, self.tries)

    # --- talking, section 10; letting go is the end of the file, the tail two frames of silence ---

    def talk(self) -> None:
        if self.floor in ("pending", "talking"):
            due = min(len(self.say), (now_ms() - self.press_ms) // FRAME_MS)
            while self.spoken < due:
                self.kept = [*self.kept, self.coder.encode(self.say[self.spoken])][-40:]
                self.spoken += 1
        if self.floor == "talking" and self.kept and now_ms() >= self.next_packet_ms():
            is_last = self.spoken == len(self.say) and len(self.kept) <= 3
            self.send_voice(is_last)
            if is_last:
                tell("sent", frames=self.number)
                self.floor = "releasing"
                self.try_again(FLOOR_RELEASE, 0)
        if self.repeats and now_ms() >= self.repeats[0]:
            self.repeats.pop(0)
            self.send(VOICE_FRAME, self.last_packet)

    def next_packet_ms(self) -> int:
        return max(self.pace_ms, self.grant_ms + (self.number - 14) * FRAME_MS)

    def send_voice(self, is_last: bool) -> None:
        frames, self.kept = self.kept[:3], self.kept[3:]
        head = (self.group, IMA_ADPCM, self.node, self.lease, self.number, is_last)
        payload = struct.pack(">BBHIHBBH", *head, len(frames), FRAME_BYTES) + b"".join(frames)
        self.number += len(frames)
        self.pace_ms = now_ms() + 10
        self.send(VOICE_FRAME, payload)
        if is_last:
            self.last_packet = payload
            self.repeats = [now_ms() + FRAME_MS, now_ms() + 2 * FRAME_MS]

    # --- listening, section 11 ---

    def on_voice(self, payload: bytes) -> None:
        if len(payload) < 14:
            return
        head = struct.unpack_from(">BBHIHBBH", payload)
        _, codec, talker, lease, first, marks, count, size = head
        if codec != IMA_ADPCM or size != FRAME_BYTES or len(payload) != 14 + count * size:
            return
        self.on_floor(lease, talker)
        if lease <= self.finished:
            return
        burst = next((each for each in self.hearing if each.lease == lease), None)
        if burst is None:
            burst = Hearing(lease, talker)
            self.hearing = sorted([*self.hearing, burst], key=lambda each: each.lease)
        for number in range(count):
            at = 14 + number * size
            burst.take(first + number, payload[at : at + size])
        if marks & 1:
            burst.last = first + count - 1

    def listen(self) -> None:
        """Write each 20 ms that the speaker plays."""
        while now_ms() >= self.speaker_ms:
            self.speaker_ms += FRAME_MS
            sound = [0] * FRAME_SAMPLES
            if self.hearing and self.hearing[0].is_due(self.delay_ms):
                burst = self.hearing[0]
                sound = burst.play()
                if burst.is_over():
                    self.report(burst)
            self.record += struct.pack("<320h", *sound)

    def report(self, burst: Hearing) -> None:
        self.hearing.remove(burst)
        self.finished = burst.lease
        self.heard += 1
        counts = (burst.played, burst.concealed, burst.late)
        self.send(RECEIVER_REPORT, struct.pack(">BIHHH", self.group, burst.lease, *counts))
        tell("heard", lease=burst.lease, talker=burst.talker, counts=counts)

    # --- everything ---

    def step(self) -> None:
        self.keep_joined()
        if self.session:
            self.keep_floor()
            self.talk()
        self.listen()
        if select.select([self.socket], [], [], 0.002)[0]:
            self.receive(*self.socket.recvfrom(2048))


def text(value: bytes) -> bytes:
    return bytes([len(value)]) + value


def tell(event: str, **fields: object) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


def read_frames(file: str) -> list[tuple[int, ...]]:
    """20 ms each; two frames of silence stand for the tail after letting go."""
    with wave.open(file) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (16000, 1, 2)
        pcm = wav.readframes(wav.getnframes())
    pcm += bytes(-len(pcm) % 640) + bytes(2 * 640)
    return [struct.unpack_from("<320h", pcm, at) for at in range(0, len(pcm), 640)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("leader", help="host:port")
    parser.add_argument("name")
    parser.add_argument("--credential", required=True, help="JSON: device and key in hexadecimal")
    parser.add_argument("--say", help="16 kHz mono WAV: press, say it, let go")
    parser.add_argument("--record", help="WAV of what is heard")
    parser.add_argument("--bursts", type=int, default=0, help="leave after having heard so many")
    parser.add_argument("--seconds", type=float, default=60, help="leave after so long")
    args = parser.parse_args()
    host, port = args.leader.split(":")
    with open(args.credential) as file:
        given = json.load(file)
    own = bytes.fromhex(given["device"]), bytes.fromhex(given["key"])
    say = read_frames(args.say) if args.say else []
    client = Stranger((host, int(port)), args.name, own, say)
    end_ms = now_ms() + args.seconds * 1000
    has_pressed = False
    while now_ms() < end_ms and not (
        client.heard >= args.bursts and (client.receipt or not args.say)
    ):
        client.step()
        if client.session and args.say and not has_pressed:
            has_pressed = True
            client.press()
    if args.record:
        with wave.open(args.record, "wb") as wav:
            wav.setparams((1, 2, 16000, 0, "NONE", ""))
            wav.writeframes(client.record)


if __name__ == "__main__":
    main()
