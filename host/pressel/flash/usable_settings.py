"""Checks that a badge can use its settings, before anything is written.

MicroPython cuts a network's name at 32 bytes and hands any password on, without a word; its sockets
take no host names. A badge with such settings looks complete and never joins.
"""

from __future__ import annotations

import ipaddress
import string
import unicodedata

from pressel.printable import printable

from .messages import flash_error

_SSID_BYTES_MAX = 32  # IEEE 802.11, 9.4.2.2
_PASSWORD_BYTES = range(8, 64)  # IEEE 802.11, J.4.1
_KEY_DIGITS = 64  # a key of 256 bits in place of a password
_PORT_MAX = 65535
_UNSEEN = ("Cc", "Cs", "Zl", "Zp")  # control, half a character, ends of lines


def checked_wifi(ssid: str, password: str) -> tuple[str, str]:
    """Both as given; an empty `password` is a network without one. FlashError says what is wrong
    with them, and never shows the password."""
    reason = _unseen(ssid)
    size = len(ssid.encode(errors="replace"))
    if not reason and not 1 <= size <= _SSID_BYTES_MAX:
        reason = f"it is {size} bytes long, and {_SSID_BYTES_MAX} are the most"
    if reason:
        raise flash_error("wifi-name", wifi=printable(ssid), reason=reason)
    reason = _unseen(password)
    size = len(password.encode(errors="replace"))
    is_key = len(password) == _KEY_DIGITS and set(password) <= set(string.hexdigits)
    if not reason and password and not is_key and size not in _PASSWORD_BYTES:
        least, most = _PASSWORD_BYTES[0], _PASSWORD_BYTES[-1]
        reason = (
            f"it is {size} bytes long, and a password has {least} to {most}, or is "
            f"{_KEY_DIGITS} hexadecimal digits"
        )
    if reason:
        raise flash_error("wifi-password", wifi=printable(ssid), reason=reason)
    return ssid, password


def checked_leader(text: str) -> str:
    """ "192.168.1.5" or "192.168.1.5:47800" as given; empty: the badge searches."""
    if not text:
        return text
    host, colon, port = text.partition(":")
    try:
        address = ipaddress.IPv4Address(host)
        is_right = not (address.is_unspecified or address.is_multicast)
    except ValueError:
        is_right = False
    if colon:
        is_number = port.isascii() and port.isdigit()
        is_right = is_right and is_number and 1 <= int(port[:6]) <= _PORT_MAX
    if not is_right:
        raise flash_error("leader-address", leader=printable(text))
    return text


def _unseen(text: str) -> str:
    """What `text` has in it that nobody can have meant, or nothing."""
    kinds = {unicodedata.category(each) for each in text}
    if "Cs" in kinds:
        return "it is not in UTF-8"
    return "it has a character that cannot be seen" if kinds & set(_UNSEEN) else ""
