"""What tags and cipher cost a badge of its step, with voice: `python -m tests.firmware.seal_share`.

The real handset in bytecode, as in `hour`, with a real AES in place of the chip's. The seal is
there and not there in turns of 320 ms, in one run, and each turn is compared with the one before
it, so that the machine's noise falls on both. Nothing else of a step is stubbed: what the seal's
rest costs (replay window, looks at the header) is in both.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from tests.firmware.hour import HOUR_LIMIT_S, STEPS_A_FRAME, run_cycles

from pressel.virtual.stepped.heap import HEAP_BYTES

CYCLES = 60  # some 270 pairs of turns that talk and 600 that listen
ROOM_BYTES = 100_000  # for the figures themselves


def main() -> None:
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else CYCLES
    with tempfile.TemporaryDirectory(prefix="pressel-seal-") as work:
        pairs_us = run_cycles(
            cycles,
            Path(work),
            limit_s=HOUR_LIMIT_S,
            heap_bytes=HEAP_BYTES + ROOM_BYTES,
            measure="seal",
        )
    for what, pairs in pairs_us.items():
        low, share, high = statistics.quantiles((1 - bare / whole for whole, bare, _ in pairs), n=4)
        frame_us = statistics.median(whole for whole, *_ in pairs) * STEPS_A_FRAME
        print(
            f"{what}: {share:.1%} of {frame_us:.0f} us a frame; half of {len(pairs)} pairs lie "
            f"between {low:.1%} and {high:.1%}"
        )


if __name__ == "__main__":
    main()
