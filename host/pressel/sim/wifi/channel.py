"""One access point's radio channel: a single medium that every frame occupies for its time.

Frames take the medium in the order of the calls. Before each attempt come DIFS and a random
backoff, shorter when others wait too (Bianchi, contention.py); an attempt fails by collision, weak
signal or interference, is repeated with a doubled window, and given up at the retry limit.
Multicast has one attempt at a basic rate and waits for the DTIM beacon while any station sleeps,
and so does unicast to a sleeping station. An access point may send multicast as unicast instead,
and may forget who wants it. docs/wifi-model.md says what is left out.

Knows no addresses, sockets or clocks: the caller gives the time, which must not go back.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from .airtime import Airtime
from .contention import contention
from .facts import channel_facts, network
from .phy import MAC_BYTES, multicast_frame_us, ppdu_us
from .signal import PARTS
from .snooping import Snooping
from .station import Queue, Station

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Protocol

    class Random(Protocol):
        def below(self, limit: int) -> int: ...


_CONTENDERS_MAX = 64  # more cost hardly more: the table ends here
_ONE = 1 << 16  # backoff shares are 16-bit fractions


class Channel:
    """`facts`: "phy" and what differs from facts.FACTS; UsageError where one makes no sense."""

    def __init__(self, facts: dict[str, Any], prng: Random) -> None:
        self._phy = phy = network(facts)
        self._facts = known = channel_facts(facts, phy)
        self._prng = prng
        self._stations: dict[int, Station] = {}
        self._asleep = 0
        self._free_us = 0  # the medium, for the next frame
        self._ap = Queue(known["ap_queue_frames"])
        self._on_air: deque[tuple[int, Queue]] = deque()  # (end, sender), in order
        self._contenders = 0  # senders with frames in `_on_air`
        self._next_beacon_us = known["beacon_interval_us"]
        self._beacons = 0
        self._beacon_us = phy.difs_us + ppdu_us(
            phy, known["beacon_rate_kbps"], MAC_BYTES + known["beacon_bytes"]
        )
        self._held: list[tuple[str, int]] = []  # (kind, us) to go out after the next DTIM beacon
        self._held_us = 0
        self._held_frames = 0
        attempts = known["retry_limit"]
        shared = [contention(phy, max(1, n), attempts) for n in range(_CONTENDERS_MAX + 1)]
        self._collisions = [int(each.collision * PARTS) for each in shared]
        self._idle_shares = [int(each.idle_slots * 2 / phy.cw_min * _ONE + 0.5) for each in shared]
        self._airtime = Airtime()
        self._multicast_us: dict[int, int] = {}
        self._members = Snooping(known["snooping_us"])
        self.last_loss = ""  # "queue", "retries"; for multicast also "air", "burst", "snooping"
        self.lost_in_queue = 0
        self.lost_by_retries = 0
        self.attempts = 0

    @property
    def airtime_us(self) -> dict[str, int]:
        """Microseconds so far, by kind: unicast (first attempts), retries, multicast, beacons."""
        return dict(self._airtime.total_us)

    def airtime_percent(self, since_us: int, now_us: int) -> float:
        """Share of the time in which the channel was taken, waiting for access included."""
        self._catch_up(now_us)
        return self._airtime.percent(since_us, now_us)

    def join(self, station: int, rssi_dbm: int) -> None:
        """A station comes, awake. One that is here already begins anew."""
        self.leave(station)
        self._stations[station] = Station(self._phy, self._facts, rssi_dbm)

    def leave(self, station: int) -> None:
        """Its frames on the way still take their time. No error if it is not here."""
        self._members.leave(station)
        gone = self._stations.pop(station, None)
        if gone is not None and gone.is_asleep:
            self._asleep -= 1

    def set_rssi(self, station: int, rssi_dbm: int) -> None:
        """KeyError for a station that has not joined, as in all calls below."""
        self._stations[station].set_rssi(rssi_dbm)

    def set_sleeping(self, station: int, is_asleep: bool) -> None:
        who = self._stations[station]
        self._asleep += is_asleep - who.is_asleep
        who.is_asleep = is_asleep

    def report_group(self, now_us: int, station: int) -> None:
        """The station says that it wants multicast (IGMP), unasked or because it was asked."""
        if station not in self._stations:
            raise KeyError(station)
        self._members.report(now_us, station)

    def rate_kbps(self, station: int) -> int:
        return self._stations[station].rate_kbps

    def unicast(self, now_us: int, station: int, size_bytes: int, downlink: bool) -> int:
        """When a UDP datagram of `size_bytes` is received, or -1 with the reason in `last_loss`."""
        self._catch_up(now_us)
        who = self._stations[station]
        queue = self._ap if downlink else who.queue
        held = self._held_frames if downlink else 0
        if queue.waiting + held >= queue.frames_max:
            self.last_loss = "queue"
            self.lost_in_queue += 1
            return -1
        if downlink and who.is_asleep:
            return self._hold_unicast(who, size_bytes)
        start_us = self._start(now_us)
        contenders = self._contenders + (not queue.waiting)
        done_us, first_us, again_us = self._attempt(start_us, contenders, who, size_bytes)
        self._airtime.add("unicast", start_us, first_us)
        if again_us:
            self._airtime.add("retries", start_us + first_us, again_us)
        self._occupy(queue, start_us + first_us + again_us)
        return done_us

    def multicast(
        self, now_us: int, size_bytes: int, stations: Iterable[int]
    ) -> list[tuple[int, int]]:
        """(station, when received or -1) for each of `stations`; sent by the access point, once."""
        if self._facts["multicast_to_unicast"]:
            return [(each, self._converted(now_us, each, size_bytes)) for each in stations]
        self._catch_up(now_us)
        if not self._members.wants_any(now_us):
            self.last_loss = "snooping"
            return [(station, -1) for station in stations]
        ap = self._ap
        if ap.waiting + self._held_frames >= ap.frames_max:
            self.last_loss = "queue"
            self.lost_in_queue += 1
            return [(station, -1) for station in stations]
        is_held = self._asleep > 0
        start_us = self._held_start() if is_held else self._start(now_us)
        contenders = min(self._contenders + (not ap.waiting), _CONTENDERS_MAX)
        phy, below = self._phy, self._prng.below
        slots = below(phy.cw_min + 1) * self._idle_shares[contenders] >> 16
        taken_us = phy.difs_us + slots * phy.slot_us + self._multicast_frame_us(size_bytes)
        is_ruined = contenders > 1 and below(PARTS) < self._collisions[contenders]
        if is_ruined:
            self.last_loss = "air"
        if is_held:
            self._hold("multicast", taken_us)
            self._held_frames += 1
        else:
            self._airtime.add("multicast", start_us, taken_us)
            self._occupy(ap, start_us + taken_us)
        return [
            (
                station,
                -1 if is_ruined or not self._hears(station, size_bytes) else start_us + taken_us,
            )
            for station in stations
        ]

    def _converted(self, now_us: int, station: int, size_bytes: int) -> int:
        """Its copy of a multicast frame, when the access point knows that it wants one."""
        if self._members.knows(now_us, station):
            return self.unicast(now_us, station, size_bytes, True)
        self.last_loss = "snooping"
        return -1

    def _hears(self, station: int, size_bytes: int) -> bool:
        who = self._stations[station]
        if who.is_in_burst(self._prng):
            self.last_loss = "burst"
        elif self._prng.below(PARTS) < who.multicast_loss(size_bytes):
            self.last_loss = "air"
        else:
            return True
        return False

    def _attempt(
        self, start_us: int, contenders: int, who: Station, size_bytes: int
    ) -> tuple[int, int, int]:
        """(when the data are received or -1, us of the first attempt, us of all others)."""
        data_us, answer_us, lost = who.unicast_costs(size_bytes)
        if contenders > _CONTENDERS_MAX:
            contenders = _CONTENDERS_MAX
        share = self._idle_shares[contenders]
        collisions = self._collisions[contenders]
        below = self._prng.below
        slot_us = self._phy.slot_us
        window = self._phy.cw_min + 1
        window_max = self._phy.cw_max + 1
        taken_us = 0
        first_us = 0
        done_us = -1
        for attempt in range(self._facts["retry_limit"]):
            self.attempts += 1
            access_us = (below(window) * share >> 16) * slot_us
            attempt_us = access_us + data_us + answer_us
            if collisions and below(PARTS) < collisions:
                taken_us += attempt_us // 2  # the other sender's frame pays the other half
            elif lost and below(PARTS) < lost:
                taken_us += attempt_us  # the wait for an ACK is as long as the ACK
            else:
                done_us = start_us + taken_us + access_us + data_us
                taken_us += attempt_us
            if not attempt:
                first_us = taken_us
            if done_us >= 0:
                break
            window = min(window * 2, window_max)
        else:
            self.last_loss = "retries"
            self.lost_by_retries += 1
        return done_us, first_us, taken_us - first_us

    def _hold_unicast(self, who: Station, size_bytes: int) -> int:
        """A station that sleeps wakes for the DTIM beacon; the access point keeps its frames."""
        contenders = self._contenders + (not self._ap.waiting)
        start_us = self._held_start()
        done_us, first_us, again_us = self._attempt(start_us, contenders, who, size_bytes)
        self._hold("unicast", first_us)
        self._hold("retries", again_us)
        self._held_frames += 1
        return done_us

    def _hold(self, kind: str, taken_us: int) -> None:
        self._held.append((kind, taken_us))
        self._held_us += taken_us

    def _held_start(self) -> int:
        """Right after the next DTIM beacon and what is held already.

        As far as is known now: what later callers queue before that beacon may delay it a little.
        """
        period = self._facts["dtim_period"]
        until = -self._beacons % period  # beacons before the next that is a DTIM
        dtim_us = self._next_beacon_us + until * self._facts["beacon_interval_us"]
        return max(dtim_us, self._free_us) + self._beacon_us + self._held_us

    def _start(self, now_us: int) -> int:
        """When the next frame may take the medium; beacons that are due go first."""
        start_us = max(now_us, self._free_us)
        while self._next_beacon_us <= start_us:
            self._send_beacon()
            start_us = max(now_us, self._free_us)
        return start_us

    def _send_beacon(self) -> None:
        begin_us = max(self._next_beacon_us, self._free_us)
        self._airtime.add("beacons", begin_us, self._beacon_us)
        self._free_us = begin_us + self._beacon_us
        if self._held and self._beacons % self._facts["dtim_period"] == 0:
            for kind, taken_us in self._held:
                self._airtime.add(kind, self._free_us, taken_us)
                self._free_us += taken_us
            self._held.clear()
            self._held_us = self._held_frames = 0
        self._beacons += 1
        self._next_beacon_us += self._facts["beacon_interval_us"]

    def _occupy(self, queue: Queue, end_us: int) -> None:
        self._free_us = end_us
        if not queue.waiting:
            self._contenders += 1
        queue.waiting += 1
        self._on_air.append((end_us, queue))

    def _catch_up(self, now_us: int) -> None:
        """Beacons up to now, and frames that are off the air leave their queues."""
        if self._next_beacon_us <= now_us:
            while self._next_beacon_us <= now_us:
                self._send_beacon()
        on_air = self._on_air
        while on_air and on_air[0][0] <= now_us:
            queue = on_air.popleft()[1]
            queue.waiting -= 1
            if not queue.waiting:
                self._contenders -= 1

    def _multicast_frame_us(self, size_bytes: int) -> int:
        frame_us = self._multicast_us.get(size_bytes)
        if frame_us is None:
            rate, security = self._facts["basic_rate_kbps"], self._facts["security_bytes"]
            frame_us = multicast_frame_us(self._phy, rate, size_bytes, security)
            self._multicast_us[size_bytes] = frame_us
        return frame_us
