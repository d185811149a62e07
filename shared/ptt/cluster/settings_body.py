"""All settings as bytes, in one record.

SETTINGS: version 4, then the first values of `settings_record`, then of each other that is not at
its default, and of each that a talk group has of its own: group 1 (0: the venue), place 1, size 1,
value; that of a badge: 255, place 1, size 1, device 8, value; that of a board: 254, place 1, size
1, its name behind its length, value.
"""

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import CALL_GROUP_FIRST, GROUPS_MAX
from ..wire import refusal
from ..wire.refusal import Refused
from . import settings_record
from .record_numbers import read_numbers, write_numbers

if TYPE_CHECKING:
    from ..base.compat import Buffer

_ENTRY_BYTES = const(3)  # of a setting with its number, up to the value
_BADGE = const(255)  # in place of a group: the value is a badge's
_BOARD = const(254)  # or that of all badges of one board
DEVICE_BYTES = const(8)
BOARD_BYTES_MAX = const(24)  # of its name; the longest here has 20
# Values that badges and boards have of their own: a few odd ones. With all groups they fit into a
# datagram.
BADGE_VALUES_MAX = const(32)
BOARD_VALUES_MAX = const(8)  # of these, of boards: two settings of four kinds


def write_settings(
    values: "tuple[int, ...]", own: "dict[int | bytes | str, dict[int, int]]"
) -> bytes:
    """`own`: what talk groups, badges and boards have of their own: by group, device or name, of
    each place its value."""
    by_place = settings_record.BY_PLACE
    data = bytearray(write_numbers(settings_record.SIZES[0:by_place], values[0:by_place]))
    for place in range(by_place, len(values)):
        if values[place] != settings_record.DEFAULTS[place]:
            _write_entry(data, 0, place, values[place])
    for whose in sorted([each for each in own if isinstance(each, int)]):
        for place in sorted(own[whose]):
            _write_entry(data, whose, place, own[whose][place])
    for whose in sorted([each for each in own if isinstance(each, bytes)]):
        for place in sorted(own[whose]):
            _write_entry(data, _BADGE, place, own[whose][place], whose)
    for whose in sorted([each for each in own if isinstance(each, str)]):
        board = whose.encode()
        for place in sorted(own[whose]):
            _write_entry(data, _BOARD, place, own[whose][place], bytes((len(board),)) + board)
    return bytes(data)


def _write_entry(data: bytearray, group: int, place: int, value: int, whose: bytes = b"") -> None:
    size = settings_record.SIZES[place]
    data.extend(bytes((group, place, len(whose) + size)))
    data.extend(whose)
    data.extend(write_numbers((size,), (value,)))


def read_settings(data: "Buffer") -> "list[int]":
    """Those of the venue: an older host leaves out the last ones, a newer one has more behind them.
    Raises `Refused` when one is out of range."""
    values: "list[int]" = list(settings_record.DEFAULTS)
    at = 0
    for index in range(settings_record.BY_PLACE):
        size = settings_record.SIZES[index]
        if at == len(data) and index:
            break
        (values[index],) = read_numbers((size,), data[at : at + size])
        at += size
    for group, place, value in _entries(data):
        if group == 0:
            values[place] = value
    if not settings_record.is_in_range(values):
        raise Refused(refusal.FIELD)
    return values


def read_own(data: "Buffer") -> "dict[int | bytes | str, dict[int, int]]":
    """What talk groups, badges and boards have of their own: by group, device or name, of each
    place its value. Raises `Refused` when one is out of range."""
    own: "dict[int | bytes | str, dict[int, int]]" = {}
    for whose, place, value in _entries(data):
        if whose and place in may_have(whose):
            own.setdefault(whose, {})[place] = value
    if not are_few(own):
        raise Refused(refusal.LIMIT)
    return own


def may_have(whose: "int | bytes | str") -> "tuple[int, ...]":
    """Places of those of which a group, a badge or a board may have a value of its own."""
    return settings_record.OF_GROUPS if isinstance(whose, int) else settings_record.OF_BADGES


def are_few(own: "dict[int | bytes | str, dict[int, int]]") -> bool:
    """Whether all that groups, badges and boards have of their own fits into a record."""
    groups = values = of_boards = 0
    for whose in own:
        if isinstance(whose, int):
            groups += 1
        else:
            values += len(own[whose])
        if isinstance(whose, str):
            of_boards += len(own[whose])
    return groups <= GROUPS_MAX and values <= BADGE_VALUES_MAX and of_boards <= BOARD_VALUES_MAX


def _entries(data: "Buffer") -> "list[tuple[int | bytes | str, int, int]]":
    """(group, device or board, place, value) of those that stand behind the values with their
    number. What only a newer host knows is passed over."""
    found: "list[tuple[int | bytes | str, int, int]]" = []
    at = sum(settings_record.SIZES[0 : settings_record.BY_PLACE])
    while at < len(data):
        end = at + _ENTRY_BYTES + (data[at + 2] if at + 2 < len(data) else len(data))
        if end > len(data):
            raise Refused(refusal.FIELD)
        group, place = data[at], data[at + 1]
        at += _ENTRY_BYTES
        is_known = group < CALL_GROUP_FIRST or group in (_BADGE, _BOARD)
        if is_known and 0 < place < len(settings_record.SIZES):
            whose: "int | bytes | str" = group
            if group == _BADGE:
                whose = bytes(data[at : at + DEVICE_BYTES])
                at += DEVICE_BYTES
            elif group == _BOARD:
                whose = _board(data[at:end])
                at += 1 + len(whose)
            size = settings_record.SIZES[place]
            (value,) = read_numbers((size,), data[at:end])
            low, high = settings_record.RANGES[place]
            if not low <= value <= high:
                raise Refused(refusal.FIELD)
            found.append((whose, place, value))
        at = end
    return found


def is_board(name: str) -> bool:
    """Whether a board can be called so: small letters, digits and hyphens, one letter at least and
    no hyphen first."""
    letters = 0
    for letter in name:
        if "a" <= letter <= "z":
            letters += 1
        elif not ("0" <= letter <= "9" or letter == "-"):
            return False
    return letters > 0 and len(name) <= BOARD_BYTES_MAX and name[0] != "-"


def _board(data: "Buffer") -> str:
    """The name at the beginning of what lies behind the head of an entry."""
    if not data or not 0 < data[0] < len(data):
        raise Refused(refusal.FIELD)
    letters = bytes(data[1 : 1 + data[0]])
    name = letters.decode() if max(letters) < 128 else ""
    if not is_board(name):
        raise Refused(refusal.FIELD)
    return name
