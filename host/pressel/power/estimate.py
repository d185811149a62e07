"""An hour-by-hour estimate of a badge's charge. Knows no file.

All figures are pairs, the least and the most: what is published ranges widely, and an average of it
would look better than it is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pressel.boards.schema import Board

from .facts import Part, Policy, Shift

Pair = tuple[float, float]

BURST_S = 4.0  # of a talk burst, as in the simulator's conversations
# Of the time of a burst the radio sends: 50 packets a second of 0.25 ms at 39 Mb/s, or four times
# so long at the rates of a badge that is far away.
SENDING: Pair = (0.0125, 0.05)
USABLE: Pair = (
    0.80,
    0.95,
)  # of a cell's capacity, above the voltage at which the regulator gives up
CHARGE_MA: Pair = (300, 500)  # of the usual charger chips


@dataclass(frozen=True)
class Hour:
    """What an hour takes, mA on average, and what is left of the cell at its end, mAh. `left` is
    negative when the cell would have had to be larger."""

    hour: int  # of the day
    ma: Pair
    left: Pair
    is_charging: bool


@dataclass(frozen=True)
class Estimate:
    """`needed_mah`: the cell that lasts to the end, least and most. `lasts_h`: of this one; the
    shift's length where it outlives that."""

    hours: list[Hour]
    needed_mah: Pair
    lasts_h: Pair


def estimate(
    board: Board, parts: dict[str, Part], policy: Policy, shift: Shift, cell_mah: float,
    copies: int = 1,
) -> Estimate:  # fmt: skip
    """`copies`: of each packet that a badge sends while it talks. KeyError for a part without a
    current."""
    chip, others = parts[board.chip], [parts[each] for each in board.parts]
    hours: list[Hour] = []
    left: Pair = (cell_mah * USABLE[0], cell_mah * USABLE[1])
    full, used, deepest = left[1], (0.0, 0.0), (0.0, 0.0)
    for number, shares in enumerate(shift.hours):
        ma = _mean_ma(chip, others, policy, shares, copies)
        is_charging = number in shift.charging
        gain = CHARGE_MA if is_charging else (0.0, 0.0)
        left = (min(full, left[0] - ma[1] + gain[0]), min(full, left[1] - ma[0] + gain[1]))
        used = (max(0.0, used[0] + ma[0] - gain[1]), max(0.0, used[1] + ma[1] - gain[0]))
        deepest = (max(deepest[0], used[0]), max(deepest[1], used[1]))
        hours.append(Hour((shift.first_hour + number) % 24, ma, left, is_charging))
    needed = (deepest[0] / USABLE[1], deepest[1] / USABLE[0])
    return Estimate(hours, needed, (_lasts(hours, 0), _lasts(hours, 1)))


def _mean_ma(
    chip: Part, others: list[Part], policy: Policy, shares: tuple[int, int, int], copies: int
) -> Pair:
    talks, hears, off = (each / 1000 for each in shares)
    on = 1 - off
    awake = min(on, (talks + hears) * (1 + policy.hold_s / BURST_S))
    quiet = on - awake
    level = (policy.speaker_permille / 1000) ** 2  # power goes with the square of the level
    terms: list[tuple[float, Pair]] = [
        (awake, chip["awake"].ma),
        (quiet, chip[policy.quiet].ma),
        (off, chip["asleep"].ma),
    ]
    if policy.clock_mhz > 160 and "clock_240" in chip:
        terms.append((on, chip["clock_240"].ma))
    for part in others:
        terms.append((on, part["on"].ma))
        if "playing" in part:
            terms.append((hears * level, part["playing"].ma))
    low, high = _sum(terms)
    sending = [chip["sending"].ma[n] - chip["awake"].ma[n] for n in (0, 1)]
    share = [min(1.0, copies * SENDING[n]) for n in (0, 1)]
    return (low + talks * share[0] * sending[0], high + talks * share[1] * sending[1])


def _sum(terms: Iterable[tuple[float, Pair]]) -> Pair:
    terms = list(terms)
    return (sum(share * ma[0] for share, ma in terms), sum(share * ma[1] for share, ma in terms))


def _lasts(hours: list[Hour], which: int) -> float:
    """Hours until nothing is left, by the pessimistic (0) or the optimistic (1) figures."""
    for number, hour in enumerate(hours):
        if hour.left[which] < 0:
            used = hour.ma[1 - which]
            return number + 1 + hour.left[which] / used
    return float(len(hours))
