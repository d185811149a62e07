# The RTC of `machine`, of which the firmware uses the memory: it is there after a restart, and gone
# when the badge was switched off. In the flash, since what restarts is another process.

from _cause import PWRON_RESET, reset_cause

_FILE = "/rtc_memory.bin"
_is_written = reset_cause() != PWRON_RESET


class RTC:
    def memory(self, data=None):
        global _is_written
        if data is not None:
            with open(_FILE, "wb") as file:
                file.write(data)
            _is_written = True
        elif _is_written:
            try:
                with open(_FILE, "rb") as file:
                    return file.read()
            except OSError:  # restarted before it wrote
                pass
        return b""
