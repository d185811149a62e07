"""What a badge runs after power-up: it starts the application in the slot that boot.json names.

An update never changes this file, so it is tiny. A slot (`a` or `b`) is a folder with a whole
application. boot.json has `slot`, the `former` one, `left` (starts that a slot on trial still has;
-1: it has stood its trial), `release` of the slot on trial, `failed`: release that fell back. It is
written to a new file and renamed: a power cut leaves the old one or the new one.
"""

import json
import os
import sys


def choose() -> dict:
    """Put the slot first in the module search path, and count its start if it is on trial."""
    try:
        with open("boot.json") as file:
            boot = json.load(file)
        places = "".join((boot["slot"], boot["former"]))  # this raises where it is none of ours
        if not places or boot["left"] + boot["release"] < -1:
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError) as error:
        boot = {"slot": "a", "former": "a", "left": -1, "release": 0, "failed": 0}
        if not isinstance(error, OSError):
            _save(boot)  # the application reads it, too
    if boot["left"] == 0:
        fall_back(boot)
    elif boot["left"] > 0:
        boot["left"] -= 1
        if not _save(boot):  # a start that cannot be counted is no trial
            boot["slot"] = boot["former"]
    sys.path.insert(0, boot["slot"])
    return boot


def fall_back(boot: dict) -> None:
    """The former slot runs from now on."""
    boot["slot"] = boot["former"]
    boot["left"] = -1
    boot["failed"] = boot["release"]
    _save(boot)


def _save(boot: dict) -> bool:
    try:
        with open("boot.new", "w") as file:
            json.dump(boot, file)
        os.rename("boot.new", "boot.json")
    except OSError:
        return False
    return True


def run() -> None:
    """Step the handset for ever; a slot that does not even load is given up."""
    import machine
    import network

    machine.WDT(timeout=60_000)  # a slot on trial may also hang; `guard` has its own from then on
    try:  # Wi-Fi takes its memory before Python's heap can grow into it
        network.WLAN(network.STA_IF).active(True)
    except (OSError, RuntimeError):  # `hal.wifi` does it again, where a failure is told
        pass
    boot = choose()
    try:
        from app import guard
    except KeyboardInterrupt:  # somebody at the console; it cannot be stopped
        machine.WDT(timeout=600_000)
        raise
    except Exception as error:
        import time

        sys.print_exception(error)  # pyright: ignore[reportAttributeAccessIssue]
        fall_back(boot)
        time.sleep_ms(8000)  # pyright: ignore[reportAttributeAccessIssue] - for the console
        machine.reset()
        raise
    guard.run()


if __name__ == "__main__":
    run()
