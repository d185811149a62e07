"""Secure engines for tests: every device's key is made from its identity, and chance comes from a
seed."""

from tests.shared.aes import block_cipher

from ptt.badge.participant import Participant
from ptt.base.prng import Prng
from ptt.keyboard.text_sender import TextSender
from ptt.leader.leader import Leader
from ptt.link.ctr import KeyStream
from ptt.wire import voice


def device_key(device):
    return bytes(device) * 4


class Directory:
    """Knows every device except those in `revoked`, and the names of those in `names`."""

    def __init__(self):
        self.revoked = set()
        self.names = {}

    def key(self, device):
        return None if device in self.revoked else device_key(device)

    def name(self, device):
        return self.names.get(device)


class Chance:
    """`random(n)` of a seed."""

    def __init__(self, seed):
        self._prng = Prng(seed)

    def __call__(self, count):
        return bytes([self._prng.below(256) for _ in range(count)])


def make_participant(device, name, build, leader, seed):
    key = device_key(device)
    badge = Participant(device, name, build, leader, seed, key, block_cipher, Chance(seed + 7))
    TextSender(badge)
    return badge


def make_leader(term, seed, settings=None, roster=None, directory=None):
    directory = directory or Directory()
    return Leader(term, seed, directory, Chance(seed + 7), settings, roster)


def opened(data, talker):
    """A copy of a voice packet with its frames readable, by the keys of its `talker`, an engine."""
    cipher = talker.voice_keys.ring.cipher(voice.group(data), data[2])
    return _opened(data, cipher, talker.voice_keys.ring.epoch)


def opened_by(data, leader):
    """The same by the keys that `leader` gives out now."""
    epoch, key = leader.keys.current(voice.group(data))
    return opened_with(data, epoch, key)


def opened_with(data, epoch, key):
    """The same by a group key and its epoch."""
    return _opened(data, block_cipher(key), epoch)


def _opened(data, cipher, epoch):
    clear = bytearray(data)
    stream = KeyStream()
    at = voice.FRAMES_AT
    size = voice.frame_bytes(voice.codec(data))
    stream.set_coding(voice.codec(data))
    for index in range(voice.count(data)):
        number = voice.first(data) + index
        stream.make(cipher, epoch, voice.talker(data), voice.lease(data), number)
        for n in range(size):
            clear[at + n] ^= stream.bytes[n]
        at += size
    return clear
