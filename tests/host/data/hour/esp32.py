# Storage that holds the key with which the badge was flashed, and nothing else.


class NVS:
    def __init__(self, namespace):
        pass

    def get_i32(self, key):
        raise OSError(-4354)

    def set_i32(self, key, value):
        pass

    def get_blob(self, key, buffer):
        if key != "key":
            raise OSError(-4354)
        buffer[0:32] = b"k" * 32
        return 32

    def commit(self):
        pass
