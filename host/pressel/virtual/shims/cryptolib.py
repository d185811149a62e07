# Stands for `cryptolib`: AES in ECB and CBC, whole blocks, one direction per object.

import _bridge
from _buffer import byte_length
from uctypes import addressof

_MODES = {1: "ecb", 2: "cbc"}

_run = _bridge.aes_run


class aes:
    def __init__(self, key, mode, iv=None):
        if mode not in _MODES or len(key) not in (16, 32):
            raise ValueError("mode" if mode not in _MODES else "key")
        if mode == 2 and (iv is None or len(iv) != 16):
            raise ValueError("IV")
        self._mode = _MODES[mode]
        self._key = bytes(key)
        self._iv = bytes(iv or 16)
        self._decrypt = None  # fixed by the first call
        self._handle = -1

    def encrypt(self, source, target=None):
        return self._process(False, source, target)

    def decrypt(self, source, target=None):
        return self._process(True, source, target)

    def _process(self, decrypt, source, target):
        size = byte_length(source)
        if size % 16:
            raise ValueError("blksize % 16")
        if target is None:
            target = bytes(size)
        elif byte_length(target) < size:
            raise ValueError("output too small")
        if self._decrypt is None:
            self._open(decrypt)
        elif self._decrypt != decrypt:
            raise ValueError("can't encrypt & decrypt")
        _run(self._handle, addressof(source), size, addressof(target))
        return target

    def _open(self, decrypt):
        self._decrypt = decrypt
        key = self._key
        self._handle = _bridge.aes_open(
            self._mode, decrypt, addressof(key), len(key), addressof(self._iv)
        )

    def __del__(self):
        if self._handle >= 0:
            _bridge.aes_close(self._handle)
