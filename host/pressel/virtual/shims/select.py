# Stands for `select`: says what is ready now. It never waits, for the host does the waiting.

POLLIN = 1
POLLOUT = 4
POLLERR = 8
POLLHUP = 16


class poll:
    def __init__(self):
        self._entries = []  # [object, mask, [object, events]]; the last part is what ipoll gives
        self._ready = []

    def register(self, obj, mask=POLLIN | POLLOUT):
        for entry in self._entries:
            if entry[0] is obj:
                entry[1] = mask
                return
        self._entries.append([obj, mask, [obj, 0]])

    modify = register

    def unregister(self, obj):
        self._entries = [entry for entry in self._entries if entry[0] is not obj]

    def poll(self, timeout=-1):
        return [tuple(pair) for pair in self.ipoll()]

    # Like the real one, gives the same objects again and again, so as not to allocate.
    def ipoll(self, timeout=-1, flags=0):
        ready = self._ready
        ready.clear()
        for entry in self._entries:
            events = entry[0]._ready(entry[1])
            if events:
                entry[2][1] = events
                ready.append(entry[2])
        return ready
