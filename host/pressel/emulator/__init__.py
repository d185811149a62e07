"""An emulated badge on a pty: the chip's serial bootloader and MicroPython's REPL in turn.

Stands in for hardware that real esptool and real mpremote work on. It boots what is in its flash
file; it knows nothing of how `pressel flash` fills that.
"""
