"""Numbers and bytes that outlive the file system: the chip's non-volatile storage.

`esp32.NVS` keeps 32-bit numbers and blobs only; a value that was never written raises OSError.
"""

import esp32

_NAMESPACE = "pressel"
_BLOB_BYTES_MAX = 128  # a Wi-Fi network's name and password, and nine bytes


class Nvs:
    """The values of this firmware."""

    def __init__(self) -> None:
        self._nvs = esp32.NVS(_NAMESPACE)

    def number(self, name: str, default: int) -> int:
        try:
            return self._nvs.get_i32(name)
        except OSError:
            return default

    def set_number(self, name: str, value: int) -> None:
        if self.number(name, ~value) != value:  # flash wears out
            self._nvs.set_i32(name, value)
            self._nvs.commit()

    def blob(self, name: str) -> bytes:
        """The bytes, empty when there are none."""
        buffer = bytearray(_BLOB_BYTES_MAX)
        try:
            return bytes(buffer[: self._nvs.get_blob(name, buffer)])
        except OSError:
            return b""

    def set_blob(self, name: str, value: bytes) -> None:
        if self.blob(name) != value:
            self._nvs.set_blob(name, value)
            self._nvs.commit()
