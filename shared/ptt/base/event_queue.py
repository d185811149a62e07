"""Events of an engine that wait for its owner."""


class EventQueue:
    """First in, first out, at most `limit`; the oldest is dropped and counted."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._events = []
        self.dropped = 0

    def push(self, kind: int, value: object = None) -> None:
        if len(self._events) == self._limit:
            self._events.pop(0)
            self.dropped += 1
        self._events.append((kind, value))

    def poll(self) -> "tuple[int, object] | None":
        if not self._events:
            return None
        return self._events.pop(0)
