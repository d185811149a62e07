"""The process of a host: it elects with the others, and leads or stands by. A lone host leads.

This room ties `ptt.host` to sockets, disk, desk and operator. The registry says which hosts and
badges may take part; it is read again and again while the process runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from typing import Any, TypeVar

from pressel.audio.codecs import host_codecs
from pressel.enrol.server import EnrolmentServer
from pressel.errors import PresselError
from pressel.registry.identity import identity
from pressel.registry.store import Registry
from pressel.soft.credential import Credential, enter
from pressel.transport.copies import Copier, load_library
from pressel.transport.plain_copies import PlainCopier
from pressel.transport.udp import Address, engine_now_ms
from ptt.base import events
from ptt.cluster import election_events
from ptt.cluster.ballot import NOBODY, is_plausible
from ptt.host import Host
from ptt.leader.leader import Leader
from ptt.link.hmac import Hmac
from ptt.relay.relay import Relay

from . import (
    away,
    control,
    double_watch,
    ear,
    forgetting,
    heard,
    order,
    recording_copy,
    restarts,
    routine_backups,
)
from .admission import Admission
from .away import Away
from .boot import boot_mark
from .bridging import NAME as BRIDGE
from .bridging import Bridging
from .bursts import Bursts
from .chores import Chores
from .desk import audits, copies, devices, recordings
from .desk.backups import Backups
from .desk.campaigns import Campaigns
from .desk.computers import Computers
from .desk.desk import Desk
from .desk.duty import Duty
from .desk.mends import Mends
from .desk.recordings import Recordings
from .desk.release_rollouts import ReleaseRollouts
from .desk.releases import Releases
from .desk.rollouts import Rollouts
from .desk.sending import Sending
from .desk.venue import Venue
from .desk.venue_settings import NAMES, VenueSettings
from .desk.verb import Fields
from .discovery import BEACON_S
from .double_watch import DoubleWatch
from .doubles import TAG, Doubles
from .ear import Ear
from .event_log import EventLog
from .forgetting import Forgetting, days_kept
from .heard import Heard
from .history import EVERY_S, History
from .lifeline import on_stdin_closed
from .log_copy import LogCopy
from .new_leader import NewLeader
from .options import HostOptions
from .order import Order
from .others import OtherHosts, voters_of
from .own_load import OwnLoad
from .packed_address import unpacked
from .presence import Presence, present
from .priority import serve_first
from .recording_copy import RecordingCopy
from .registry_watch import RegistryWatch
from .report import Report
from .resend.guests import Guests
from .resend.resend import TIDY_S, Resend
from .restarts import Restarts
from .routine_backups import RoutineBackups
from .safe_writes import SafeWrites
from .service import Service
from .sockets import Port
from .standbys import Standbys
from .tally import Tally
from .term import load_record
from .traffic import Traffic
from .unrest import Unrest
from .update_copy import UpdateCopy
from .updates import Updates
from .whereabouts import Whereabouts

T = TypeVar("T")

LOOK_S = 0.5  # at the registry: who is removed or revoked is out within a second
COMPACT_S = 60.0  # the own log; a person writes a few entries a minute, of thousands
HEAR_S = 1.0  # the log of other hosts: after a split, who is revoked is out in two seconds
LOAD_S = 1.0  # how busy this process is; the leader plans as often
ADDRESS_S = 2.0  # a host is told where badges find us: it may have restarted, or missed the word
COPY_S = 2.0  # a standby asks what is new of updates: so much of a campaign is done twice at most


class HostNode:
    """One host from start to stop; `report` gets (event, fields) of everything that happens."""

    def __init__(self, options: HostOptions, report: Report) -> None:
        self._options = options
        self._unrest = Unrest(report)
        self._order = Order(self._leader)
        self._report = report = self._unrest.report
        self._stopping = asyncio.Event()
        self._failure: BaseException | None = None  # why it stops
        self._chores = Chores(self._on_fault)
        now_ms = engine_now_ms()
        private = identity(options.state)
        self._said_of_registry = ""  # why it could not be put back
        self._watch = RegistryWatch(options.state, private.public_key().public_bytes_raw())
        self._others = OtherHosts(
            private, options, self._on_message, self._on_up, self._answer, self._settle, report,
        )  # fmt: skip
        keys = self._watch.others()
        self._others.allow(keys, now_ms)
        own = self._others.own
        record = load_record(options.state, is_alone=not keys)
        voters = voters_of(keys, own)
        self._own_load = OwnLoad()
        self._relay = Relay(Hmac(), os.urandom, unpacked)
        self._host = Host(
            own, voters, record, self._make_leader, now_ms, options.node_class, relay=self._relay,
        )  # fmt: skip
        self._admission = Admission(self._watch, self._host, self._others, self._in_thread, report)
        self._bursts = Bursts(self._leader, report=report)
        self._standbys = Standbys(
            self._host, self._others.silent_ms, self._others.ask, self._settle,
        )  # fmt: skip
        self._log = EventLog(
            report, self._leader, self._others.name_of, self._watch.directory.revoked,
        )  # fmt: skip
        self._badges = Port(self._on_badge, self._after_badges)
        self._double_watch = DoubleWatch(
            Doubles(private, own, os.urandom, time.time()), self._badges, options.discovery,
            self._stand_down, report,
        )  # fmt: skip
        self._whereabouts = Whereabouts(self._host, self._others, self._badges)
        library = load_library()
        copier = Copier(library) if library is not None else PlainCopier()
        self._traffic = Traffic(
            self._host, self._others, self._badges, copier, self._standbys, options.state,
            self._tell, self._on_fault,
        )  # fmt: skip
        self._enrolment = EnrolmentServer(
            options.joining, self._is_leading, self._read, self._write, report,
        )  # fmt: skip
        self._updates = Updates(
            options.state, self._leader, self._watch.directory, report, self._in_thread,
            self._settle,
        )  # fmt: skip
        self._update_copy = UpdateCopy(options.state, report, self._can_be, self._hosts_by_name)
        self._settings = VenueSettings(
            options.state, self._leader, lambda: self._host.replica.state, self._settle,
            self._in_thread, self._watch.with_registry, report,
        )  # fmt: skip
        self._settings.mends = Mends(self._others.there, self._others.ask, self._others.name_of)
        self._releases = ReleaseRollouts(
            options.state, self._updates, self._in_thread, self._watch.with_registry, report,
        )  # fmt: skip
        self._rollouts = Rollouts(
            self._settings, self._leader, self._settle, self._in_thread, self._watch.with_registry,
            report, releases=self._releases,
        )  # fmt: skip
        self._duty = Duty(self._host, self._others, self._standbys, self._badges_at, self._settle)
        self._bridging = self._make_bridging() if options.v1_bridge else None
        self._log_copy = LogCopy(
            self._others, self._in_thread, self._watch.with_registry, self._can_be, report,
            self._on_heard,
        )  # fmt: skip
        self._safe_writes = SafeWrites(self._host, self._log_copy, self._standbys)
        self._heard = Heard(options.state, self._leader, self._in_thread, report)
        self._away = Away(self._leader, report=report)
        self._guests = Guests(self._watch.directory)
        self._resend = Resend(self._leader, self._badges_at, self._guests, self._settle, report)
        self._ear = Ear(self._leader, self._resend.is_its)
        self._restarts = Restarts(self._leader, report)
        self._recordings = Recordings(
            options.state, self._leader, lambda: self._settings.kept_minutes(), self._in_thread,
            self._watch.with_registry, report,
        )  # fmt: skip
        self._recordings.on_deleted = self._resend.forget
        self._new_leader = NewLeader(
            self._watch, self._guests, self._settings, self._bursts, self._recordings,
            self._resend, self._ear if options.judge_microphones else None,
        )  # fmt: skip
        self._recording_copy = RecordingCopy(self._recordings, self._is_following)
        self._desk = self._make_desk()

    def _leader(self) -> Leader | None:
        """The engine that leads here."""
        return self._host.leader

    def _badges_at(self) -> Address:
        return self._badges.address

    def _hosts_by_name(self) -> dict[str, str]:
        """The names of those that take part, by fingerprint."""
        names = {host.hex(): name for host, name in self._others.names.items()}
        return {self._others.own.hex(): "", **names}

    def _is_leading(self) -> bool:
        return self._host.leader is not None

    def _make_bridging(self) -> Bridging:
        return Bridging(
            self._options.state,
            self._options.v1_rate_hz,
            self._badges_at,
            self._let_in,
            self._report,
        )

    def _make_desk(self) -> Desk:
        venue = Venue(
            self._leader, self._badges_at, self._bridging, self._settle,
            self._away, self._ear, self._unrest, self._order, self._others.name_of,
        )  # fmt: skip
        tally = Tally(lambda: self._host, self._others, venue)
        self._history = History(lambda: tally.figures({}))
        state = self._options.state
        subjects = (
            venue, self._settings, self._rollouts, self._releases, self._duty,
            Campaigns(state, self._updates, self._in_thread), Releases(state, self._hosts_by_name),
            Backups(state, self._is_leading), self._bursts,
            tally, self._history, self._heard, self._recordings,
            Sending(self._recordings, self._resend, self._leader),
            Computers(state, self._others),
        )  # fmt: skip
        verbs = [verb for subject in subjects for verb in subject.verbs()]
        verbs += devices.verbs(self._watch.with_registry)
        verbs += audits.verbs(self._watch.with_registry)
        verbs += copies.verbs(self._log_copy, self._update_copy, self._look_for_updates)
        others = self._others
        return Desk(
            verbs, others.own, self._leader_is, others.ask, others.name_of, self._report,
            self._on_written, self._safe_writes.begin, self._record,
        )  # fmt: skip

    def _record(self, verb: str, words: str, who: str) -> None:
        """In the registry's log; in the desk's thread."""

        def act(registry: Registry) -> None:
            with registry.log.asked_by(who):
                registry.record(verb, words)

        self._watch.with_registry(act)

    def _on_written(self) -> None:
        """Put the operator's changes into effect at once."""
        self._admission.obey()
        self._settle()

    def _on_heard(self) -> None:
        """Another host has written to the log: devices, or settings."""
        self._settings.look_again()
        self._on_written()

    async def _let_in(self, own: Credential) -> None:
        """Put the v1 bridge of this host on the venue's roll, which this host keeps now."""
        await self._write(lambda registry: enter(registry, own, BRIDGE, registry.adopt_own))

    async def _read(self, act: Callable[[Registry], T]) -> T:
        return await self._in_thread(self._watch.with_registry, act)

    async def _write(self, act: Callable[[Registry], T]) -> T:
        """What `act` makes of the registry, once it is safe that it holds."""
        is_safe = await self._safe_writes.begin()
        made = await self._in_thread(self._watch.with_registry, act)
        self._on_written()
        await is_safe()
        return made

    async def _in_thread(self, call: Callable[..., Any], *values: Any) -> Any:
        return await self._desk.in_thread(call, *values)

    # --- from start to stop ---

    async def run(self) -> None:
        """Serve until a signal, or the parent, ends it."""
        serve_first()
        service = Service(os.environ)
        loop = asyncio.get_running_loop()
        ends = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as under nohup
            ends.append(signal.SIGHUP)  # of a terminal that is closed: others lead at once
        for number in ends:
            loop.add_signal_handler(number, self._stopping.set)
        async with contextlib.AsyncExitStack() as closing:
            presence = closing.enter_context(present(self._options.state))
            closing.callback(self._watch.close)
            closing.callback(self._desk.close)
            closing.push_async_callback(self._desk.in_thread, self._watch.close_there)
            closing.push_async_callback(self._recordings.close)
            await self._open(closing, presence)
            closing.push_async_callback(self._chores.close)
            closing.push_async_callback(self._resend.stop, "the host has stopped")
            if self._options.dies_with_parent:
                on_stdin_closed(self._stopping.set)
            await asyncio.to_thread(host_codecs)  # who takes over amid a burst has no time to load
            self._say_ready()
            self._begin_chores()
            self._traffic.on_time()  # who is alone leads before anybody can ask
            self._serve_as(service)
            await self._stopping.wait()
            service.say_stopping()
        if self._failure is not None:
            raise self._failure
        self._report("stopped", {})

    def _serve_as(self, service: Service) -> None:
        """Tell the service manager, from the loop that does the work: one that hangs is silent."""
        host, port = self._badges.address
        service.say_ready(f"serves badges at {host}:{port}")
        if service.pulse_s is not None:

            async def live(number: int) -> None:
                service.say_alive()

            self._chores.repeat(live, service.pulse_s)

    async def _open(self, closing: contextlib.AsyncExitStack, presence: Presence) -> None:
        await self._badges.open(self._options.listen, "badges")
        closing.callback(self._badges.close)
        await self._others.open()
        closing.callback(self._others.close_port)
        closing.callback(self._traffic.close)
        path = self._options.control or control.control_path(self._badges.address[1])
        place = control.Place(path, self._desk.answer, self._report)
        await place.open()
        closing.callback(place.close)
        self._chores.repeat(place.keep, LOOK_S)
        presence.say(path)
        await self._enrolment.open(self._badges.address)
        closing.push_async_callback(self._enrolment.close)
        closing.push_async_callback(self._others.close)
        closing.push_async_callback(self._hand_over)
        if self._bridging is not None:  # it ends first: it would only search for its leader
            await self._bridging.open(closing)
            self._chores.once(self._bridging.run())

    def _say_ready(self) -> None:
        host, port = self._badges.address
        fields: dict[str, Any] = {"address": host, "port": port}
        if self._others.address is not None:
            fields["hosts_port"] = self._others.address[1]
        if (boot := boot_mark()) is not None:
            fields["boot"] = boot
        self._report("ready", {**fields, "host": self._host.own.hex()})

    async def _hand_over(self) -> None:
        """The last thing said: another one leads at once, with all that this one knows."""
        if self._failure is None:
            await self._standbys.prepare()
        self._resign()

    def _resign(self) -> None:
        self._host.resign(engine_now_ms())
        self._settle()

    def _stand_down(self) -> None:
        """Another host with our identity leads: we neither lead nor speak to others in its name."""
        self._others.be_silent(engine_now_ms())
        self._resign()

    # --- what comes in ---

    def _on_badge(self, data: bytes, source: Address) -> None:
        if data.startswith(TAG):
            self._double_watch.receive(data, source)
            return
        self._host.receive_datagram(data, source, engine_now_ms())

    def _after_badges(self) -> bool:
        return self._traffic.after_badges()

    def _on_message(self, source: bytes, message: bytes, now_ms: int) -> None:
        if not self._whereabouts.receive(source, message):
            self._host.receive_from_host(message, source, now_ms)

    def _on_up(self, host: bytes, now_ms: int) -> None:
        self._whereabouts.tell(host, now_ms)

    async def _answer(self, body: bytes, host: bytes) -> bytes:
        return await self._desk.answer_host(body, host)

    # --- what is told ---

    def _tell(self) -> None:
        while (event := self._host.next_event()) is not None:
            if event[0] == events.UPDATE:
                self._updates.on_told(*event[1])
            else:
                self._log.on_floor(*event)
        if self._host.leader is not None:
            self._log.on_held(self._host.leader.held.news())
        while (event := self._host.next_election_event()) is not None:
            kind, value = event
            if (
                kind != election_events.ATTEMPT or self._others.channel.hosts()
            ):  # alone it cannot fail
                self._log.on_election(kind, value, self._host.election.convergence_ms)
            self._on_election(kind)

    def _on_election(self, kind: int) -> None:
        self._desk.on_election()
        if kind not in (election_events.BECAME_LEADER, election_events.LOST_LEADERSHIP):
            return
        leads = kind == election_events.BECAME_LEADER
        if leads:
            self._log.on_lead()
            self._log_copy.lead()
            self._update_copy.forget()
            self._chores.once(self._updates.resume())
        self._look_at_bridge()

    def _look_at_bridge(self) -> None:
        if self._bridging is not None:
            leader = self._host.leader
            are_let_in = leader is not None and leader.settings.settings.old_apps == 1
            self._bridging.want(are_let_in)

    def _settle(self) -> None:
        self._traffic.settle()

    # --- who leads ---

    def _make_leader(self, term: int) -> Leader:
        return self._new_leader.make(term)

    def _leader_is(self) -> bytes | None:
        """The host that leads, None when none is heard."""
        engine = self._host.election
        if engine.leader == NOBODY or not engine.hears_leader(engine_now_ms()):
            return None
        return engine.leader

    # --- what changes while it runs ---

    def _begin_chores(self) -> None:
        self._chores.once(self._admission.check())
        self._chores.repeat(self._double_watch.look, double_watch.LOOK_S)
        self._chores.repeat(self._look_around, LOOK_S)
        self._chores.repeat(self._admission.keep, LOOK_S)
        self._chores.repeat(self._look_at_duty, LOOK_S)
        self._chores.repeat(self._look_at_registry, LOOK_S)
        self._chores.repeat(self._keep_settings, LOOK_S)
        self._chores.repeat(self._rollouts.tick, LOOK_S)
        self._chores.repeat(self._history.tick, EVERY_S)
        self._chores.repeat(self._heard.keep, heard.KEEP_S)
        self._chores.repeat(self._away.look, away.LOOK_S)
        if self._options.judge_microphones:
            self._chores.repeat(self._ear.look, ear.LOOK_S)
        self._chores.repeat(self._restarts.look, restarts.LOOK_S)
        self._chores.repeat(self._order.look, order.LOOK_S)
        self._chores.repeat(self._tell_where, ADDRESS_S)
        self._chores.repeat(self._copy_updates, COPY_S)
        self._chores.repeat(self._look_at_load, LOAD_S)
        self._chores.repeat(self._resend.look, TIDY_S)
        self._chores.repeat(self._recordings.look, recordings.LOOK_S)
        self._chores.repeat(self._copy_recordings, recording_copy.COPY_S)
        self._chores.repeat(self._hear_log, HEAR_S)
        own = self._options
        if own.backups is not None:
            routine = RoutineBackups(
                own.state, own.backups, own.backup_every_h, own.backup_keep, self._in_thread,
                self._report,
            )  # fmt: skip
            self._chores.repeat(routine.look, routine_backups.LOOK_S)
        if own.names_days is not None:
            fields = {"key": "host.names_days", "setting": NAMES, "value": own.names_days}
            self._report("key_moved", fields)
        names = Forgetting(own.state, self._names_days, self._in_thread)
        self._chores.repeat(names.look, forgetting.LOOK_S)
        self._chores.repeat(self._compact_log, COMPACT_S)

    def _names_days(self) -> int:
        return days_kept(self._settings.names_days(), self._options.names_days)

    async def _keep_settings(self, number: int) -> None:
        await self._settings.keep(number)
        self._host.election.keep_settings(self._settings.known)
        self._look_at_bridge()

    async def _hear_log(self, number: int) -> None:
        await self._log_copy.hear()

    async def _compact_log(self, number: int) -> None:
        """Who leads, and has heard of all others what they have written."""
        if self._is_leading():
            await self._log_copy.caught_up()
            await self._admission.compact()

    def _on_fault(self, fault: BaseException) -> None:
        """The host must not go on without this chore."""
        self._failure = fault
        self._stopping.set()

    async def _look_around(self, number: int) -> None:
        """For what the operator changes, and for hosts that are missing."""
        self._admission.obey()
        await self._others.look_around(number, round(BEACON_S / LOOK_S))
        self._settle()

    async def _look_at_registry(self, number: int) -> None:
        try:
            if not await self._watch.put_back(self._in_thread):
                return
            advice, self._said_of_registry = "it is there again, with all that it held", ""
        except PresselError as error:
            if str(error) == self._said_of_registry:
                return
            advice = self._said_of_registry = str(error)
        self._report("registry_gone", {"advice": advice})

    async def _look_at_duty(self, number: int) -> None:
        await self._duty.look()

    async def _look_at_load(self, number: int) -> None:
        self._relay.load_percent = self._own_load.percent()

    async def _tell_where(self, number: int) -> None:
        self._whereabouts.tell_all(self._log_copy.there(), engine_now_ms())
        self._settle()

    async def _copy_updates(self, number: int) -> None:
        await self._update_copy.follow(self._desk, self._is_following)

    async def _copy_recordings(self, number: int) -> None:
        await self._recording_copy.follow(self._desk)

    async def _look_for_updates(self, fields: Fields) -> bool:
        return await self._update_copy.look(self._desk, self._is_following)

    def _can_be(self, term: int) -> bool:
        return is_plausible(term, self._host.election.term)

    def _is_following(self) -> bool:
        return self._leader_is() not in (None, self._others.own)
