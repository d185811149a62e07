"""The files of the venue's own authority: who could have read or put them, and when they end."""

from __future__ import annotations

import base64
import datetime
import os
from pathlib import Path

import pytest
from cryptography import x509

from pressel.console.authority import (
    AUTHORITY_DAYS,
    TOLD_DAYS,
    Identity,
    ends,
    ends_soon,
    identity,
)
from pressel.doctor import checks
from pressel.errors import PresselError

NOW = datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def made(state: Path, now: datetime.datetime = NOW) -> Identity:
    return identity(state, ["192.0.2.1"], now)


def test_an_authoritys_key_that_others_could_read_is_not_used(tmp_path: Path) -> None:
    made(tmp_path)
    key = tmp_path / "tls" / "authority-key.pem"
    key.chmod(0o640)
    with pytest.raises(PresselError, match=r"others can read .*chmod 600 .*delete .*fingerprint"):
        made(tmp_path)


def test_a_link_in_place_of_the_authoritys_key_is_not_followed(tmp_path: Path) -> None:
    made(tmp_path)
    key = tmp_path / "tls" / "authority-key.pem"
    key.rename(tmp_path / "elsewhere")
    key.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PresselError, match="it is a link"):
        made(tmp_path)


def test_a_key_of_another_user_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root reads whatever somebody has put there."""
    made(tmp_path)
    key = tmp_path / "tls" / "authority-key.pem"
    real = os.fstat

    def of_another(handle: int) -> os.stat_result:
        facts = real(handle)
        return os.stat_result((*facts[:4], facts.st_uid + 1, *facts[5:10]))

    monkeypatch.setattr("pressel.registry.secret_file.os.fstat", of_another)
    with pytest.raises(PresselError, match=f"{key} is of another user"):
        made(tmp_path)


@pytest.mark.parametrize("how", ["readable", "link"])
def test_a_consoles_key_that_others_could_read_is_made_anew(tmp_path: Path, how: str) -> None:
    key = made(tmp_path).key
    before = key.read_text()
    if how == "link":
        key.rename(tmp_path / "elsewhere")
        key.symlink_to(tmp_path / "elsewhere")
    else:
        key.chmod(0o644)
    assert made(tmp_path).key.read_text() != before
    assert not key.is_symlink() and key.stat().st_mode & 0o777 == 0o600


EC_KEY, NO_KEY = bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce340201")


@pytest.mark.parametrize(("whose", "words"), [("console", ""), ("authority", "Unknown key type")])
def test_a_key_whose_kind_is_damaged_is_a_damaged_one(
    tmp_path: Path, whose: str, words: str
) -> None:
    made(tmp_path)
    key = tmp_path / "tls" / f"{whose}-key.pem"
    text = key.read_text().splitlines()
    body = base64.b64decode("".join(text[1:-1])).replace(EC_KEY, NO_KEY)
    key.write_text("\n".join([text[0], base64.b64encode(body).decode(), text[-1], ""]))
    if words:
        with pytest.raises(PresselError, match=words):
            made(tmp_path)
    else:
        damaged = key.read_text()
        assert made(tmp_path).key.read_text() != damaged


@pytest.mark.parametrize("how", ["writable", "link"])
def test_a_folder_where_others_put_files_is_not_used(tmp_path: Path, how: str) -> None:
    made(tmp_path)
    folder = tmp_path / "tls"
    if how == "link":
        folder.rename(tmp_path / "elsewhere")
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.chmod(0o770)
    with pytest.raises(PresselError, match=r"others can write in|no folder of this host's user"):
        made(tmp_path)


def test_an_authority_that_has_ended_signs_nothing(tmp_path: Path) -> None:
    made(tmp_path)
    with pytest.raises(PresselError, match=r"has ended on 2036-02-28: delete .*tls"):
        made(tmp_path, NOW + AUTHORITY_DAYS * DAY)


def test_no_certificate_outlives_its_authority(tmp_path: Path) -> None:
    own = made(tmp_path)
    late = made(tmp_path, own.ends - 50 * DAY)
    told = x509.load_pem_x509_certificate(late.certificate.read_bytes())
    assert own.ends - 2 * DAY < told.not_valid_after_utc <= own.ends


def test_the_end_is_told_before_it_comes(tmp_path: Path) -> None:
    end = made(tmp_path).ends
    assert ends(tmp_path)["authority"] == end == NOW + AUTHORITY_DAYS * DAY
    assert ends_soon(end, end - (TOLD_DAYS + 1) * DAY) == ""
    assert "ends on 2036-02-28" in ends_soon(end, end - (TOLD_DAYS - 1) * DAY)


@pytest.mark.parametrize(
    ("days_ago", "levels"),
    [
        (0, ["fine", "fine"]),
        (396, ["fine", "fine"]),
        (398, ["fine", "fault"]),
        (AUTHORITY_DAYS - TOLD_DAYS + 1, ["warning", "fault"]),
        (AUTHORITY_DAYS + 1, ["fault", "fault"]),
    ],
)
def test_the_doctor_tells_of_what_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days_ago: int, levels: list[str]
) -> None:
    monkeypatch.setenv("PRESSEL_HOST_STATE", str(tmp_path))
    assert not list(checks.certificates())
    made(tmp_path, datetime.datetime.now(datetime.UTC) - days_ago * DAY)
    found = list(checks.certificates())
    assert [each.level for each in found] == levels
    assert all(bool(each.mend) == (each.level != "fine") for each in found)
    (tmp_path / "tls" / "console.pem").write_text("damaged")
    (one,) = checks.certificates()
    assert one.level == "fault"


def test_the_doctor_looks_at_the_consoles_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSEL_HOST_STATE", str(tmp_path))
    tmp_path.chmod(0o700)
    made(tmp_path)
    assert [each.level for each in checks.permissions()] == ["fine"]
    (tmp_path / "tls" / "authority-key.pem").chmod(0o644)
    (found,) = checks.permissions()
    assert found.level == "fault" and "authority-key.pem" in found.mend
