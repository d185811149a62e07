"""Makes the handset from the files on flash: `board.json` (pins) and `config.json` (identity).

What a board does not have is not even loaded. The loop around the handset is `app.guard`'s.
"""

import gc
import os
import random
from binascii import unhexlify

import machine
from micropython import const

from hal import board, clock
from hal.button import Button
from hal.cipher import block_cipher
from hal.indicator import Indicator
from hal.microphone import Microphone
from hal.nvs import Nvs
from hal.radio import Radio
from hal.speaker import Speaker
from hal.store import Store
from hal.wifi import Wifi
from ptt.badge.participant import Participant
from ptt.base import features
from ptt.base.compat import TYPE_CHECKING
from ptt.base.numbers import PORT
from ptt.media import dsp
from ptt.wire import messages
from ptt.wire.refusal import Refused

from . import log
from .extras.health import Health
from .extras.roaming import Roaming
from .handset import Handset
from .modules import forget
from .release import RELEASE
from .tones import Tones

if features.HAS_UPDATES:
    from .extras.updates import Updates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .handset import Extra

_NATIVE = "ima octets samples shaped"  # what is needed most comes first
_CLOCK_HZ = const(240_000_000)  # MicroPython starts at 160 MHz
_KEY_BYTES = const(32)
_ON = b"on"  # in the RTC's memory while a badge runs
_EVERYBODY = "255.255.255.255"  # where to look for a leader when none is configured


def build() -> Handset:
    """The handset, searching for its leader."""
    made = None
    for made in stages():  # noqa: B007 - the last is the handset
        gc.collect()
    return made  # pyright: ignore[reportReturnType]


def stages() -> "Iterator[Handset | None]":
    """Makes the handset one part at a time, so that garbage never piles up: None after each stage,
    the handset after the last."""
    try:
        machine.freq(_CLOCK_HZ)
    except ValueError:  # this chip is slower, and starts at its best
        pass
    pins = board.load()
    store = Store()
    config = store.load("config")
    now_ms = clock.now_ms()
    nvs = Nvs()
    starts = nvs.number("starts", 0) % 0xFFFF + 1
    try:
        nvs.set_number("starts", starts)
    except OSError:  # worn out: a badge that starts is worth more than its count
        starts = 0  # which is told
    config["starts"] = starts  # for `_health`
    if _cause() != machine.PWRON_RESET:
        log.write(now_ms, "restart", (starts, _cause()))
    device = _identity(config, nvs)
    yield None
    _use_native(now_ms)
    yield None
    _tell_crashes(store, now_ms)
    yield None
    button = _button(pins["button"])
    if "codec" in pins:
        from hal import codec

        codec.start(pins)
        yield None
    key = nvs.blob("key")
    if len(key) != _KEY_BYTES:
        log.write(now_ms, "no key", "flash this badge: no leader lets it in")
        key = os.urandom(_KEY_BYTES)
    yield None
    participant = Participant(
        device,
        config["name"].encode(),
        b"0.1.%d" % RELEASE,
        _address(config.get("leader", "")),
        random.getrandbits(30),  # both ports seed it from their noise source at start
        key,
        block_cipher,
        os.urandom,
    )
    participant.address_of = _standby_address
    _obey_kept(participant, nvs.blob("settings"))
    participant.membership.known = _kept_hosts(nvs.blob("hosts"))
    yield None
    is_pdm = pins["microphone"].get("kind") == "pdm"
    microphone = None if is_pdm else Microphone(pins["microphone"])
    is_shared = False
    if microphone is not None and pins.get("shares_port", False):
        is_shared = True
        microphone.close()
    yield None
    network = (config["wifi"]["ssid"], config["wifi"]["password"])
    change = None
    if features.HAS_NETWORKS:
        from .extras.networks import WifiChange

        change = WifiChange(participant, network, nvs.blob("network"), now_ms)
        network = change.first()
        yield None
    handset = Handset(
        participant,
        Wifi(network[0], network[1]),
        Radio(),
        button,
        microphone,
        Speaker(pins["speaker"]),
        _light(pins.get("led")),
        Tones(not config.get("tones", True)),
    )
    if microphone is not None and is_shared:
        from hal.port import SharedPort

        handset.port = SharedPort(microphone, handset.speaker, pins)
    for feature, load in _LOADERS:
        yield None
        extra = load(handset, pins, config, now_ms)
        if extra is not None:
            handset.extras.append(extra)
            participant.membership.claims |= feature
    if change is not None:
        handset.extras.append(change)
        participant.membership.claims |= features.NETWORKS
    if features.HAS_SMOOTH_PLAYOUT:
        yield None
        part = _native("voice_period", now_ms)
        if part is not None:
            from .extras import smooth

            smooth.start(participant, part)
    if features.HAS_G722:
        yield None
        part = _native("g722", now_ms)
        if part is not None:
            from .extras import wide

            wide.start(participant, part)
    if features.HAS_MULTICAST:
        yield None
        from .extras.many import ManyEars

        handset.extras.append(ManyEars(handset))
    if features.HAS_PAUSES:
        yield None
        part = _native("microphone", now_ms)
        if part is not None:
            from .extras import level

            level.start(handset, part)
    participant.start(now_ms)
    log.write(now_ms, "boot", config["name"])
    forget("app.boot", "hal.board", "hal.nvs")  # 4 KB of the heap, this module included
    yield handset


