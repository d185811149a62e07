"""From signal strength to rate and to the share of frames that are not understood.

The minimum sensitivities are the standard's (15.4.6.2, 16.3, 17.3.10.2, 19.3.19.1): there a
frame of 1,000 bytes or so fails one time in ten. How the loss falls with more signal is this
model's own choice, a factor of ten every 2 dB, the usual steep flank without fading.
"""

from __future__ import annotations

PARTS = 1_000_000  # losses are parts in a million

# kb/s -> dBm. 1 and 5.5 Mb/s have no figure of their own: 3 dB below twice the rate.
SENSITIVITY_DBM = {
    **{1000: -83, 2000: -80, 5500: -79, 11000: -76},
    **{6000: -82, 9000: -81, 12000: -79, 18000: -77, 24000: -74, 36000: -70, 48000: -66},
    **{54000: -65, 6500: -82, 13000: -79, 19500: -77, 26000: -74, 39000: -70, 52000: -66},
    **{58500: -65, 65000: -64},
}

_LOSS_BYTES = 1000  # size that the sensitivities and the table below are for
_BELOW_DB = 4  # the table's first entry is for 4 dB less than the sensitivity, its last 6 dB above
_LOSS = (1.0, 0.9, 0.65, 0.3, 0.1, 0.032, 0.01, 0.0032, 0.001, 0.00032, 0.0001)


def best_rate(rates_kbps: tuple[int, ...], signal_dbm: int, margin_db: int) -> int:
    """The fastest rate with `margin_db` above its sensitivity, else the slowest."""
    best = rates_kbps[0]
    for rate in rates_kbps:
        if signal_dbm >= SENSITIVITY_DBM[rate] + margin_db:
            best = rate
    return best


def loss_parts(rate_kbps: int, signal_dbm: int, mpdu_bytes: int) -> int:
    """How many of a million frames of `mpdu_bytes` are not understood."""
    step = signal_dbm - SENSITIVITY_DBM[rate_kbps] + _BELOW_DB
    loss = _LOSS[max(0, min(step, len(_LOSS) - 1))]
    return round((1 - (1 - loss) ** (mpdu_bytes / _LOSS_BYTES)) * PARTS)
