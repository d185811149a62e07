"""For tests of updates: a release, a slot in memory, and a venue whose badges fetch it."""

from binascii import hexlify
from hashlib import sha256

from tests.shared.lms_tree import FewLeaves
from tests.shared.venue import Venue

from ptt.badge.floor import NO_PERMISSION
from ptt.badge.update_receiver import Receiver
from ptt.base import clock
from ptt.link import update_manifest as manifest
from ptt.link.hmac import HmacKey
from ptt.link.update_signature import SignatureCheck, signed_head

RUNNING = 1
SIGNER = FewLeaves()  # whom the badges of a stage know
STEP_MS = 5  # a badge writes and hashes one piece about this often


class Release:
    """Release `number` of `files` (path to bytes)."""

    def __init__(self, number, files, chip=b"any", names_itself=0):
        lines = [b"pressel-update 1", b"release %d" % (names_itself or number), b"build 0.2.0"]
        lines += [b"chip " + chip, b"table 00000000", b"files %d" % len(files)]
        lines += [b"bytes %d" % sum(len(data) for data in files.values())]
        self.paths = sorted(files)
        for path in self.paths:
            digest = hexlify(sha256(files[path]).digest())
            lines.append(b"%s %d %s" % (digest, len(files[path]), path.encode()))
        self.number = number
        self.files = files
        self.parts = [b"\n".join(lines) + b"\n"] + [files[path] for path in self.paths]
        self.text_bytes = len(self.parts[0])
        self.sign(SIGNER)

    def sign(self, tree, flags=0, leaf=0):
        """Append the signature: what lies behind the manifest is the signer's."""
        text = self.parts[0][: self.text_bytes]
        self.parts[0] = text + tree.sign(signed_head(flags) + text, leaf)
        return self

    def tag(self, key, flags=0):
        inner = manifest.begin_tag(key, flags)
        inner.update(self.parts[0])
        return manifest.end_tag(key, inner)


class Slot:
    """The slot's files in memory; `room_bytes`: what else fits, `fails_at`: the call that fails."""

    def __init__(self, files=None):
        self.files = dict(files or {})
        self.room_bytes = 1 << 20
        self.calls = 0
        self.fails_at = -1
        self.opened = ["", 0]  # path, offset
        self.lines = []

    def tick(self):
        self.calls += 1
        if self.calls == self.fails_at:
            raise OSError(5)

    def size(self, path):
        return len(self.files[path]) if path in self.files else -1

    def open(self, path):
        self.tick()
        self.opened = [path, 0]

    def seek(self, at):
        self.tick()
        self.opened[1] = at

    def readinto(self, view):
        piece = self.read(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def read(self, count):
        self.tick()
        path, at = self.opened
        self.opened[1] = at + count
        return self.files[path][at : at + count]

    def create(self, path, keep):
        self.tick()
        self.opened = [path, 0]
        if not keep:
            self.files[path] = b""

    def write(self, data):
        self.tick()
        self.files[self.opened[0]] += bytes(data)
        self.room_bytes -= len(data)

    def flush(self):
        self.tick()

    def close(self):
        self.opened = ["", 0]

    def keep(self, path, place):
        self.tick()
        self.files[place] = self.files.pop(path)

    def remove(self, path):
        self.tick()
        del self.files[path]

    def room(self):
        return self.room_bytes

    def open_lines(self):
        self.tick()
        self.lines = self.files["update.txt"].split(b"\n")

    def line(self):
        self.tick()
        return self.lines.pop(0) if self.lines else b""

    def paths(self):
        return sorted(self.files)


class UpdateVenue(Venue):
    """Badges that fetch what they are offered into `slots` (by index), with `keys`."""

    def __init__(self, badges=1, chip=b"esp32", **options):
        self.slots = [Slot() for _ in range(badges)]
        self.keys = [HmacKey(bytes([index + 1]) * 32) for index in range(badges)]
        self.receivers = {}  # by index of those that fetch
        self.checks = {}  # by index of those that look at a signature
        self.ended = [[] for _ in range(badges)]  # reasons
        self.chip = chip
        self.signer = SIGNER.public
        self.written_while_talking = 0
        Venue.__init__(self, badges, **options)

    def device(self, index):
        return self.badges[index].engine.device

    def assign(self, release, *indices, flags=0):
        for index in indices:
            tag = release.tag(self.keys[index], flags)
            self.leader.updates.assign(self.device(index), release, flags, tag, self.now_ms)

    def states(self):
        return [job.state for job in self.leader.updates.jobs()]

    def step(self, badge):
        Venue.step(self, badge)
        self.fetch_piece(badge)
        self.collect(badge)
        receiver = self.receivers.get(badge.index)
        if receiver is not None and self.is_quiet(badge):
            rest_ms = max(clock.since(receiver.next_timeout_ms(), self.now_ms), STEP_MS)
            badge.wake_ms = clock.earliest(badge.wake_ms, clock.add(self.now_ms, rest_ms))

    def fetch_piece(self, badge):
        engine = badge.engine
        receiver = self.receivers.get(badge.index)
        if receiver is None:
            if engine.offers.offered:
                self.begin(badge, engine.offers.offered)
                engine.offers.offered = ()
            return
        receiver.is_quiet = self.is_quiet(badge)
        if receiver.is_quiet:
            if receiver.is_verifying():
                receiver = self.verify_piece(badge, receiver)
            else:
                receiver.step(self.now_ms)
        if receiver.is_over():
            self.ended[badge.index].append(receiver.reason)
            self.stop(badge.index)

    def verify_piece(self, badge, receiver):
        """A step of the look at the signature; the receiver that goes on."""
        index = badge.index
        offer = receiver.offer
        if index not in self.checks:
            slot = self.slots[index]
            slot.open("update.txt")
            self.checks[index] = SignatureCheck(self.signer, offer[2], offer[1], slot)
        if self.checks[index].step():
            return receiver
        self.begin(badge, offer, self.checks.pop(index).is_right)
        return self.receivers[index]

    def is_quiet(self, badge):
        floor = badge.engine.floor
        return not floor.talker and floor.state == NO_PERMISSION

    def receiver(self, index):
        return self.receivers[index]

    def stop(self, index):
        del self.receivers[index]
        self.checks.pop(index, None)
        self.badges[index].engine.offers.updater = None

    def begin(self, badge, offer, verdict=None):
        index = badge.index
        self.receivers[index] = badge.engine.offers.updater = Receiver(
            offer,
            self.keys[index],
            self.chip,
            RUNNING,
            verdict,
            self.slots[index],
            badge.engine.offers,
            self.now_ms,
        )

    def is_whole(self, index, release):
        """Has the slot exactly the release?"""
        files = dict(self.slots[index].files)
        return files.pop("update.txt", b"") == release.parts[0] and files == release.files
