"""The badge's clock: milliseconds that wrap at 2^30, as every engine expects them."""

import time


def now_ms() -> int:
    return time.ticks_ms()  # pyright: ignore[reportReturnType]
