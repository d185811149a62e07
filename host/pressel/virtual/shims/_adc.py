# The analogue inputs of `machine`, loaded when they are asked for.

from _bridge import pin_level, pin_rest

_CELL_MV = 2000  # half of a charged cell, behind the usual divider


class ADC:
    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3

    # What lies on the pin in mV is the pin's level; a test sets it with the command "pin".
    def __init__(self, pin, *, atten=0):
        self._id = pin.id
        pin_rest(self._id, _CELL_MV)

    def atten(self, atten):
        pass

    def read_uv(self):
        return pin_level(self._id) * 1000

    def read_u16(self):
        return min(65535, pin_level(self._id) * 65535 // 3300)
