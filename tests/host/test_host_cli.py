"""`pressel host allow`: which hosts may be let in, and what it says about those that may not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pressel.cli import main
from pressel.registry.identity import public_key
from pressel.registry.store import Registry
from ptt.base.numbers import VOTERS_MAX


def _mark(key: str) -> int:
    return hashlib.sha256(bytes.fromhex(key)).digest()[0]


def _key(mark: int | None = None, but: set[int] | None = None, start: int = 1) -> str:
    """A public key with this mark, or with none of those in `but`."""
    for number in range(start, start + 10_000):
        key = number.to_bytes(32, "big").hex()
        if _mark(key) == mark or (mark is None and _mark(key) not in (but or set())):
            return key
    raise AssertionError("no such key")


def _allow(folder: Path, name: str, key: str) -> int:
    return main(["host", "allow", name, key, "--state", str(folder)])


def test_a_host_is_allowed_and_its_fingerprint_shown(tmp_path: Path, capsys) -> None:
    key = _key(but={_mark(public_key(tmp_path))})
    assert _allow(tmp_path, "kitchen", key) == 0
    digits = hashlib.sha256(bytes.fromhex(key)).hexdigest()
    assert f"kitchen is allowed: {digits[:4]} {digits[4:8]}" in capsys.readouterr().err


@pytest.mark.parametrize("whose", ["own", "another's"])
def test_a_host_with_the_mark_of_another_is_refused(tmp_path: Path, capsys, whose: str) -> None:
    own = _mark(public_key(tmp_path))
    mark = own
    if whose != "own":
        other = _key(but={own})
        assert _allow(tmp_path, "bar", other) == 0
        mark = _mark(other)
    assert _allow(tmp_path, "kitchen", _key(mark, start=20_000)) == 2
    assert "fingerprint begins with the same byte" in capsys.readouterr().err
    with Registry(tmp_path) as registry:
        assert "kitchen" not in [each.name for each in registry.hosts()]


def test_our_own_key_is_none_of_another_host(tmp_path: Path, capsys) -> None:
    assert _allow(tmp_path, "me", public_key(tmp_path).upper()) == 2
    assert "this host's own key" in capsys.readouterr().err


def test_a_venue_has_so_many_hosts(tmp_path: Path, capsys) -> None:
    marks = {_mark(public_key(tmp_path))}
    for number in range(VOTERS_MAX):
        key = _key(but=marks)
        marks.add(_mark(key))
        assert _allow(tmp_path, f"host {number}", key) == (0 if number < VOTERS_MAX - 1 else 2)
    assert f"at most {VOTERS_MAX} hosts" in capsys.readouterr().err


def test_a_key_that_is_none_is_told(tmp_path: Path, capsys) -> None:
    assert _allow(tmp_path, "kitchen", "abc") == 2
    assert "64 hexadecimal digits" in capsys.readouterr().err
