"""An emulated badge on a pty: the chip's serial bootloader and MicroPython's REPL in turn.

Stands in for hardware that real esptool and real mpremote work on. What it has in its flash file
is what it boots; it knows nothing of how `pressel flash` fills that.
"""
