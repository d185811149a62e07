# Restarts the badge, and why it was restarted the last time. Noted in the flash, since what
# restarts is another process.

from os import remove

import _bridge

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5

_CAUSE = "/reset_cause.txt"
_cause = 0  # once it is known


def restart(cause):
    with open(_CAUSE, "w") as file:
        file.write(str(cause))
    _bridge.reset()


def reset_cause():
    global _cause
    if not _cause:
        _cause = PWRON_RESET
        try:
            with open(_CAUSE) as file:
                _cause = int(file.read())
            remove(_CAUSE)
        except OSError:
            pass
    return _cause
