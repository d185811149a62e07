"""How far the settings are on their way to one member."""


class Delivery:
    """Part of a `Member`; `publisher` works on it."""

    __slots__ = (
        "acknowledged",
        "answered",
        "due_ms",
        "failed",
        "network",
        "refused",
        "retry_ms",
        "sent",
    )

    def __init__(self) -> None:
        self.sent = 0  # version sent last
        self.answered = 0  # version that SETTINGS_ACK has named
        self.acknowledged = 0  # version of which the member has answered all
        self.refused = False  # it answered that it cannot apply them
        self.network = -1  # the Wi-Fi network that it uses for good; -1: not known
        self.failed = -1  # the one in which it found no leader
        self.retry_ms = 0
        self.due_ms = 0
