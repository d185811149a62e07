"""How long a frame occupies a 2.4 GHz Wi-Fi channel, from the numbers of IEEE Std 802.11-2016.

Clauses: 10.3 DCF; 15 DSSS (1, 2 Mb/s); 16 HR/DSSS (802.11b); 17 OFDM; 18 ERP (802.11g); 19 HT
(802.11n), here 20 MHz, one stream, long guard interval, HT-mixed format, which is what an ESP32
speaks. Times are whole microseconds, rates kb/s. This module knows nothing of stations or queues.
"""

from __future__ import annotations

from typing import NamedTuple

# Bits a symbol of 4 us holds (N_DBPS): tables 17-4 and 19-27 (MCS 0 to 7). The rate tells the
# format, since no rate is in two tables. DSSS rates have no symbols here: one bit after the other.
_OFDM_BITS = {rate: rate * 4 // 1000 for rate in (6000, 9000, 12000, 18000, 24000, 36000)}
_OFDM_BITS.update({48000: 192, 54000: 216})
_HT_BITS = {6500: 26, 13000: 52, 19500: 78, 26000: 104, 39000: 156, 52000: 208, 58500: 234}
_HT_BITS[65000] = 260
DSSS_RATES = (1000, 2000, 5500, 11000)
OFDM_RATES = tuple(sorted(_OFDM_BITS))
HT_RATES = tuple(sorted(_HT_BITS))

LONG_PREAMBLE_US = 192  # 144 bits of preamble and 48 of header at 1 Mb/s (16.2.2.2)
SHORT_PREAMBLE_US = 96  # 72 bits at 1 Mb/s and 48 at 2 Mb/s (16.2.2.3); not for 1 Mb/s frames
OFDM_PREAMBLE_US = 20  # short 8, long 8, SIGNAL 4 (17.3.2)
HT_PREAMBLE_US = 36  # L-STF 8, L-LTF 8, L-SIG 4, HT-SIG 8, HT-STF 4, one HT-LTF 4 (19.3.9)
SIGNAL_EXTENSION_US = 6  # silence after OFDM at 2.4 GHz: SIFS is 6 too short (18.5, 19.4)
SYMBOL_US = 4
SERVICE_AND_TAIL_BITS = 16 + 6  # around the frame's own bits in OFDM and HT (17.3.5)

MAC_BYTES = 24 + 4  # header with three addresses, frame check sequence (9.2.3)
QOS_BYTES = 2  # QoS control: an HT station's unicast data are QoS data (9.2.4.5)
LLC_BYTES = 8  # LLC 3 and SNAP 5 (RFC 1042)
IP_UDP_BYTES = 20 + 8  # RFC 791 without options, RFC 768
RTP_BYTES = 12  # RFC 3550; only for checks against published call capacities
CCMP_BYTES = 16  # WPA2: 8 of header, 8 of integrity check (12.5.3)
ACK_BYTES = 14  # 9.3.1.4
TIME_UNIT_US = 1024  # in which beacon intervals are counted (3.1)


class Phy(NamedTuple):
    """One kind of network: its timing (10.3.7 and the PHY characteristics) and its rates."""

    name: str
    slot_us: int
    sifs_us: int
    cw_min: int
    cw_max: int
    preamble_us: int  # of DSSS frames above 1 Mb/s
    is_ht: bool
    rates_kbps: tuple[int, ...]
    basic_kbps: tuple[int, ...]  # every station understands these: ACKs, beacons, multicast

    @property
    def difs_us(self) -> int:
        return self.sifs_us + 2 * self.slot_us  # 10.3.7


# 802.11b networks here have all four rates basic, 802.11g and n the mandatory ones of OFDM and
# the four old ones; slots are short in g and n since no 802.11b station is about.
_G_BASIC = (1000, 2000, 5500, 6000, 11000, 12000, 24000)
_PHYS = (
    Phy("b-long", 20, 10, 31, 1023, LONG_PREAMBLE_US, False, DSSS_RATES, DSSS_RATES),
    Phy("b-short", 20, 10, 31, 1023, SHORT_PREAMBLE_US, False, DSSS_RATES, DSSS_RATES),
    Phy("g", 9, 10, 15, 1023, LONG_PREAMBLE_US, False, OFDM_RATES, _G_BASIC),
    Phy("n", 9, 10, 15, 1023, LONG_PREAMBLE_US, True, HT_RATES, _G_BASIC),
)
PHYS = {phy.name: phy for phy in _PHYS}


def ppdu_us(phy: Phy, rate_kbps: int, mpdu_bytes: int) -> int:
    """Preamble to last bit of a frame of `mpdu_bytes` (TXTIME in 16.3, 17.4, 18.5, 19.4).

    ValueError for a rate that is in none of the tables.
    """
    bits = mpdu_bytes * 8
    if rate_kbps in _HT_BITS:
        symbols = -(-(bits + SERVICE_AND_TAIL_BITS) // _HT_BITS[rate_kbps])
        return HT_PREAMBLE_US + SYMBOL_US * symbols + SIGNAL_EXTENSION_US
    if rate_kbps in _OFDM_BITS:
        symbols = -(-(bits + SERVICE_AND_TAIL_BITS) // _OFDM_BITS[rate_kbps])
        return OFDM_PREAMBLE_US + SYMBOL_US * symbols + SIGNAL_EXTENSION_US
    if rate_kbps in DSSS_RATES:
        preamble_us = LONG_PREAMBLE_US if rate_kbps == 1000 else phy.preamble_us
        return preamble_us + -(-bits * 1000 // rate_kbps)
    raise ValueError(f"no Wi-Fi rate of {rate_kbps} kb/s; 39000 is one of 802.11n")


def mpdu_bytes(
    phy: Phy,
    payload_bytes: int,
    security_bytes: int = 0,
    is_unicast: bool = True,
    llc_bytes: int = LLC_BYTES,
) -> int:
    """Bytes on the air for a UDP datagram of `payload_bytes`, check sequence included."""
    qos_bytes = QOS_BYTES if phy.is_ht and is_unicast else 0
    return MAC_BYTES + qos_bytes + security_bytes + llc_bytes + IP_UDP_BYTES + payload_bytes


def frame_us(
    phy: Phy,
    rate_kbps: int,
    payload_bytes: int,
    security_bytes: int = 0,
    llc_bytes: int = LLC_BYTES,
) -> int:
    """A unicast data frame that carries a UDP datagram of `payload_bytes`."""
    return ppdu_us(phy, rate_kbps, mpdu_bytes(phy, payload_bytes, security_bytes, True, llc_bytes))


def ack_us(phy: Phy, rate_kbps: int) -> int:
    """The acknowledgement of a frame at `rate_kbps`: the fastest basic rate not above that
    (10.7.6.5).

    A frame in OFDM is answered in OFDM, even where DSSS rates are basic.
    """
    basic = [rate for rate in phy.basic_kbps if rate <= rate_kbps]
    if rate_kbps not in DSSS_RATES:
        basic = [rate for rate in basic if rate not in DSSS_RATES]
    return ppdu_us(phy, basic[-1], ACK_BYTES)


def mean_backoff_us(phy: Phy) -> int:
    """Half the smallest contention window, rounded up: one sender that always draws (10.3.4.3)."""
    return -(-phy.cw_min * phy.slot_us // 2)


def exchange_us(
    phy: Phy,
    rate_kbps: int,
    payload_bytes: int,
    security_bytes: int = 0,
    llc_bytes: int = LLC_BYTES,
) -> int:
    """DIFS, mean backoff, data, SIFS, ACK: the channel time that one unicast datagram costs."""
    data_us = frame_us(phy, rate_kbps, payload_bytes, security_bytes, llc_bytes)
    access_us = phy.difs_us + mean_backoff_us(phy)
    return access_us + data_us + phy.sifs_us + ack_us(phy, rate_kbps)


def multicast_frame_us(
    phy: Phy, basic_kbps: int, payload_bytes: int, security_bytes: int = 0
) -> int:
    """A group-addressed data frame from an access point: no QoS control, a basic rate (10.7.5)."""
    return ppdu_us(phy, basic_kbps, mpdu_bytes(phy, payload_bytes, security_bytes, False))


def multicast_us(phy: Phy, basic_kbps: int, payload_bytes: int, security_bytes: int = 0) -> int:
    """DIFS, mean backoff, data: nobody acknowledges a multicast frame."""
    data_us = multicast_frame_us(phy, basic_kbps, payload_bytes, security_bytes)
    return phy.difs_us + mean_backoff_us(phy) + data_us
