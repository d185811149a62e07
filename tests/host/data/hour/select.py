# Says whether a datagram is there.

POLLIN = 1
POLLOUT = 4


class poll:
    def register(self, thing, mask):
        self._thing = thing
        self._ready = ((thing, mask),)  # once: to ask makes no garbage

    def poll(self, timeout):
        return []

    def ipoll(self, timeout):
        return self._ready if self._thing._ready(1) else ()
