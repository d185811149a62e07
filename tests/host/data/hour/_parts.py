# Peripherals of boards that have a battery or a display. See `machine`, which loads it on demand.


class ADC:
    ATTN_11DB = 3

    def __init__(self, pin, atten):
        pass

    def read_uv(self):
        return 1_900_000


class I2C:
    def __init__(self, bus, sda, scl, freq):
        pass

    def writeto(self, address, data):
        pass

    def writevto(self, address, parts):
        pass


class SPI:
    def __init__(self, bus, baudrate, sck, mosi, miso):
        pass

    def write(self, data):
        pass
