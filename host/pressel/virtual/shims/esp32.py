# Stands for the badge's `esp32`. What NVS holds is a file of the flash, so it outlives a restart.

import json
from binascii import hexlify, unhexlify

HEAP_DATA = 4
HEAP_EXEC = 1

_IDF_FREE_BYTES = 90_000


def idf_heap_info(capabilities):
    return [(_IDF_FREE_BYTES * 2, _IDF_FREE_BYTES, _IDF_FREE_BYTES // 2, _IDF_FREE_BYTES // 2)]


def mcu_temperature():
    return 40


class Partition:
    BOOT = 0
    RUNNING = 1

    @staticmethod
    def mark_app_valid_cancel_rollback():
        pass


_FILE = "/nvs.json"
_NOT_FOUND = -4354  # ESP_ERR_NVS_NOT_FOUND, as the driver raises it
_NAME_CHARACTERS_MAX = 15


class NVS:
    def __init__(self, namespace):
        self._namespace = _checked(namespace)
        self._all = _read()

    def set_i32(self, key, value):
        if not -(1 << 31) <= value < 1 << 31:
            raise OverflowError("overflow converting long int to machine word")
        self._put(key, value)

    def get_i32(self, key):
        value = self._get(key)
        if not isinstance(value, int):
            raise OSError(_NOT_FOUND)
        return value

    def set_blob(self, key, value):
        self._put(key, hexlify(bytes(value)).decode())

    def get_blob(self, key, buffer):
        value = self._get(key)
        if not isinstance(value, str):
            raise OSError(_NOT_FOUND)
        data = unhexlify(value)
        if len(data) > len(buffer):
            raise OSError(-4364)  # ESP_ERR_NVS_INVALID_LENGTH
        buffer[: len(data)] = data
        return len(data)

    def erase_key(self, key):
        self._get(key)
        del self._all[self._namespace][key]

    def commit(self):
        with open(_FILE, "w") as file:
            json.dump(self._all, file)

    def _put(self, key, value):
        self._all.setdefault(self._namespace, {})[_checked(key)] = value

    def _get(self, key):
        try:
            return self._all[self._namespace][key]
        except KeyError:
            raise OSError(_NOT_FOUND) from None


def _checked(name):
    if len(name) > _NAME_CHARACTERS_MAX:
        raise ValueError("a name has 15 characters at most")
    return name


def _read():
    try:
        with open(_FILE) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}
