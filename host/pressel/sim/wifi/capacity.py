"""How many telephone calls an 802.11b cell carries: the frame model against published figures.

A call is G.711 (64 kb/s) in 20 ms packets each way, so 160 bytes, 50 times a second, twice. The
channel is full when the exchanges of all calls take 20 ms every 20 ms. The sources differ in the
assumptions in the columns of `PUBLISHED`; nothing else is adjusted.
"""

from __future__ import annotations

from typing import NamedTuple

from .contention import contention
from .phy import LLC_BYTES, PHYS, RTP_BYTES, Phy, ack_us, frame_us

PACKET_US = 20_000
G711_BYTES = 64_000 * PACKET_US // 1_000_000 // 8 + RTP_BYTES


class Published(NamedTuple):
    """A published row: calls by rate, and what its author assumed."""

    source: str
    network: str  # a name in phy.PHYS
    contenders: int  # senders at any time; 0: a channel that is handed on without contention
    llc_bytes: int
    calls: dict[int, int]  # rate in kb/s -> calls


PUBLISHED = (
    # The author states "no contention", 24 bytes of MAC header, 6 of SNAP, and 23 calls at most.
    Published("Gast 2005, no contention", "b-short", 0, 6, {11000: 23}),
    # Half of the contention window before every frame, as the author reports of a phone maker's
    # figures.
    Published(
        "Gast 2005, short preamble", "b-short", 1, 6, {11000: 13, 5500: 10, 2000: 6, 1000: 3}
    ),
    Published("Gast 2005, long preamble", "b-long", 1, 6, {11000: 10, 5500: 8, 2000: 5, 1000: 3}),
    # Two senders at any time, since the access point always has something to send: our reading.
    Published("Garg and Kappes 2003", "b-long", 2, LLC_BYTES, {11000: 12, 1000: 3}),
)


def exchange_shared_us(
    phy: Phy, rate_kbps: int, payload_bytes: int, contenders: int, llc_bytes: int = LLC_BYTES
) -> float:
    """The channel time that a delivered datagram costs, with idle slots and its share of
    collisions.

    A collision takes as long as an exchange and ruins the attempts of two senders (of more only
    rarely), so an attempt that collides costs each of them half.
    """
    data_us = frame_us(phy, rate_kbps, payload_bytes, llc_bytes=llc_bytes)
    attempt_us = phy.difs_us + data_us + phy.sifs_us + ack_us(phy, rate_kbps)
    if contenders == 0:
        return float(attempt_us)
    shared = contention(phy, contenders)
    attempt_us += shared.idle_slots * phy.slot_us
    failed = shared.collision / (1 - shared.collision)  # failed attempts a delivered frame
    return attempt_us * (1 + failed / 2)


def calls(phy: Phy, rate_kbps: int, contenders: int = 1, llc_bytes: int = LLC_BYTES) -> int:
    """G.711 calls with 20 ms packets, both ways, all at `rate_kbps`."""
    each_us = exchange_shared_us(phy, rate_kbps, G711_BYTES, contenders, llc_bytes)
    return int(PACKET_US / (2 * each_us))


def table_rows() -> list[str]:
    """Published and computed capacities, as rows of the table in docs/wifi-model.md."""
    rows = []
    for row in PUBLISHED:
        for rate, published in row.calls.items():
            each_us = exchange_shared_us(
                PHYS[row.network], rate, G711_BYTES, row.contenders, row.llc_bytes
            )
            computed = PACKET_US / (2 * each_us)
            rows.append(
                f"| {row.source} | {rate / 1000:g} | {row.network[2:]} | {row.contenders} "
                f"| {each_us:.0f} | {computed:.2f} | {published} |"
            )
    return rows
