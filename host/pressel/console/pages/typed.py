"""What people type into forms and addresses, as values."""

from __future__ import annotations

from starlette.requests import Request

from pressel.errors import UsageError

VERSION_DIGITS_MAX = 10  # of settings: they end at 2^30


def version_of(request: Request, name: str) -> int:
    """That in the address, 0 where there is none. UsageError when it is no number."""
    text = request.query_params.get(name) or "0"
    if not text.isascii() or not text.isdigit() or len(text) > VERSION_DIGITS_MAX:
        raise UsageError("a version is a number, as the history shows it")
    return int(text)


def groups_of(text: str) -> list[int]:
    """Numbers of talk groups, with spaces or commas between. ValueError when they are none."""
    return [int(each) for each in text.replace(",", " ").split()]
