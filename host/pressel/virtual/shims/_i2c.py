# The I2C buses of `machine`, loaded when they are asked for; as many as the board's chip has.

from _chip import chip

_ENODEV = 19
_I2C_KEPT_MAX = 32  # the memory is the badge's


# Nothing answers on the bus except what `written` remembers; addresses in `absent` do not
# acknowledge.
class I2C:
    written = []  # (address, bytes)
    absent = ()

    def __init__(self, id=0, *, scl, sda, freq=400000):
        if not 0 <= id < _buses():
            raise ValueError("I2C(%d) doesn't exist" % id)
        self._id = id

    def scan(self):
        return sorted({address for address, _ in I2C.written})

    def writeto(self, address, data, stop=True):
        self._check(address)
        if len(I2C.written) >= _I2C_KEPT_MAX:
            I2C.written.pop(0)
        I2C.written.append((address, bytes(data)))
        return len(data)

    def writevto(self, address, parts, stop=True):
        self._check(address)
        return sum(len(part) for part in parts)

    def writeto_mem(self, address, register, data, *, addrsize=8):
        self.writeto(address, bytes((register,)) + bytes(data))

    # The last value that was written to the register, else what a chip has after its reset.
    def readfrom_mem(self, address, register, count, *, addrsize=8):
        self._check(address)
        for to, data in reversed(I2C.written):
            if to == address and data[0] == register:
                return data[1:]
        return bytes(count)

    def _check(self, address):
        if address in I2C.absent:
            raise OSError(_ENODEV)


def _buses():
    return 1 if chip() == "esp32c3" else 2
