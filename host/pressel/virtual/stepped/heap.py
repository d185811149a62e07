"""The heap of a virtual badge: that of a badge, and beside it the memory for what stands in for its
C modules.

On hardware `machine`, `socket` and the like lie in ROM. Here they are Python, so they take memory
that the firmware of a real badge has for itself. The heap is larger by that much, and figures leave
it out. `tests/host/test_virtual_heap.py` checks that they take no less.
"""

from __future__ import annotations

HEAP_BYTES = 111_000  # what MicroPython leaves the firmware of an ESP32 without PSRAM
STAND_INS_BYTES = 8_200  # the five modules that every badge's firmware imports
