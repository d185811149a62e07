# How many bytes a buffer has: len() counts the items of a memoryview or an array.

_array = None  # the last array that was asked about, and the size of its items
_item_bytes = 0


def byte_length(buf):
    global _array, _item_bytes
    kind = type(buf)
    if kind is memoryview:
        return len(buf) * buf.itemsize
    if kind is bytearray or kind is bytes:
        return len(buf)
    if buf is not _array:  # only a view tells the size, and to make one allocates
        _item_bytes = memoryview(buf).itemsize
        _array = buf
    return len(buf) * _item_bytes
