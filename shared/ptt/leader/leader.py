"""The leader: members, floors, settings, texts and the relaying of voice tied together.

It decides nothing itself: `floor.arbitrator` decides who talks, `joining` who belongs, `inbound`
which room a datagram is for.
"""

from ..base import events
from ..base.clock import NEVER, earliest
from ..base.compat import TYPE_CHECKING
from ..base.counters import Counters
from ..base.event_queue import EventQueue
from ..base.numbers import EVENTS_MAX, RESIGN_REPEATS
from ..cluster import device_record, records
from ..cluster.journal import Journal
from ..link.hmac import Hmac
from ..link.link import Link
from ..wire import messages, refusal
from . import own_settings, takeover
from .announcer import Announcer
from .calls import Calls
from .devices import Devices
from .distributor import Distributor
from .groups import Groups
from .heartbeats import Heartbeats
from .held_off import HeldOff
from .inbound import Inbound
from .joining import Joining
from .members import Members
from .outbound import Outbound
from .presses import Presses
from .private_calls import PrivateCalls
from .publisher import Publisher
from .relays import Relays
from .roster import GROUP_DEFAULT
from .sessions import Sessions
from .settings_in_force import Settings
from .texts import Texts
from .voice_keys import VoiceKeys
from .voice_path import VoicePath

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..cluster.replica import State
    from .distributor import Job
    from .floor.arbitrator import Arbitrator
    from .joining import Directory
    from .members import Member
    from .outbound import Outgoing
    from .receipts import Receipts


