# Runs at the prompt of an emulated badge before anything else: parts of MicroPython's port that no
# module of the virtual badge stands for, and the times and faults of those that one does.

import json
import sys
import time

import _bridge

_spend = _bridge.bench_spend


def _prepare(chip, board, faults):
    import os
    import select

    import esp32
    import machine
    import network

    class Esp:
        @staticmethod
        def flash_size():
            return (faults.get("flash_mib") or board.get("flash_mib") or 4) << 20

    sys.modules["esp"] = Esp

    class Names:
        machine = "an emulated board with " + chip

    os.uname = Names

    class Watchdog:
        def __init__(self, id=0, timeout=5000):
            self._timeout_ms = timeout
            self.feed()

        def feed(self):
            _bridge.bench_watchdog(self._timeout_ms)

    machine.WDT = Watchdog

    executable, spiram = 1, 1 << 10  # ESP-IDF's MALLOC_CAP_EXEC, _SPIRAM

    def heap_info(capabilities):
        if capabilities & spiram:
            size = 0 if faults.get("absent_psram") or chip != "esp32s3" else (8 << 20) - 2048
            return [(size, size, size, size)] if size else []
        name = "small_executable" if capabilities & executable else "small_internal"
        free = faults.get(name) or 90_000
        return [(150_000, free // 2, free // 2, free // 2)] * 2

    esp32.idf_heap_info = heap_info

    if "epaper" in board:

        def write(self, data):
            is_command = not _bridge.pin_level(board["epaper"]["dc"])
            if is_command and data == b"\x20":  # show it
                _bridge.bench_busy()

        machine.SPI.write = write

    if faults.get("worn_nvs"):

        def worn(self, *what):
            raise OSError(-0x1105)  # ESP_ERR_NVS_NOT_ENOUGH_SPACE

        esp32.NVS.set_i32 = esp32.NVS.set_blob = worn

    frequency = [160_000_000]

    def freq(hz=None):
        if hz is not None and not faults.get("slow_clock"):
            frequency[0] = hz
        return frequency[0]

    machine.freq = freq

    tick_ms = faults.get("coarse_tick") or 10
    ready = select.poll.ipoll

    def ipoll(self, timeout=-1, flags=0):
        found = ready(self)
        if timeout > 0 and not found:
            _spend(-(-timeout // tick_ms) * tick_ms)
            found = ready(self)
        return found

    def poll(self, timeout=-1):
        return [tuple(pair) for pair in ipoll(self, timeout)]

    select.poll.ipoll = ipoll
    select.poll.poll = poll

    join_ms = faults.get("slow_join") or 2200
    connect = network.WLAN.connect
    isconnected = network.WLAN.isconnected
    begun = [0]

    def slow_connect(self, *named, **settings):
        if faults.get("starved_wifi"):
            raise RuntimeError("Wifi Unknown Error 0x0101")
        connect(self, *named, **settings)
        _bridge.bench_asleep(1)  # as after every connect
        begun[0] = time.ticks_ms()

    def is_connected(self):
        return time.ticks_diff(time.ticks_ms(), begun[0]) >= join_ms and isconnected(self)

    network.WLAN.connect = slow_connect
    network.WLAN.isconnected = is_connected
    scan = network.WLAN.scan
    config = network.WLAN.config

    def slow_scan(self):
        _spend(2000)
        return [] if faults.get("deaf_scan") else scan(self)

    def stuck_config(self, *names, **settings):
        if faults.get("stuck_power_save"):
            settings.pop("pm", None)
        if "pm" in settings:
            _bridge.bench_asleep(settings["pm"] != self.PM_NONE)
        return config(self, *names, **settings)

    status = network.WLAN.status

    def faint_status(self, what=None):
        told = status(self, what)
        return -faults["faint_wifi"] if what == "rssi" and "faint_wifi" in faults else told

    network.WLAN.status = faint_status
    network.WLAN.scan = slow_scan
    network.WLAN.config = stuck_config

    chips = [
        board[key]["address"] for key in ("codec", "display") if "address" in board.get(key, {})
    ]
    chips += [each["address"] for each in board.get("power", ())]
    machine.I2C.scan = lambda self: [] if faults.get("absent_codec") else sorted(chips)

    if faults.get("flat_battery") and "battery" in board:
        battery = board["battery"]
        _bridge.pin_rest(battery["pin"], faults["flat_battery"] * 1000 // battery["scale_permille"])


_bench = json.loads(_bridge.bench())
_prepare(_bench["chip"], _bench["board"], _bench["faults"])
