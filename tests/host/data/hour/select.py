# Says whether a datagram is there.

POLLIN = 1
POLLOUT = 4
_READY = ((None, POLLIN),)


class poll:
    def register(self, thing, mask):
        self._thing = thing

    def poll(self, timeout):
        return []

    def ipoll(self, timeout):
        return _READY if self._thing._ready(1) else ()
