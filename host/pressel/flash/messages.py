"""Everything that `pressel flash` can say when it fails: what is wrong, and what to do next.

docs/flashing.md explains each by its code; a test compares the two. Those of `USAGE` mean that the
command was not right, those of `WARNINGS` that the badge is made all the same.
"""

from __future__ import annotations

from pressel.errors import PresselError, UsageError

MESSAGES = {
    # The port.
    "no-port": "there is no port {port}; plug the badge in, and see its name with `pressel ports`",
    "no-ports": "no badge is attached; plug one in with a cable that carries data",
    "no-badge": "{what} is left out; name it with --port {port} if it is a badge",
    "no-serial": "{port} is not a serial port; see the badge's with `pressel ports`",
    "port-busy": "{port} is in use by another program; close it, then try again",
    "no-permission": "you may not use {port}; join the group that owns it (often `dialout`), log "
    "in again and try again",
    # The badge.
    "no-answer": "nothing on {port} answers; hold the badge's BOOT button, press RESET, try again",
    "mute": "the badge on {port} says nothing more at '{stage}'; unplug it, plug it in again and "
    "run the same again, with another cable if that does not help",
    "stuck": "the badge on {port} does not get past '{stage}'; unplug it, plug it in again and run "
    "the same again, with another cable if that does not help",
    "unplugged": "the badge on {port} went away at '{stage}'; plug it in and run the same again",
    "stopped": "you stopped it at '{stage}' on {port}; run the same again",
    "wrong-chip": "the badge on {port} has the chip {found}, but board {board} has {wanted}; "
    "{advice}",
    "flash-size": "the badge on {port} has {found} MiB of flash, but board {board} has {wanted} "
    "MiB; {advice}",
    "flash-unknown": "the flash of the badge on {port} does not say how large it is; run the same "
    "again, and replace the board if that does not help",
    "chip-revision": "the chip of the badge on {port} has the revision {found}, but {file} is for "
    "{wanted}; give an image for it with --image, or take a board with such a chip",
    "no-micropython": "the badge on {port} holds no MicroPython yet; run again without --only-app",
    "loader": "flashing {port} failed: {reason}; run the same again, with another cable if that "
    "does not help",
    "verify-failed": "what was written to the badge on {port} reads back changed; run the same "
    "again, and replace the badge if that does not help",
    "file-hash": "file {file} on the badge on {port} is not the one that was written; run the same "
    "again",
    "no-console": "the MicroPython of the badge on {port} does not answer; press RESET and run the "
    "same again",
    "start-failed": "the firmware of the badge on {port} does not start: {reason}; run the same "
    "again, and try another MicroPython image if that does not help",
    "micropython": "the MicroPython of the badge on {port} cannot run what checks it: {reason}; "
    "use an image of MicroPython 1.29, see `pressel firmware images`",
    "not-heard": "the badge on {port} holds what was written, but its firmware does not say that "
    "it starts; see with `pressel badge logs {port}` what it says at RESET, and run the same again",
    "no-key": "the firmware of the badge on {port} does not find its key; run `pressel flash` "
    "again with --erase, and try another MicroPython image if that does not help",
    "badge-full": "the badge on {port} has no room for its settings; make it anew with `pressel "
    "flash` and --erase",
    "other-badge": "the board on {port} is not the one from before: its address is {found}, not "
    "{wanted}; leave one plugged in until it is done, and run the same again",
    "no-settings": "the badge on {port} holds no settings of Pressel; make it with `pressel flash`",
    # Who it is.
    "revoked": "the device {device} on {port} was revoked; run again with --new-identity",
    "one-address": "the boards on {port} and {other} would both be {device}: they have one "
    "address, or are one board with two cables; leave one plugged in, and run again for it with "
    "--twin if they are two",
    "which-twin": "the board on {port} holds no identity, and has the address of {devices}; revoke "
    "the one that it was and run again with --twin",
    "copied": "the badge on {port} carries the identity {device} of another board; make it anew "
    "with `pressel flash`",
    "new-key": "the board on {port} did not hold the key of {device} and got a new one; if another "
    "badge is {device}, it is out: flash one of the two again with --twin",
    "registry-changed": "somebody changed device {device} in the registry meanwhile; run the same "
    "again",
    "not-registered": "device {device} is not in this registry; name another with --state if it "
    "is in one",
    "no-board": "the venue does not know that {device} is the board {board}: {reason}; tell it "
    "with `pressel device board {device} {board}`",
    "no-label": "the label of {device} cannot be written: {reason}; name another folder with "
    "--labels",
    # The image.
    "no-image": "no image of MicroPython for {chip} is here; get one with `pressel firmware fetch "
    "{chip}`, or give one with --image",
    "image-chip": "{file} is for {found}, but board {board} has {wanted}; give its own image",
    "image-too-large": "image and firmware need more than the {found} MiB of flash on {port}; use "
    "a smaller image or a larger board",
    "no-romfs": "{where} takes the packing stock only; use --packing stock, or a MicroPython that "
    "was built with MICROPY_VFS_ROM and a partition named romfs",
    "romfs-too-small": "the partition romfs of {where} has {found} bytes, but the firmware needs "
    "{wanted}; use --packing stock, or a MicroPython with a larger one",
    "romfs-unread": "the MicroPython of the badge on {port} does not read its partition romfs; run "
    "again with --packing stock, or with an image that was built with MICROPY_VFS_ROM",
    "image-unreadable": "cannot read the image {file}: {reason}; give another with --image",
    "image-damaged": "{file} is not a complete MicroPython image for a chip that Pressel knows; "
    "get it again",
    "image-unpinned": "nobody has vouched for {file}; compare its SHA-256 {found} with another "
    "source and give it as --image-sha256",
    "image-hash": "{file} has the SHA-256 {found}, not {wanted}; get it again and do not use it",
    "unknown-image": "no image {file} is known; see `pressel firmware images`, or give the "
    "SHA-256 of that file with --sha256",
    "no-source": "{file} is on no stick and in no folder where browsers put files; get it from the "
    "download page of MicroPython's makers, which lists it under {board}, and run the same again",
    "fetch-failed": "cannot get {file}: {reason}; get it in a browser, then run "
    "`pressel firmware pin FILE`",
    "fetch-size": "{file} there has {found} bytes or more, not {wanted}; look for it elsewhere",
    "no-folder": "cannot keep images in {folder}: {reason}; make room there, or name another "
    "folder in XDG_DATA_HOME",
    # The order.
    "no-wifi": "the badge needs a Wi-Fi network; give --wifi and set PRESSEL_WIFI_PASSWORD",
    "open-wifi": "no password was given: {wifi} is taken for a network without one; "
    "set PRESSEL_WIFI_PASSWORD if it has one",
    "wifi-name": "no Wi-Fi network is called '{wifi}': {reason}; compare it with the access "
    "point's settings",
    "wifi-password": "the network '{wifi}' cannot have that password: {reason}; compare it with "
    "the access point's settings",
    "leader-address": "'{leader}' is no address that a badge can use, and badges look up no names; "
    "give the leader's own, such as 192.168.1.5 or 192.168.1.5:47800",
    "no-memory": "with {options} a badge of this board would lack about {found} bytes of memory, "
    "and speech would break off; leave out {options}, or take an ESP32-S3",
    "which-badge": "say which badge: --port PORT, or --all for every attached one",
    "one-name": "--name is for one badge; leave it out, and each gets its own",
    "twin-new": "--twin leaves the other badge with this address alone, --new-identity shuts it "
    "out; choose one",
    "erase-app": "--erase removes the image that --only-app leaves out; choose one",
    "image-app": "--only-app leaves the image as it is; leave out --image",
}
USAGE = {
    "no-wifi",
    "wifi-name",
    "wifi-password",
    "leader-address",
    "unknown-image",
    "which-badge",
    "one-name",
    "twin-new",
    "erase-app",
    "image-app",
}
WARNINGS = {"no-badge", "new-key", "not-registered", "no-board", "no-label", "open-wifi"}


class FlashError(PresselError):
    """One of `MESSAGES`; `code` is its key."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        if code in USAGE:
            self.exit_code = UsageError.exit_code


def flash_error(code: str, **facts: object) -> FlashError:
    return FlashError(code, MESSAGES[code].format(**facts))
