"""What a frame costs, against calculations done by hand from the standard's numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressel.sim.wifi.cost import airtime_us
from pressel.sim.wifi.phy import (
    CCMP_BYTES,
    PHYS,
    RTP_BYTES,
    ack_us,
    exchange_us,
    frame_us,
    mpdu_bytes,
    multicast_us,
    ppdu_us,
)

ROOT = Path(__file__).resolve().parents[2]
B_LONG, B_SHORT, G, N = (PHYS[name] for name in ("b-long", "b-short", "g", "n"))
VOICE_BYTES = 186  # a 20 ms packet: 164 bytes of sound and the envelope


def test_interframe_spaces() -> None:
    assert [phy.difs_us for phy in (B_LONG, B_SHORT, G, N)] == [50, 50, 28, 28]


def test_a_g711_frame_on_802_11b_by_hand() -> None:
    # 28 MAC + 8 LLC/SNAP + 28 IP/UDP + 12 RTP + 160 sound = 236 bytes = 1888 bits
    assert mpdu_bytes(B_LONG, 160 + RTP_BYTES) == 236
    assert frame_us(B_LONG, 11000, 160 + RTP_BYTES) == 192 + 172  # 171.6 rounded up
    assert frame_us(B_SHORT, 11000, 160 + RTP_BYTES) == 96 + 172
    assert ack_us(B_LONG, 11000) == 192 + 11  # 112 bits at 11 Mb/s
    assert exchange_us(B_LONG, 11000, 160 + RTP_BYTES) == 50 + 310 + 364 + 10 + 203


def test_there_is_no_short_preamble_at_1_mbps() -> None:
    assert frame_us(B_SHORT, 1000, 172) == frame_us(B_LONG, 1000, 172) == 192 + 1888
    assert frame_us(B_SHORT, 2000, 172) == 96 + 944


def test_a_voice_frame_on_802_11n_by_hand() -> None:
    # 30 MAC + 16 CCMP + 8 + 28 + 186 = 268 bytes; (2144 + 22) bits / 156 = 13.9, 14 symbols
    assert mpdu_bytes(N, VOICE_BYTES, CCMP_BYTES) == 268
    assert frame_us(N, 39000, VOICE_BYTES, CCMP_BYTES) == 36 + 14 * 4 + 6
    assert ack_us(N, 39000) == 20 + 2 * 4 + 6  # (112 + 22) bits / 96 at 24 Mb/s
    assert exchange_us(N, 39000, VOICE_BYTES, CCMP_BYTES) == 28 + 68 + 98 + 10 + 34


def test_the_estimate_of_a_quarter_millisecond() -> None:
    assert airtime_us("n", 39000, VOICE_BYTES) == pytest.approx(250, rel=0.1)
    # "100 listeners at 50 frames a second: more than the whole channel"
    assert 100 * 50 * airtime_us("n", 39000, VOICE_BYTES) > 1_000_000
    # "bytes matter little": three frames of sound in one packet cost far less than three packets
    assert airtime_us("n", 39000, 530) < 1.5 * airtime_us("n", 39000, VOICE_BYTES)


def test_multicast_has_no_ack_and_a_basic_rate() -> None:
    # no QoS control: 266 bytes; (2128 + 22) bits / 24 = 89.6, 90 symbols
    assert multicast_us(N, 6000, VOICE_BYTES, CCMP_BYTES) == 28 + 68 + 20 + 90 * 4 + 6
    assert airtime_us("n", 6000, VOICE_BYTES, True) == 482
    assert multicast_us(N, 1000, VOICE_BYTES, CCMP_BYTES) == 28 + 68 + 192 + 2128


@pytest.mark.parametrize(
    ("rate", "answer"), [(6500, 6000), (13000, 12000), (19500, 12000), (26000, 24000)]
)
def test_an_ack_is_the_fastest_basic_rate_below(rate: int, answer: int) -> None:
    assert ack_us(N, rate) == ppdu_us(N, answer, 14)


def test_a_symbol_is_never_split() -> None:
    times = {ppdu_us(G, 54000, size) for size in range(300)}
    assert all((us - 26) % 4 == 0 for us in times)
    assert len(times) == 12  # 2400 bits in symbols of 216


def test_an_unknown_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="no Wi-Fi rate of 7000"):
        ppdu_us(N, 7000, 100)


def test_the_worked_examples_in_the_document_are_the_codes() -> None:
    text = (ROOT / "docs" / "wifi-model.md").read_text("utf-8")
    assert f"= {exchange_us(B_LONG, 11000, 160 + RTP_BYTES)} µs" in text
    assert f"= {exchange_us(N, 39000, VOICE_BYTES, CCMP_BYTES)} µs" in text
    assert f"= {multicast_us(N, 6000, VOICE_BYTES, CCMP_BYTES)} µs" in text
