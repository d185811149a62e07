"""How far the settings are on their way to one member."""


class Delivery:
    """Part of a `Member`; `publisher` works on it."""

    __slots__ = ("acknowledged", "due_ms", "refused", "retry_ms", "sent")

    def __init__(self) -> None:
        self.sent = 0  # version sent last
        self.acknowledged = 0  # version that the member has answered
        self.refused = False  # it answered that it cannot apply them
        self.retry_ms = 0
        self.due_ms = 0
