"""A badge's voice under its groups' keys: it encrypts what it says, decrypts what it hears, and
asks for a missing key."""

from ..base import features
from ..base.clock import NEVER, add, since
from ..base.compat import TYPE_CHECKING
from ..base.numbers import ADPCM_FRAME_BYTES, KEY_WANT_MS, KEY_WANT_MS_MAX
from ..link import derive
from ..link.ctr import KeyStream
from ..media import dsp
from ..wire import envelope, refusal, voice
from ..wire.envelope import MARK_AT, TAG_BYTES, get16, get32
from ..wire.offsets import (
    GROUP_KEY_END,
    GROUP_KEY_EPOCH_AT,
    GROUP_KEY_GROUP_AT,
    GROUP_KEY_WRAPPED_AT,
)
from .key_ring import KeyRing

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from ..base.compat import Buffer
    from ..link.hmac import Hmac
    from ..link.link import Link
    from .scan import Scan

    class Groups(Protocol):
        def may_be_ours(self, group: int) -> bool: ...

    class VoiceKeysOwner(Protocol):
        """The room that knows the groups and asks for keys."""

        link: Link
        scan: Scan

        @property
        def groups(self) -> Groups: ...

        def send_key_want(self, group: int, now_ms: int) -> None: ...


class VoiceKeys:
    """`cipher(key)` makes a block cipher, see `ptt.link.ctr`."""

    def __init__(
        self, owner: "VoiceKeysOwner", hmac: "Hmac", cipher: "Callable[[bytes], Any]"
    ) -> None:
        self._owner = owner
        self._hmac = hmac
        self.stream = KeyStream()
        self.ring = KeyRing(cipher)
        self._mark = -1  # low byte of the leader's newest epoch; -1: not told yet
        self.due_ms = NEVER  # when to ask for a group's key, or `NEVER`
        self._wait_ms = KEY_WANT_MS
        self.keyless = 0  # our voice packets that were not sent for want of a key

    # --- voice ---

    def encrypt(self, buffer: bytearray) -> bool:
        """Encrypt the frames of our voice packet, in place; False without a key."""
        cipher = self.ring.own_cipher(buffer[voice.GROUP_AT], get32(buffer, envelope.TIMESTAMP_AT))
        if cipher is None:
            self.keyless += 1
            return False
        buffer[MARK_AT] = self.ring.epoch & 255
        talker = get16(buffer, voice.TALKER_AT)
        lease = get32(buffer, voice.LEASE_AT)
        first = get16(buffer, voice.FIRST_AT)
        self.cross_frames(cipher, buffer, talker, lease, first, buffer[voice.COUNT_AT])
        return True

    def decrypt(
        self, data: "Any", group: int, talker: int, lease: int, first: int, count: int, now_ms: int
    ) -> int:
        """Decrypt the frames of a voice packet with these fields, in place; the reason when they
        stay unreadable."""
        mark = data[MARK_AT]
        cipher = self.ring.cipher(group, mark)
        if cipher is None:
            if (mark - self._mark) & 255 < 128:  # an epoch that we have not been told of
                self._mark = mark
            self.look(now_ms)
            return refusal.KEY
        self.cross_frames(cipher, data, talker, lease, first, count)
        return refusal.ACCEPTED

    def cross_frames(
        self, cipher: "Any", data: "Any", talker: int, lease: int, number: int, left: int
    ) -> None:
        """The same work encrypts and decrypts: `left` frames from `number` on, under the epoch that
        the ring gave last."""
        stream = self.stream
        at = voice.FRAMES_AT
        size = ADPCM_FRAME_BYTES
        if features.HAS_SMOOTH_PLAYOUT:
            codec = data[voice.CODEC_AT]
            size = voice.frame_bytes(codec)
            stream.set_coding(codec)
        while left:
            stream.make(cipher, self.ring.epoch, talker, lease, number)
            dsp.xor(data, at, stream.bytes, 0, size)
            at += size
            number += 1
            left -= 1

    # --- keys that come and go ---

    def begin(self, mark: int) -> None:
        """A session begins: its leader counts its own epochs."""
        self.ring.clear()
        self._mark = mark
        self.due_ms = NEVER

    def on_mark(self, mark: int, now_ms: int) -> None:
        """The leader's newest epoch, as each of its datagrams tells it."""
        if mark != self._mark:
            self._mark = mark
            self.look(now_ms)

    def on_group_key(self, data: "Buffer", now_ms: int) -> int:
        """GROUP_KEY; returns why it is refused. One that comes under former link keys is refused:
        whoever knows these by now would choose what we encrypt with."""
        link = self._owner.link
        if len(data) < GROUP_KEY_END + TAG_BYTES or link.keys is None:
            return refusal.FIELD
        group = data[GROUP_KEY_GROUP_AT]
        if not self._owner.groups.may_be_ours(group):
            return refusal.FIELD
        epoch = get16(data, GROUP_KEY_EPOCH_AT)
        if link.keys_of(data) is not link.keys:
            self.on_mark(epoch & 255, now_ms)  # we ask for it by those in use
            return refusal.KEY
        wrapped = bytes(data[GROUP_KEY_WRAPPED_AT:GROUP_KEY_END])
        seq = get32(data, envelope.SEQ_AT)
        key = derive.wrap(self._hmac, link.keys.wrap, link.session, seq, wrapped)
        self._mark = epoch & 255
        is_new = self.ring.put(group, epoch, key, now_ms)
        self._wait_ms = KEY_WANT_MS
        self.look(now_ms)
        return refusal.ACCEPTED if is_new else refusal.STALE

    def forget_others(self) -> None:
        """The badge's groups have changed."""
        for group in self.ring.groups():
            if self._owner.scan.place(group) < 0:
                self.ring.forget(group)

    # --- asking ---

    def look(self, now_ms: int) -> None:
        """If a key is missing, ask for it soon; the leader may send it by itself first."""
        if not self._missing():
            self.due_ms = NEVER
        elif self.due_ms == NEVER:
            self.due_ms = add(now_ms, KEY_WANT_MS // 4)

    def _missing(self) -> int:
        """A group of ours without the newest key, 0 when there is none."""
        if self._mark >= 0:
            for group in self._owner.scan.groups():
                if group and not self.ring.is_newest(group, self._mark):
                    return group
        return 0

    def handle_timeout(self, now_ms: int) -> None:
        if self.due_ms == NEVER or since(now_ms, self.due_ms) < 0:
            return
        group = self._missing()
        if not group:
            self.due_ms = NEVER
            return
        self._owner.send_key_want(group, now_ms)
        self.due_ms = add(now_ms, self._wait_ms)
        self._wait_ms = min(2 * self._wait_ms, KEY_WANT_MS_MAX)
