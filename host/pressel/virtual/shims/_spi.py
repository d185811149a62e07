# The SPI buses of `machine`, loaded when they are asked for: nothing answers.


class SPI:
    def __init__(self, id=1, baudrate=1000000, *, sck=None, mosi=None, miso=None):
        self._id = id

    def write(self, data):
        pass
