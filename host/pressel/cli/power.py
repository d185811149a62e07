"""Options of the commands that say how a badge saves power."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from pressel.flash.power import OFF_DUTY_MIN_MAX


def power_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--power-save` and `--off-duty-after`, as `power_save` and `off_duty_after`."""
    off_duty = click.option(
        "--off-duty-after", metavar="MINUTES", type=click.IntRange(0, OFF_DUTY_MIN_MAX),
        help="After so much rest the badge sleeps, and hears nobody until its button is pressed; "
        "0: never.",
    )  # fmt: skip
    saves = click.option(
        "--power-save/--no-power-save", default=None,
        help="Let its Wi-Fi rest between bursts: lasts longer, and a burst's first word comes "
        "up to 103 ms later.",
    )  # fmt: skip
    return saves(off_duty(command))
