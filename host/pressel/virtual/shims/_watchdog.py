# The watchdog of `machine`, loaded when it is asked for.

from time import ticks_diff, ticks_ms

from _cause import WDT_RESET, restart


# A timer of the host could not end a loop that hangs here, so a feed that comes too late restarts
# the badge instead; one that never comes is the host's own time limit.
class WDT:
    _fed_ms = 0
    _timeout_ms = 0

    def __init__(self, id=0, timeout=5000):
        WDT._timeout_ms = timeout
        WDT._fed_ms = ticks_ms()

    def feed(self):
        now_ms = ticks_ms()
        if ticks_diff(now_ms, WDT._fed_ms) > WDT._timeout_ms:
            restart(WDT_RESET)
        WDT._fed_ms = now_ms
