"""The bridge: the connected old apps on one side, one v2 participant on the other.

It has the five calls of every engine, which are the participant's side, and four for the apps'
side: `connected`, `receive`, `disconnected` and `found`. What it wants done to connections goes
through `BridgeOutput`; it opens no socket and asks no clock.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Any, Protocol

from ptt.badge.participant import Participant
from ptt.base import events
from ptt.base.clock import NEVER, add, earliest, since
from ptt.media.playout import SILENT

from . import chat, limits, press, words
from .app import App
from .client import Client
from .directory import Directory
from .proxy import FloorProxy
from .sound import Frame, samples_of

_FRAMES_BEHIND_MAX = 10  # a machine that stood still for longer goes on from now


class BridgeOutput(Protocol):
    """What the bridge needs done."""

    def flush(self, client: Client) -> None:
        """Send what waits in its backlog, as much as the connection takes."""
        ...

    def close_connection(self, client: Client) -> None: ...

    def connect(self, app: App) -> None: ...

    def tell(self, event: str, fields: dict[str, Any]) -> None: ...


class Bridge:
    """`participant` has a keyboard. `rate_hz`: of the apps' voice; None: told from the size of
    their packets."""

    def __init__(
        self,
        participant: Participant,
        directory: Directory,
        output: BridgeOutput,
        rate_hz: int | None = None,
    ) -> None:
        self._participant = participant
        self._directory = directory
        self._output = output
        self._rate_hz = rate_hz
        self._proxy = FloorProxy(participant, self._fire)
        self._serial = 0
        self._frame_due_ms = NEVER  # next frame to fetch from the participant's speaker
        self._texts: deque[bytes] = deque()  # for the badges
        self.clients: dict[int, Client] = {}
        self.refused: Counter[str] = Counter()  # what was not taken, by reason

    # --- the participant's side: the engine interface ---

    def start(self, now_ms: int) -> None:
        """Begin to look for the leader."""
        self._participant.start(now_ms)

    def receive_datagram(self, data: Any, source: Any, now_ms: int) -> None:
        self._participant.receive_datagram(data, source, now_ms)
        if self._frame_due_ms == NEVER and self._participant.playout.state != SILENT:
            self._frame_due_ms = now_ms
        self._settle(now_ms)

    def handle_timeout(self, now_ms: int) -> None:
        self._participant.handle_timeout(now_ms)
        self._play(now_ms)
        for client in list(self.clients.values()):
            self._look_after(client, now_ms)
        for app in self._directory.due(self._devices(), now_ms):
            self._output.connect(app)
        self._settle(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due_ms = earliest(self._participant.next_timeout_ms(), self._frame_due_ms)
        due_ms = earliest(due_ms, self._directory.next_timeout_ms(self._devices()))
        for client in self.clients.values():
            due_ms = earliest(due_ms, client.next_timeout_ms())
        return due_ms

    def poll_transmit(self) -> Any:
        return self._participant.poll_transmit()

    def next_event(self) -> None:
        """The bridge tells what happens through its output, in order."""
        return None

    # --- the apps' side ---

    def connected(self, address: str, app: App | None, now_ms: int) -> Client | None:
        """Somebody has connected (`app` None), or was connected to; None: not wanted."""
        if len(self.clients) >= limits.CLIENTS_MAX:
            self.refused["connections"] += 1
            return None
        self._serial += 1
        client = Client(self._serial, address, app is not None, self._rate_hz, now_ms)
        client.app = app
        self.clients[client.number] = client
        self._identify(client, now_ms)
        self._settle(now_ms)
        return client if client.number in self.clients else None

    def receive(self, client: Client, data: bytes | memoryview, now_ms: int) -> int:
        """Bytes of an app; how many ms to take no more from it."""
        framing = client.framing
        faults = framing.bad_lengths + framing.oversized
        for payload in framing.feed(data):
            if client.number not in self.clients:
                return 0
            self._note_heard(client, now_ms)
            self._obey(client, payload, now_ms)
        for _ in range(framing.bad_lengths + framing.oversized - faults):
            self._fault(client, "packets", now_ms)
        self._settle(now_ms)
        return client.bytes.spend(len(data), now_ms)

    def disconnected(self, client: Client, now_ms: int) -> None:
        """The connection is closed, whoever closed it."""
        if self.clients.pop(client.number, None) is None:
            return
        self._fire(client, press.GONE, now_ms)
        if client.app:
            self._directory.disconnected(client.app.device, now_ms)
        if client.is_heard:
            self._output.tell("v1_left", {"app": client.name, "address": client.address})
        self._settle(now_ms)

    def found(self, app: App, now_ms: int) -> None:
        """An app announces itself on the network."""
        if self._directory.found(app, now_ms):
            for client in list(self.clients.values()):
                self._identify(client, now_ms)
            self._settle(now_ms)

    def lost(self, device: str) -> None:
        """It does so no more; its connection may live on."""
        self._directory.lost(device)

    # --- what apps send ---

    def _note_heard(self, client: Client, now_ms: int) -> None:
        client.heard_ms = now_ms
        if not client.is_heard:  # only now: somebody who merely scans the port is not worth a line
            client.is_heard = True
            self._output.tell("v1_joined", {"app": client.name, "address": client.address})

    def _obey(self, client: Client, payload: bytes, now_ms: int) -> None:
        kind = words.kind_of(payload)
        if kind == words.Kind.VOICE:
            self._hear(client, words.sound_of(payload), now_ms)
        elif kind == words.Kind.RUBBISH:
            self._fault(client, "packets", now_ms)
        elif not client.words.take(1, now_ms):
            self._fault(client, "words", now_ms)
        elif kind == words.Kind.PING:
            self._send_word(client, words.PONG, now_ms)
        elif kind == words.Kind.TAKEN:
            self._fire(client, press.TAKEN, now_ms)
        elif kind == words.Kind.RELEASED:
            self._fire(client, press.RELEASED, now_ms)
        elif kind == words.Kind.CHAT:
            self._chat(client, words.text_of(payload), now_ms)

    def _hear(self, client: Client, sound: bytes, now_ms: int) -> None:
        self._fire(client, press.VOICE, now_ms)
        if not client.press.may_speak():
            self.refused["voice without the floor"] += 1
            return
        for frame in client.cutter.feed(sound):
            self._speak(client, frame, now_ms)

    def _speak(self, client: Client, frame: Frame, now_ms: int) -> None:
        if not client.frames.take(1, now_ms):
            self.refused["voice faster than speech"] += 1
            return
        self._proxy.speak(frame, now_ms)
        if client.press.state == press.TALKING:
            self._voice_to_apps(frame, client)

    def _chat(self, client: Client, text: str, now_ms: int) -> None:
        if not client.texts.take(1, now_ms):
            self.refused["texts"] += 1
            return
        for piece in chat.to_badges(client.name, text):
            if len(self._texts) == limits.TEXTS_WAITING_MAX:
                self.refused["texts"] += 1
                return
            self._texts.append(piece)
        packet = words.chat(chat.to_apps(client.name, text))
        for other in self._hearers_of(client):
            self._send_word(other, packet, now_ms)

    def _fire(self, client: Client, trigger: int, now_ms: int) -> None:
        was_talking = client.press.state == press.TALKING
        action = client.press.fire(trigger, now_ms)
        if action == press.ASK:
            client.cutter.begin()
            self._proxy.ask(client, now_ms)
        elif action == press.LET_GO:
            rest = client.cutter.finish()
            self._proxy.let_go(rest, now_ms)
            for frame in rest if was_talking else []:
                self._voice_to_apps(frame, client)
        elif action == press.BLOCK:
            client.told_taken = False  # it may have heard so before; now it must hear it again

    # --- what apps are sent ---

    def _play(self, now_ms: int) -> None:
        """The frames that are due from the participant's speaker, to every app."""
        if self._frame_due_ms == NEVER:
            return
        behind = since(now_ms, self._frame_due_ms) // limits.FRAME_MS
        if behind > _FRAMES_BEHIND_MAX:
            self._frame_due_ms = now_ms
        while since(now_ms, self._frame_due_ms) >= 0:
            self._frame_due_ms = add(self._frame_due_ms, limits.FRAME_MS)
            frame = self._participant.read_speaker(now_ms)
            if frame is not None:
                self._voice_to_apps(frame, None)
        if self._participant.playout.state == SILENT:
            self._frame_due_ms = NEVER

    def _voice_to_apps(self, frame: Frame, talker: Client | None) -> None:
        packet = words.voice(samples_of(frame))
        for client in self._hearers_of(talker):
            client.backlog.push_voice(packet)

    def _hearers_of(self, talker: Client | None) -> list[Client]:
        """Who hears a badge (None), or an app. Apps that announce themselves have found each other
        and send to each other directly, so the bridge would only double what they send."""
        everybody = self.clients.values()
        if talker is None:
            return list(everybody)
        return [
            each
            for each in everybody
            if each is not talker and not (each.app is not None and talker.app is not None)
        ]

    def _send_word(self, client: Client, packet: bytes, now_ms: int) -> None:
        if not client.backlog.push_word(packet):
            self._give_up(client, "slow readers", now_ms)

    # --- housekeeping ---

    def _settle(self, now_ms: int) -> None:
        """After anything has happened: take what the participant tells, and tell the apps."""
        while (event := self._participant.next_event()) is not None:
            self._take_event(*event, now_ms)
            self._proxy.settle(now_ms)
        self._proxy.settle(now_ms)
        if self._texts and self._participant.keyboard.send(self._texts[0], now_ms):
            self._texts.popleft()
        for client in list(self.clients.values()):
            if client.number not in self.clients:
                continue  # given up meanwhile
            if not client.tell_taken(self._is_blocked(client)):
                self._give_up(client, "slow readers", now_ms)
            elif client.backlog:
                self._output.flush(client)

    def _take_event(self, kind: int, value: Any, now_ms: int) -> None:
        if kind == events.TEXT:
            _, writer, name, text = value
            packet = words.chat(chat.to_apps(name.decode() or str(writer), text.decode()))
            for client in list(self.clients.values()):
                self._send_word(client, packet, now_ms)
        else:
            self._proxy.take_event(kind, value, now_ms)

    def _is_blocked(self, client: Client) -> bool:
        """Must its button be blocked, because a badge or another app talks, or because it was
        refused?"""
        if client.press.state == press.REFUSED:
            return True
        if self._proxy.is_taken() or self._participant.playout.state != SILENT:
            return True
        talker = self._proxy.talker
        return talker is not None and talker is not client and talker.press.state == press.TALKING

    def _look_after(self, client: Client, now_ms: int) -> None:
        if client.press.is_silent(now_ms):
            self._fire(client, press.SILENT, now_ms)
        if client.is_stale(now_ms):
            self._fire(client, press.GONE, now_ms)
        if client.is_gone(now_ms):
            self._give_up(client, "silent connections", now_ms)
        elif not client.ping(now_ms):
            self._give_up(client, "slow readers", now_ms)

    def _identify(self, client: Client, now_ms: int) -> None:
        """Who is it? And one connection to each device is enough."""
        client.app = client.app or self._directory.at(client.address)
        if client.app is None:
            return
        self._directory.connected(client.app.device)
        for other in list(self.clients.values()):
            is_same = other.app is not None and other.app.device == client.app.device
            if other is not client and is_same:
                self._give_up(self._spare(client, other), "second connections", now_ms)

    @staticmethod
    def _spare(newer: Client, older: Client) -> Client:
        """Which of two connections to close: ours, which nobody opens again while the app's own
        lives; otherwise the older one, which an app leaves behind when it loses its network."""
        return newer if newer.is_outgoing and not older.is_outgoing else older

    def _devices(self) -> set[str]:
        return {client.app.device for client in self.clients.values() if client.app}

    def _fault(self, client: Client, reason: str, now_ms: int) -> None:
        self.refused[reason] += 1
        if not client.faults.take(1, now_ms):
            self._give_up(client, "connections for rubbish", now_ms)

    def _give_up(self, client: Client, reason: str, now_ms: int) -> None:
        if client.number in self.clients:
            self.refused[reason] += 1
            self.disconnected(client, now_ms)
            self._output.close_connection(client)
