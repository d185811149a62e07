"""Which codec a burst is in, and who gets it coded anew.

The talker codes once. The grant names a codec, the burst's first packet settles it, and until the
burst is over no other one passes. Whoever hears the group and lacks that codec, because it came
amid the burst or because the venue wants it so, gets the burst in IMA-ADPCM, which all have: coded
anew by the leader's host, under key streams of their own (`link.ctr`).
"""

from ..base import features
from ..base.compat import TYPE_CHECKING, const
from ..wire.messages import CODEC_G722, CODEC_IMA_ADPCM, CODEC_OPUS

if TYPE_CHECKING:
    from typing import Any, Protocol

    from .members import Member, Members
    from .settings_in_force import Settings

    class Recoder(Protocol):
        """What a host has for it."""

        def can(self, codec: int) -> bool:
            """Does it decode `codec`?"""
            ...

        def recode(self, group: int, data: Any, now_ms: int) -> "bytearray | None":
            """The voice packet `data` of `group` in IMA-ADPCM, encrypted and without a tag; None
            when nothing of it can be heard: its key is not ours, or later frames were coded."""
            ...


AUTO = const(0)  # of the setting `codec`; the others are the codecs' own numbers
_BEST_FIRST = (CODEC_OPUS, CODEC_G722)
_BIT_OF = {CODEC_G722: features.G722, CODEC_OPUS: features.OPUS}
_BURSTS_KEPT = const(2)  # of a group: the end of one may come behind the beginning of the next
_BITS = features.G722 | features.OPUS


def features_of(claimed: int, codecs: int) -> int:
    """What a leader remembers of a member that claims the features `claimed`, whose codecs HELLO
    tells apart (bit n: codec n). Those that nobody knows here count as not there."""
    bits = claimed & ~_BITS
    for codec in _BEST_FIRST:
        if codecs >> codec & 1:
            bits |= _BIT_OF[codec]
    return bits


def has(member: "Member", codec: int) -> bool:
    """Can `member` talk and hear in `codec`?"""
    return codec == CODEC_IMA_ADPCM or member.features & _BIT_OF.get(codec, 0) != 0


class _Burst:
    """`told`: the nodes of whom it was said that they get it coded anew."""

    def __init__(self, lease: int, codec: int) -> None:
        self.lease = lease
        self.codec = codec
        self.told: set[int] = set()


class Coding:
    """Of all groups. Without a `recoder` all is IMA-ADPCM."""

    def __init__(self, members: "Members") -> None:
        self._members = members
        self.recoder: Recoder | None = None
        self._wanted = CODEC_IMA_ADPCM  # as the settings have it
        self._bursts: dict[int, list[_Burst]] = {}  # by group, the newest last
        self.packets = 0  # coded anew

    def obey(self, settings: "Settings") -> None:
        """For bursts to come. Who serves many by multicast or by relays serves them in one codec,
        which those who come later have, too."""
        is_for_many = settings.multicast_group or settings.own_listeners
        self._wanted = CODEC_IMA_ADPCM if is_for_many else settings.codec

    def wanted(self, group: int, talker: int, rests: bool) -> int:
        """The codec for a burst of `talker` in `group`; if it `rests`, it must leave out pauses, as
        only IMA-ADPCM can."""
        member = self._members.by_node(talker)
        if self._wanted == AUTO and not rests:
            for codec in _BEST_FIRST:
                if self._can(codec) and not self.lacking(group, 0, codec):
                    return codec
        elif member is not None and has(member, self._wanted) and self._can(self._wanted):
            return self._wanted
        return CODEC_IMA_ADPCM

    def passes(self, member: "Member", group: int, lease: int, codec: int) -> bool:
        """May a packet of the burst `lease` by `member` be in `codec`? The first one settles it."""
        bursts = self._bursts.setdefault(group, [])
        for each in bursts:
            if each.lease == lease:
                return each.codec == codec
        if not self.may_talk(member, codec):
            return False
        bursts.append(_Burst(lease, codec))
        while len(bursts) > _BURSTS_KEPT:
            bursts.pop(0)
        return True

    def may_talk(self, member: "Member", codec: int) -> bool:
        """Does `member` have `codec`, and can it be coded anew for whoever lacks it? It may have
        begun to speak before the grant named another one, and need not know what a grant says."""
        return codec == CODEC_IMA_ADPCM or (has(member, codec) and self._can(codec))

    def lacking(self, group: int, talker: int, codec: int) -> "list[Member]":
        """All others who hear `group` and lack `codec`."""
        found = []
        for member in self._members.all():
            if member.node != talker and member.hears(group) and not has(member, codec):
                found.append(member)
        return found

    def codec_of(self, group: int, lease: int) -> int:
        """What the burst `lease` is in; the codec that all have if nobody knows the burst."""
        for each in self._bursts.get(group, ()):
            if each.lease == lease:
                return each.codec
        return CODEC_IMA_ADPCM

    def untold(self, group: int, lease: int, lacking: "list[Member]") -> "list[int]":
        """The nodes among `lacking` of whom nobody has said yet that they get the burst coded anew;
        after this it is said."""
        for each in self._bursts.get(group, ()):
            if each.lease == lease:
                nodes = [m.node for m in lacking if m.node not in each.told]
                each.told.update(nodes)
                return nodes
        return []

    def recode(self, group: int, data: "Any", now_ms: int) -> "bytearray | None":
        """For `VoicePath`."""
        assert self.recoder is not None, "a codec that nobody here decodes"
        made = self.recoder.recode(group, data, now_ms)
        if made is not None:
            self.packets += 1
        return made

    def forget(self) -> None:
        """No burst is under way."""
        self._bursts = {}

    def _can(self, codec: int) -> bool:
        return self.recoder is not None and self.recoder.can(codec)