def _roaming(handset: Handset, pins: dict, config: dict, now_ms: int) -> Roaming:
    return Roaming()


def _health(handset: Handset, pins: dict, config: dict, now_ms: int) -> Health:
    health = Health(config["starts"], _cause(), now_ms)
    machine.RTC().memory(_ON)
    return health


def _cause() -> int:
    """Why it started, as BADGE_REPORT says it. The port calls a brown-out a power-on; but what
    lay in the RTC's memory is then still there, while the switch takes its supply, too."""
    cause = machine.reset_cause()
    if cause == machine.PWRON_RESET and machine.RTC().memory() == _ON:
        return messages.RESTART_BROWN_OUT
    return cause


def _updates(handset: Handset, pins: dict, config: dict, now_ms: int) -> "Extra | None":
    if not features.HAS_UPDATES:
        return None
    updates = Updates()  # pyright: ignore[reportPossiblyUnboundVariable]
    if Store().load("boot").get("left", -1) >= 0:
        from .extras.trial import Trial

        updates.task = Trial(now_ms)
    return updates


def _vibration(handset: Handset, pins: dict, config: dict, now_ms: int) -> None:
    if "vibration" in pins:
        from hal.vibration import Vibration

        handset.vibration = Vibration(pins["vibration"]["pin"], pins["vibration"]["active_high"])


def _charge(handset: Handset, pins: dict, config: dict, now_ms: int) -> "Extra | None":
    if not features.HAS_BATTERY or "battery" not in pins:
        return None
    from hal.battery import Battery

    from .extras.charge import Charge

    handset.battery = Battery(pins["battery"])
    return Charge(handset.battery)


def _side_button(handset: Handset, pins: dict, config: dict, now_ms: int) -> "Extra | None":
    if not features.HAS_SIDE_BUTTON or "side_button" not in pins:
        return None
    from .extras.side_button import SideButton

    return SideButton(_button(pins["side_button"]))


def _name_tag(handset: Handset, pins: dict, config: dict, now_ms: int) -> "Extra | None":
    if not features.HAS_NAME_TAG or "epaper" not in pins:
        return None
    from hal.epaper import EPaper

    from .extras.name_tag import NameTag

    return NameTag(EPaper(pins["epaper"]), config["name"])


def _display(handset: Handset, pins: dict, config: dict, now_ms: int) -> "Extra | None":
    if not features.HAS_DISPLAY or "display" not in pins:
        return None
    from hal.display import Display

    from .extras.screen import Screen

    return Screen(Display(pins["display"]))