class Leader:
    """The leader of one venue in one `term` (must go up with every start); `seed` must differ
    from start to start, since session numbers come from it.

    `directory` knows the devices' keys; `random(n)` gives n unpredictable bytes; `roster` says who
    is in which talk group and entitled to what; without one all are in one group; `hmac` and `link`
    are other ways to make tags and to seal by them, for simulators that run many venues at once."""

    def __init__(
        self,
        term: int,
        seed: int,
        directory: "Directory",
        random: "Callable[[int], bytes]",
        settings: "Settings | None" = None,
        roster: "Any" = None,
        hmac: "Hmac | None" = None,
        link: "Callable[[Hmac, bool], Link]" = Link,
    ) -> None:
        self.term = term
        self.refusals = Counters(refusal.WORDS)
        self.is_deposed = False  # a higher term leads: nobody is served here any more
        self.address_of: Callable[[bytes], Any] = _as_it_is  # of a record
        self.bytes_of: Callable[[Any], bytes] = _as_it_is  # of an address
        self.told = EventQueue(EVENTS_MAX)
        self.journal = Journal(term, self)
        hmac = hmac or Hmac()
        self.members = Members(lambda: link(hmac, True))
        self.outbound = out = Outbound(self.members)
        self.calls = Calls()
        self.groups = Groups(term, self.members, self.calls, out, self.journal, self.told)
        self.keys = VoiceKeys(self.members, self.calls, out, self.journal, hmac, random)
        self.sessions = Sessions(term, out, self.journal, hmac, random)
        self.announcer = Announcer(self._announce)
        self.private_calls = PrivateCalls(
            term, self.members, self.calls, self.groups, out, self.keys, self.journal
        )
        self.presses = Presses(self.groups, self.private_calls, self.journal)
        self.texts = Texts(out, self.journal, self.told)
        relays = Relays(term, self.members, out, hmac, random, self.told)
        self.voice = VoicePath(self.members, self.groups, out, random, self.told, relays)
        self.devices = Devices(self.journal)
        self.held = HeldOff()
        self.joining = Joining(self, seed, directory, roster, hmac, random)
        self.heartbeats = Heartbeats(
            term,
            self.groups,
            self.private_calls,
            out,
            self.announcer,
            self.told,
            self.joining.welcome,
        )
        self.settings = Publisher(Settings(version=1), self)
        self.updates = Distributor(self)
        self.inbound = Inbound(self)
        self.groups.open(GROUP_DEFAULT)
        self.adopt(settings or self.settings.settings)

    # --- the engine interface ---

    def receive_datagram(self, data: "Any", source: "Any", now_ms: int) -> None:
        """Obey one datagram, or count why not. Nothing that a stranger sends raises an
        exception."""
        reason = self.inbound.receive(data, source, now_ms)
        self.refusals.add(reason)
        self.journal.flush(now_ms)

    def handle_timeout(self, now_ms: int) -> None:
        if self.is_deposed:
            return
        self.announcer.handle_timeout(now_ms)
        for member in self.members.vanished(now_ms):
            self.drop(member, now_ms)
        self.voice.handle_timeout(now_ms)
        self.groups.handle_timeout(now_ms)
        self.private_calls.handle_timeout(now_ms)
        self.settings.handle_timeout(self.members.all(), now_ms)
        self.journal.handle_timeout(now_ms)
        self.updates.handle_timeout(now_ms)
        if self.sessions.is_sweep_due(now_ms):
            self.joining.door.forget_old(now_ms)
            for member in self.sessions.sweep(self.members.all(), now_ms):
                self.drop(member, now_ms)
                self.sessions.end(member)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `clock.NEVER`."""
        if self.is_deposed:
            return NEVER
        due = earliest(self.members.next_timeout_ms(), self.announcer.next_timeout_ms())
        due = earliest(due, self.voice.next_timeout_ms())
        due = earliest(due, self.groups.next_timeout_ms())
        due = earliest(due, self.private_calls.next_timeout_ms())
        due = earliest(due, self.settings.next_timeout_ms(self.members.all()))
        due = earliest(due, self.journal.next_timeout_ms())
        due = earliest(due, self.updates.next_timeout_ms())
        return earliest(due, self.sessions.next_timeout_ms())

    def poll_transmit(self) -> "Outgoing | None":
        """The next datagram to send."""
        return self.outbound.poll()

    def next_event(self) -> "tuple[int, Any] | None":
        """The next (kind, value) of `ptt.base.events`."""
        return self.told.poll()

    # --- what there is to see ---

    @property
    def floors(self) -> "dict[int, Arbitrator]":
        """By group."""
        return self.groups.floors

    @property
    def receipts(self) -> "dict[int, Receipts]":
        """By group."""
        return self.groups.receipts

    @property
    def newer(self) -> int:
        """Datagrams of a newer minor version, obeyed as far as we know it."""
        return self.inbound.newer

    @property
    def claim(self) -> "tuple[bytes, int] | None":
        """A badge's: (device, a term above ours)."""
        return self.heartbeats.claim

    @claim.setter
    def claim(self, claim: "tuple[bytes, int] | None") -> None:
        self.heartbeats.claim = claim

    @property
    def standby_hosts(self) -> "list[tuple[bytes, int]]":
        """For badges: (IPv4, port) of each."""
        return self.heartbeats.standby_hosts

    @standby_hosts.setter
    def standby_hosts(self, hosts: "list[tuple[bytes, int]]") -> None:
        self.heartbeats.standby_hosts = hosts

    def snapshot(self) -> "tuple":
        """What its future depends on besides the clock and who its members are, as values that
        compare and hash: floors and leases, members, sequence numbers, who has not moved over."""
        members = self.members.all()
        return (
            self.groups.snapshot(),
            tuple([member.snapshot() for member in members]),
            tuple([member.link.seq for member in members]),
            self.announcer.snapshot(),
        )

    def restore(self, snapshot: "tuple", now_ms: int) -> None:
        """Be as `snapshot` says, with the members that are here. Whatever waits for a time begins
        to wait now, and nothing is on its way."""
        groups, members, seqs, waiting = snapshot
        self.groups.restore(groups, now_ms)
        for member, values, seq in zip(self.members.all(), members, seqs):
            member.restore(values)
            member.link.seq = seq
        self.announcer.restore(waiting, now_ms)
        self.voice.forget()

    # --- the cluster ---

    def take_over(self, state: "State", now_ms: int) -> None:
        """Continue where the leader of `state` was interrupted; call this before anything else."""
        takeover.take_over(self, state, now_ms)

    def depose(self, term: int, now_ms: int) -> None:
        """Another leads in `term`, or will: give up all leases, say so, serve nobody."""
        if self.is_deposed:
            return
        for group in sorted(self.floors):
            self.floors[group].close(now_ms, messages.REVOCATION_LEADER_CHANGED)
        self.resign(now_ms)
        self.is_deposed = True
        self.told.push(events.DEPOSED, term)

    def resign(self, now_ms: int) -> None:
        """Tell all members that this leader stops; to be fetched before the socket is closed."""
        values = (messages.ROLE_RESIGNED, self.term)
        for _ in range(RESIGN_REPEATS):
            for member in self.members.all():
                self.outbound.send(messages.ROLE_ANNOUNCE, values, member, now_ms)

    def write_record(self, kind: int, number: int, now_ms: int) -> bytes:
        """For `Journal`: the state as it is now."""
        return takeover.write_record(self, kind, number, now_ms)

    def _announce(self, node: int, now_ms: int) -> None:
        values = (messages.ROLE_LEADER, self.term)
        self.outbound.send_to(node, messages.ROLE_ANNOUNCE, values, now_ms)

    # --- the operator, and bridges to other systems ---

    def publish(self, settings: "Settings", now_ms: int) -> None:
        """Put `settings` in force. ValueError when their version is not above the last, or a value
        is out of range."""
        if settings.version <= self.settings.settings.version:
            raise ValueError("settings need a higher version")
        self.adopt(settings)
        self.settings.handle_timeout(self.members.all(), now_ms)
        self.journal.flush(now_ms)

    def try_out(
        self, candidate: "Settings | None", chosen: "frozenset[bytes]", now_ms: int
    ) -> None:
        """The badges with the devices `chosen` get `candidate`; the venue keeps what is in force,
        and so does this leader."""
        self.settings.try_out(candidate, chosen)
        self.settings.handle_timeout(self.members.all(), now_ms)

    def know_boards(self, boards: "dict[bytes, str]", now_ms: int) -> None:
        """Which board each badge is, by device: its settings may go by that."""
        if boards != self.settings.boards:
            self.settings.know_boards(boards, self.members.all())
            self.settings.handle_timeout(self.members.all(), now_ms)

    def adopt(self, settings: "Settings") -> None:
        """Put them in force without telling anybody."""
        if not own_settings.can_hold(settings):
            raise ValueError("a setting is out of range")
        self.settings.settings = settings
        self.settings.try_out(None, frozenset())
        self.journal.changed(records.SETTINGS, 0)
        self.groups.obey(settings)
        self.calls.hang_ms = settings.call_quiet_ms
        self.private_calls.are_on = settings.private_calls == 1
        self.voice.obey(settings)

    def send_text(self, group: int, kind: int, name: bytes, text: bytes, now_ms: int) -> None:
        """A text from a writer who is not a member, to all members of `group`."""
        self.texts.send(group, kind, name, text, now_ms)

    def regroup(self, device: bytes, now_ms: int) -> None:
        """The roster has changed for `device`: tell it, if it is here."""
        self.joining.regroup(device, now_ms)

    def look_at_directory(self, now_ms: int) -> None:
        """The directory or the roster has changed."""
        is_other = self.devices.has_other_rights
        self.devices.has_other_rights = False
        self.joining.look_at_directory(now_ms, is_other)

    def change_keys(self, now_ms: int) -> None:
        """Somebody who knew what the groups' keys come from, a host, shall know it no more."""
        self.keys.change(now_ms)
        self.journal.flush(now_ms)

    def keep_devices(
        self, version: int, devices: "list[device_record.DeviceRecord]", now_ms: int
    ) -> None:
        """Tell standbys who may join: all `devices`, always in the same order."""
        self.devices.keep(version, devices, now_ms)

    # --- what its parts need done ---

    def drop(self, member: "Member", now_ms: int) -> None:
        """It is no longer a member, whatever it does."""
        self.members.remove(member)
        self.voice.drop(member)
        self.announcer.heard(member.node)
        self.journal.removed(records.MEMBER, member.node)
        if member.call:
            self.private_calls.end(member.call, messages.CALL_LEFT, now_ms)
        for group in member.groups:
            self.floors[group].on_member_left(member.node, now_ms)
        self.told.push(events.MEMBER_LEFT, member.node)

    def is_quiet(self, device: bytes) -> bool:
        """For `Distributor`: is the device here, and nobody talks in its groups?"""
        member = self.members.by_device(device)
        return member is not None and self.groups.is_quiet(member)

    def send_update(
        self, device: bytes, kind: int, values: "tuple", tail: bytes, now_ms: int
    ) -> bool:
        """For `Distributor`."""
        member = self.members.by_device(device)
        if member is not None:
            self.outbound.send(kind, values, member, now_ms, tail)
        return member is not None

    def tell_update(self, job: "Job") -> None:
        """For `Distributor`."""
        self.told.push(events.UPDATE, (job.device, job.release.number, job.state, job.reason))

    def send_settings(self, node: int, values: "tuple", now_ms: int) -> None:
        """For `Publisher`."""
        self.outbound.send_to(node, messages.SETTINGS_SNAPSHOT, values, now_ms)

    def send_network(self, node: int, values: "tuple", now_ms: int) -> None:
        """For `Publisher`."""
        self.outbound.send_to(node, messages.WIFI_NETWORK, values, now_ms)


def _as_it_is(address: "Any") -> "Any":
    """For hosts whose addresses are bytes already."""
    return address
