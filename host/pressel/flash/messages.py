"""Everything that `pressel flash` can say when it fails: what is wrong, and what to do next.

docs/flashing.md explains each by its code; a test compares the two.
"""

from __future__ import annotations

from pressel.errors import PresselError

MESSAGES = {
    "no-port": "there is no port {port}; plug the badge in, and see `ls /dev/tty*` for its name",
    "no-ports": "no badge is attached; plug one in with a cable that carries data",
    "port-busy": "{port} is in use by another program; close it, then try again",
    "no-permission": "you may not use {port}; join the group that owns it (often `dialout`), log "
    "in again and try again",
    "no-answer": "nothing on {port} answers; hold the badge's BOOT button, press RESET, try again",
    "unplugged": "the badge on {port} went away at '{stage}'; plug it in and run the same again",
    "wrong-chip": "the badge on {port} has the chip {found}, but board {board} has {wanted}; name "
    "its board with --board",
    "image-chip": "{file} is for {found}, but board {board} has {wanted}; give its own image",
    "flash-size": "the badge on {port} has {found} MiB of flash, but board {board} has {wanted} "
    "MiB; name its board with --board",
    "image-too-large": "image and firmware need more than the {found} MiB of flash on {port}; use "
    "a smaller image or a larger board",
    "image-unreadable": "cannot read the image {file}: {reason}; give another with --image",
    "image-damaged": "{file} is no whole MicroPython image for a chip that Pressel knows; get it "
    "again",
    "image-unpinned": "nobody has vouched for {file}; compare its SHA-256 {found} with the "
    "vendor's and give it as --image-sha256",
    "image-hash": "{file} has the SHA-256 {found}, not {wanted}; get it again and do not use it",
    "verify-failed": "what was written to the badge on {port} reads back changed; run the same "
    "again, and replace the badge if it stays so",
    "file-hash": "file {file} on the badge on {port} is not the one that was written; run the same "
    "again",
    "no-console": "the badge on {port} was written, but its MicroPython does not answer; press "
    "RESET and run the same again",
    "revoked": "the device {device} on {port} was revoked; run again with --new-identity",
    "no-wifi": "the badge needs a Wi-Fi network; give --wifi and set PRESSEL_WIFI_PASSWORD",
    "loader": "flashing {port} failed: {reason}; run the same again",
}


class FlashError(PresselError):
    """One of `MESSAGES`; `code` is its key."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def flash_error(code: str, **facts: object) -> FlashError:
    return FlashError(code, MESSAGES[code].format(**facts))
