# Stands for the badge's `esp32`.

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
