"""What can go wrong with an emulated badge, as words of the command line; `NAMES` explains them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from pressel.errors import UsageError

STAGES = ("connect", "stub", "read", "erase", "write", "verify", "start", "check")
_STAGED = ("unplug_at", "mute_at", "babble_at")  # their value is one of these
# With `=`: the fault takes a value.
NAMES = {
    "unplug-after=BYTES": "gone after so many bytes of flash were written",
    f"unplug-at={'|'.join(STAGES)}": "gone when that is begun",
    f"mute-at={'|'.join(STAGES)}": "answers nothing any more from there on",
    f"babble-at={'|'.join(STAGES)}": "from there on sends what is no answer, without end",
    "corrupt-block=NUMBER": "that block, from 0, is written with a flipped bit",
    "flash-mib=SIZE": "the chip says that it has so much flash",
    "silent": "nothing ever answers",
    "corrupt-file": "main.py reads back changed",
    "crash": "main.py raises an exception",
    "no-key": "nothing that runs on it finds a key in its storage",
    "swapped-samples": "the speaker plays each pair of samples in the wrong order",
    "deaf-microphone": "the microphone gives zeros",
    "dead-button": "nobody can press the talk button",
    "inverted-button": "buttons rest at the level at which others are pressed",
    "bouncing-button=MILLISECONDS": "a button's contacts take so long to settle",
    "absent-codec": "no chip answers on the I2C bus",
    "absent-epaper": "the e-paper never says that it is busy",
    "absent-psram": "the module has no PSRAM, or the image does not find it",
    "flat-battery=MILLIVOLTS": "the battery has so little",
    "slow-clock": "the chip stays at its clock, whatever it is told",
    "small-heap=BYTES": "MicroPython has so little memory",
    "small-internal=BYTES": "Wi-Fi and I2S have so little memory, in two pieces",
    "small-executable=BYTES": "machine code has so little memory",
    "coarse-tick=MILLISECONDS": "waiting goes by steps of so long",
    "jumping-tick=MILLISECONDS": "the clock jumps so far every three seconds",
    "slow-cipher=MILLISECONDS": "a call of AES takes so long",
    "wrong-cipher": "AES gives a wrong result",
    "slow-join=MILLISECONDS": "joining Wi-Fi takes so long",
    "deaf-scan": "looking for access points finds none",
    "starved-wifi": "joining Wi-Fi finds too little memory",
    "faint-wifi=DBM": "the access point is heard so faintly, without the minus",
    "stuck-power-save": "Wi-Fi power save cannot be switched off",
    "asleep-radio": "Wi-Fi power save is off by its word only",
    "small-mailbox=NUMBER": "a socket keeps so few datagrams",
    "lossy-multicast=PERMILLE": "so much of a multicast stream is lost",
    "ending-multicast=SECONDS": "after so long no multicast comes any more",
    "no-watchdog": "a hang is not ended",
    "torn-write": "a power cut leaves half a file",
    "slow-flash=MILLISECONDS": "a write of flash takes so long",
    "rotten-flash": "a file reads back changed",
    "worn-nvs": "NVS, where key and settings are, takes no write",
}


class Unplugged(Exception):
    """The fault: the badge is gone."""


@dataclass
class Faults:
    """None or False: it does not happen."""

    unplug_after: int | None = None  # bytes
    unplug_at: str | None = None
    mute_at: str | None = None
    babble_at: str | None = None
    corrupt_block: int | None = None  # number of the write, from 0
    flash_mib: int | None = None
    silent: bool = False
    corrupt_file: bool = False
    crash: bool = False
    no_key: bool = False
    swapped_samples: bool = False
    deaf_microphone: bool = False
    dead_button: bool = False
    inverted_button: bool = False
    bouncing_button: int | None = None  # ms
    absent_codec: bool = False
    absent_epaper: bool = False
    absent_psram: bool = False
    flat_battery: int | None = None  # mV
    slow_clock: bool = False
    small_heap: int | None = None  # bytes
    small_internal: int | None = None  # bytes
    small_executable: int | None = None  # bytes
    coarse_tick: int | None = None  # ms
    jumping_tick: int | None = None  # ms
    slow_cipher: int | None = None  # ms
    wrong_cipher: bool = False
    slow_join: int | None = None  # ms
    deaf_scan: bool = False
    starved_wifi: bool = False
    faint_wifi: int | None = None  # dBm, without the minus
    stuck_power_save: bool = False
    asleep_radio: bool = False
    small_mailbox: int | None = None  # datagrams
    lossy_multicast: int | None = None  # of a thousand
    ending_multicast: int | None = None  # s
    no_watchdog: bool = False
    torn_write: bool = False
    slow_flash: int | None = None  # ms
    rotten_flash: bool = False
    worn_nvs: bool = False
    # What has come of mute_at and babble_at.
    is_mute: bool = field(default=False, init=False)
    is_babbling: bool = field(default=False, init=False)

    def of_bench(self) -> dict[str, int | bool]:
        """Those of the hardware that programs at the prompt meet, by the names of bench.mjs."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self) if each.init)
        return {name: value for name, value in values if value is not None and value is not False
                and isinstance(value, int)}  # fmt: skip

    def reach(self, stage: str) -> None:
        """Raises `Unplugged` when the badge does not live to see this one of `STAGES`."""
        if self.unplug_at == stage:
            raise Unplugged
        self.is_babbling |= self.babble_at == stage
        self.is_mute |= self.mute_at == stage or self.is_babbling


def parse_faults(words: tuple[str, ...] | list[str]) -> Faults:
    """UsageError names the word that is not a fault."""
    faults = Faults()
    defaults = {each.name: each.default for each in fields(Faults) if each.init}
    for word in words:
        name, _, value = word.partition("=")
        key = name.replace("-", "_")
        is_stage = key in _STAGED
        is_right = value in STAGES if is_stage else value.isdigit()
        if key not in defaults or (value if defaults[key] is False else not is_right):
            raise UsageError(f"'{word}' is no fault; there are {', '.join(NAMES)}")
        setattr(faults, key, (value if is_stage else int(value)) if value else True)
    return faults
