"""Makes the handset from the files on flash: `board.json` (pins) and `config.json` (identity).

`run` is the badge's main loop; the virtual badge calls `build` and steps the handset itself.
"""

import random
from binascii import unhexlify

from hal import board, clock
from hal.button import Button
from hal.indicator import Indicator
from hal.microphone import Microphone
from hal.radio import Radio
from hal.speaker import Speaker
from hal.store import Store
from hal.wifi import Wifi
from ptt.numbers import PORT
from ptt.participant import Participant

from . import log
from .handset import Handset

BUILD = "0.1.0"

_EVERYBODY = "255.255.255.255"  # where a leader is looked for when none is configured


def build() -> Handset:
    """The handset, searching for its leader."""
    pins = board.load()
    config = Store().load("config")
    now_ms = clock.now_ms()
    participant = Participant(
        unhexlify(config["device"]),
        config["name"].encode(),
        BUILD.encode(),
        _address(config.get("leader", "")),
        random.getrandbits(30),  # both ports seed it from their noise source at start
    )
    led = pins.get("led", {"pin": -1, "active_high": True})
    handset = Handset(
        participant,
        Wifi(config["wifi"]["ssid"], config["wifi"]["password"]),
        Radio(),
        Button(pins["button"]["pin"], pins["button"]["active_low"]),
        Microphone(pins["microphone"]),
        Speaker(pins["speaker"]),
        Indicator(led["pin"], led["active_high"]),
    )
    participant.start(now_ms)
    log.write(now_ms, "boot", config["name"])
    return handset


def run() -> None:
    """Step for ever, asleep in between until a datagram comes or the time is up."""
    handset = build()
    while True:
        handset.radio.wait(handset.step(clock.now_ms()))


def _address(leader: str) -> "tuple[str, int]":
    """ "192.168.1.5:47800" as a socket address; without a port the default one."""
    if not leader:
        return (_EVERYBODY, PORT)
    host, _, port = leader.partition(":")
    return (host, int(port) if port else PORT)
