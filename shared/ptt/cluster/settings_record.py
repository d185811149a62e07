"""The settings as hosts keep them: of each value its bytes and its range. Written by
`make schema` from shared/schema/settings.toml."""

from ..base.numbers import INT_MAX

SIZES = (4, 2, 4)
RANGES = (
    (1, INT_MAX),  # version
    (
        20,
        400,
    ),  # playout_delay_ms: least delay of the jitter buffer; a badge adds what its path needs
    (1000, 1300000),  # talk_ms: longest burst
)


def is_in_range(values: "tuple | list") -> bool:
    for index in range(len(values)):
        low, high = RANGES[index]
        if not low <= values[index] <= high:
            return False
    return True
