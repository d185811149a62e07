"""A leader, badges and the bridge with its old apps in one process and in virtual time."""

from __future__ import annotations

from array import array
from typing import Any

from tests.shared.clear import ClearLeader, clear_participant

from pressel.legacy.app import App
from pressel.legacy.bridge import Bridge
from pressel.legacy.client import Client
from pressel.legacy.directory import Directory
from pressel.legacy.framing import Framing, pack
from ptt.base import clock

LEADER = ("leader", 1)
STEP_MS = 5
DELAY_MS = 2  # of every datagram

TAKEN, RELEASED = b"__PTT_FLOOR__:TAKEN", b"__PTT_FLOOR__:RELEASED"
FRAME = b"\x01" + bytes(range(64)) * 10  # 20 ms at 16 kHz that are not silent


class Badge:
    """A v2 badge that speaks while its button is down."""

    def __init__(self, number: int) -> None:
        device = bytes([7, 0, 0, 0, 0, 0, 0, number])
        self.engine: Any = clear_participant(
            device, f"B{number}".encode(), b"test", LEADER, 100 + number
        )
        self.address = ("badge", number)
        self.told: list[tuple[int, Any]] = []
        self.heard = 0  # frames played
        self._frame_ms = 0

    def live(self, now_ms: int) -> None:
        self.engine.handle_timeout(now_ms)
        self._frame_ms -= STEP_MS
        if self._frame_ms <= 0:
            self._frame_ms = 20
            self.engine.write_microphone(array("h", FRAME[1:641]), now_ms)
            self.heard += self.engine.read_speaker(now_ms) is not None

    def kinds(self) -> list[int]:
        return [kind for kind, _ in self.told]


class OldApp:
    """The app's end of a connection, with what was sent to it, packet by packet."""

    def __init__(self, world: World, client: Client) -> None:
        self._world = world
        self.client = client
        self.got: list[bytes] = []
        self.framing = Framing()
        self.reads = True
        self.is_closed = False

    def send(self, *payloads: bytes) -> None:
        for payload in payloads:
            self.send_raw(pack(payload))

    def send_raw(self, data: bytes) -> int:
        return self._world.bridge.receive(self.client, data, self._world.now_ms)

    def words(self) -> list[bytes]:
        """What it was told, without voice and pings."""
        return [each for each in self.got if each[:1] != b"\x01" and each not in (b"ping", b"pong")]

    def voice(self) -> int:
        return sum(each[:1] == b"\x01" for each in self.got)


class World:
    def __init__(self, badges: int = 2, start_ms: int = 1000) -> None:
        self.now_ms = start_ms
        self.leader: Any = ClearLeader(1, 9)
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.wanted: list[App] = []  # the apps that the bridge would connect to
        self.apps: dict[int, OldApp] = {}
        participant = clear_participant(bytes(8), b"v1 bridge", b"test", LEADER, 5)
        self.bridge = Bridge(participant, Directory(lambda address: address != "8.8.8.8"), self)
        self.participant = participant
        self.badges = [Badge(number) for number in range(badges)]
        self._flying: list[tuple[int, bytes, Any, Any]] = []
        self.bridge.start(self.now_ms)
        for badge in self.badges:
            badge.engine.start(self.now_ms)
        self.run(100)

    # --- what the bridge needs done ---

    def flush(self, client: Client) -> None:
        app = self.apps.get(client.number)
        while app and app.reads and client.backlog:
            app.got += app.framing.feed(client.backlog.pop())

    def close_connection(self, client: Client) -> None:
        if client.number in self.apps:
            self.apps[client.number].is_closed = True
            self.bridge.disconnected(client, self.now_ms)

    def connect(self, app: App) -> None:
        self.wanted.append(app)

    def tell(self, event: str, fields: dict[str, Any]) -> None:
        self.told.append((event, fields))

    # --- what happens ---

    def app(self, address: str = "10.0.0.1", announced: App | None = None) -> OldApp:
        """An app connects, or is connected to (`announced`)."""
        client = self.bridge.connected(address, announced, self.now_ms)
        assert client is not None
        app = self.apps[client.number] = OldApp(self, client)
        self.flush(client)
        return app

    def hang_up(self, app: OldApp) -> None:
        self.bridge.disconnected(app.client, self.now_ms)

    def run(self, duration_ms: int) -> World:
        for _ in range(duration_ms // STEP_MS):
            self._deliver()
            for badge in self.badges:
                badge.live(self.now_ms)
            self.bridge.handle_timeout(self.now_ms)
            self.leader.handle_timeout(self.now_ms)
            self._collect()
            self.now_ms = clock.add(self.now_ms, STEP_MS)
        return self

    def talk(self, app: OldApp, duration_ms: int, frame: bytes = FRAME) -> None:
        """Voice of an app in real time."""
        for _ in range(duration_ms // 20):
            app.send(frame)
            self.run(20)

    def talker(self) -> int:
        return self.leader.floors[1].holder

    # --- how it happens ---

    def _collect(self) -> None:
        self._fetch(self.leader, LEADER)
        self._fetch(self.bridge, ("bridge", 0))
        for badge in self.badges:
            self._fetch(badge.engine, badge.address)
            while (event := badge.engine.next_event()) is not None:
                badge.told.append(event)
        while self.leader.next_event() is not None:
            pass

    def _fetch(self, engine: Any, source: Any) -> None:
        while (outgoing := engine.poll_transmit()) is not None:
            due_ms = clock.add(self.now_ms, DELAY_MS)
            self._flying.append((due_ms, bytes(outgoing.data), source, outgoing.destination))

    def _deliver(self) -> None:
        due = [each for each in self._flying if clock.since(self.now_ms, each[0]) >= 0]
        self._flying = [each for each in self._flying if clock.since(self.now_ms, each[0]) < 0]
        nodes = {LEADER: self.leader, ("bridge", 0): self.bridge}
        nodes |= {badge.address: badge.engine for badge in self.badges}
        for _, data, source, destination in due:
            nodes[destination].receive_datagram(data, source, self.now_ms)
        self._collect()