def _duty(handset: Handset, pins: dict, config: dict, now_ms: int) -> "Extra | None":
    if not config.get("off_duty_after_s", 0):
        return None
    from .extras.duty import Duty

    return Duty(config["off_duty_after_s"], now_ms)


def _resting(handset: Handset, pins: dict, config: dict, now_ms: int) -> "Extra | None":
    is_asked = is_flashed = config.get("sleep", False)
    if features.HAS_SMOOTH_PLAYOUT:  # such a badge obeys its leader in it
        is_asked = True
    if not is_asked:
        return None
    from .extras.resting import Resting

    return Resting(is_flashed, now_ms)


_LOADERS = (  # and the feature that it is, as HELLO claims it
    (0, _roaming),
    (0, _health),
    (features.UPDATES, _updates),
    (0, _vibration),
    (features.BATTERY, _charge),
    (features.SIDE_BUTTON, _side_button),
    (features.DISPLAY, _display),
    (features.NAME_TAG, _name_tag),
    (0, _duty),
    (0, _resting),
)


def _button(facts: dict) -> Button:
    return Button(facts["pin"], facts["active_low"])


def _light(facts: "dict | None") -> Indicator:
    if facts is None:
        return Indicator(-1, True)
    if facts.get("kind") == "rgb":
        from hal.rgb import RgbIndicator

        return RgbIndicator(facts["pin"])
    return Indicator(facts["pin"], facts["active_high"])


def _native(name: str, now_ms: int) -> "Any":
    """The part `name` of the machine code; None: the build has none for this chip, or there is no
    room for it."""
    try:
        part = __import__("native." + name, None, None, ("",))
    except (ImportError, ValueError):  # none, or for another chip
        return None
    except MemoryError:
        log.write(now_ms, "no room for native", name)
        return None
    log.write(now_ms, "native", name)
    return part


def _use_native(now_ms: int) -> None:
    """Machine code for what touches every sample, as far as it is there: what is left out runs as
    bytecode."""
    for name in _NATIVE.split():
        part = _native(name, now_ms)
        if part is None:
            return
        dsp.use(part)
    dsp.shape_noise()


def _identity(config: dict, nvs: Nvs) -> bytes:
    """8 bytes: as configured, else as kept, else made from the chip's address and kept."""
    if "device" in config:
        return unhexlify(config["device"])
    device = nvs.blob("device")
    if len(device) != 8:
        device = (machine.unique_id() + bytes(8))[:8]
        try:
            nvs.set_blob("device", device)
        except OSError:  # the next start makes the same one
            pass
    return device


def _tell_crashes(store: Store, now_ms: int) -> None:
    """Log what was kept of earlier crashes; the ring itself stays."""
    try:
        os.stat("crashes.json")
    except OSError:
        return
    from . import crashes

    for uptime_ms, text in crashes.entries(store):
        log.write(now_ms, "crashed before", (uptime_ms, text))


def _obey_kept(participant: Participant, told: bytes) -> None:
    """The settings that were in force last hold until a leader is found. What another build kept is
    read as far as this one knows it."""
    try:
        participant.settings.begin_with(told)
    except Refused:
        pass


def _kept_hosts(told: bytes) -> "list[tuple[str, int]]":
    """Hosts that it knew last: the configured one may be gone for good."""
    try:
        return [_address(each) for each in told.decode().split()]
    except ValueError:
        return []


def _standby_address(host, port):
    """In the form in which the socket names senders."""
    return "%d.%d.%d.%d" % tuple(host), port


def _address(leader: str) -> "tuple[str, int]":
    """ "192.168.1.5:47800" as a socket address; without a port the default one."""
    if not leader:
        return (_EVERYBODY, PORT)
    host, _, port = leader.partition(":")
    return (host, int(port) if port else PORT)
