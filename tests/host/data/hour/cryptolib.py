# Stands for the chip's AES and, like it, costs no memory: the counter blocks are the key stream.


class aes:
    def __init__(self, key, mode):
        pass

    def encrypt(self, source, target):
        target[:] = source
