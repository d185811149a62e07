# Stands for `neopixel`: the host sees whether the first pixel is lit as the level of its pin.

from _bridge import pin_drive


class NeoPixel:
    def __init__(self, pin, n, bpp=3, timing=1):
        self._id = pin.id
        self._pixels = [(0, 0, 0)] * n

    def __setitem__(self, index, colour):
        self._pixels[index] = colour

    def __getitem__(self, index):
        return self._pixels[index]

    def __len__(self):
        return len(self._pixels)

    def fill(self, colour):
        for index in range(len(self._pixels)):
            self._pixels[index] = colour

    def write(self):
        pin_drive(self._id, 1 if any(self._pixels[0]) else 0)
