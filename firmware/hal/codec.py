"""A sound chip's registers, written once at start over I2C; which and what is in the board file."""

from machine import I2C, Pin
from micropython import const

_BUS = const(0)
_SPEED_HZ = const(100_000)  # the slowest mode: once at start, over wires of any kind


def start(facts: dict) -> None:
    """Write `registers` ([register, value], ...) in their order. OSError when nobody answers."""
    bus = I2C(_BUS, sda=Pin(facts["sda"]), scl=Pin(facts["scl"]), freq=_SPEED_HZ)
    for register, value in facts["registers"]:
        bus.writeto_mem(facts["address"], register, bytes((value,)))
