"""Files that a command reads, damaged in every way: one sentence for people, never a traceback.

Each reader has a file that is right. It is cut, joined, changed by bits and bytes, nested deeply,
replaced by what others write, and read again: the answer is a value or a `PresselError`.
"""

from __future__ import annotations

import datetime
import itertools
import json
import random
import re
import sqlite3
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from argon2 import PasswordHasher
from tests.host.test_update_host import build
from tests.signers import own_state, signer_in

from pressel.audio.wav import read_speech, write_wav
from pressel.boards.board import board_file, read_board
from pressel.boards.check import check_file
from pressel.box.former import Former
from pressel.box.other_version import read_wheel, registry_format
from pressel.bringup.result import read_result
from pressel.bundle.page import read as read_bundle
from pressel.bundle.pseudonyms import Pseudonyms
from pressel.cli.sim_swarm import _next_seed
from pressel.config.sources import read_file as read_configuration
from pressel.console.accounts import Accounts
from pressel.console.authority import ends, identity
from pressel.console.handshake import context_of
from pressel.console.tokens import Tokens
from pressel.console.zones import Zones
from pressel.demo.speeches import load_speeches
from pressel.errors import PresselError
from pressel.flash import pins, places
from pressel.flash.image import parse_image, synthetic_image
from pressel.flash.places import find_image, remembered_place
from pressel.node import heard
from pressel.node.kept_settings import load_kept
from pressel.node.term import load_record
from pressel.node.timeline import figures, read_logs
from pressel.recordings.burst_mark import Mark
from pressel.recordings.seal import KEY_FILE as SHELF_KEY
from pressel.recordings.shelf import FILE as SHELF
from pressel.recordings.shelf import Recorded, Shelf
from pressel.registry import backup, kit, proved
from pressel.registry.database import DATABASE
from pressel.registry.device import Entitlements
from pressel.registry.identity import IDENTITY_FILE
from pressel.registry.store import Registry
from pressel.registry.vault import KEY_FILE
from pressel.remote import logins
from pressel.remote.logins import FILE as LOGINS
from pressel.remote.logins import read_logins
from pressel.schema.settings_file import load_file
from pressel.signer.signer import Signer
from pressel.sim.profiles import read_profile
from pressel.sim.scenarios import read_scenario
from pressel.soft.credential import held_credential, read_credential
from pressel.trace.logs import all_lines
from pressel.tracebacks import Tracebacks
from pressel.update import keys
from pressel.update.campaign import find_campaign
from pressel.update.library import Library
from pressel.update.release import number_of, package_of, sign_build
from pressel.update.used_leaves import UsedLeaves
from pressel.update.voices import read_voices

CHANGES = 60  # of each kind
__all__ = ["own_state"]

DEEP = 200_000


def _wav(folder: Path) -> Path:
    file = folder / "speech.wav"
    write_wav(file, (8000 * np.sin(np.arange(16000) / 9)).astype(np.int16))
    return file


def _release(folder: Path) -> Path:
    signer = signer_in(folder / "signer")
    keys.trust(folder, signer.public.hex())
    sign_build(build(folder / "build"), "any", signer, folder / "r.zip")
    return folder / "r.zip"


def _signer(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        signer_in(folder / "signer")
        return folder / "signer" / name

    return make


def _sign(file: Path) -> None:
    Signer(file.parent).sign(b"anything")


def _noted(folder: Path) -> Path:
    UsedLeaves(folder).note("00" * 56, 3, "ab" * 32)
    return folder / "leaves.json"


def _image(folder: Path) -> Path:
    file = folder / "image.bin"
    file.write_bytes(synthetic_image("esp32"))
    return file


def _backup(folder: Path) -> Path:
    with Registry(folder) as registry:
        registry.enrol("0000000000000001", "Ann", (1, 2), Entitlements())
        registry.allow_host("box 2", "ab" * 32)
    backup.back_up(folder, folder / "backup.db")
    return folder / "backup.db"


def _restored(file: Path) -> None:
    backup.restore(file.parent, file)


def _written(name: str, text: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o600)
        return file

    return write


def _proved(place: str, told: dict[str, Any]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        with Registry(folder):
            proved.store(folder, place, told)
        return folder / place

    return write


def _shipped(path: str) -> Callable[[Path], Path]:
    root = Path(__file__).resolve().parents[2]

    def copy(folder: Path) -> Path:
        file = folder / Path(path).name
        file.write_bytes((root / path).read_bytes())
        return file

    return copy


def _held(file: Path) -> None:
    with held_credential(file):
        pass


_PUBLIC = "00000006" + "00000003" + "ab" * 48
_CREDENTIAL = json.dumps({"device": "01" * 8, "key": "02" * 32})
_CAMPAIGN = {"release": 2, "edition": [3, 1], "stage": "all", "badges": {}}
_SETTINGS = {"version": 3, "values": {"floor.talk_ms": 30000}}
_LOG = "".join(
    json.dumps({"at": 1.5 + n, "event": "became_leader", "term": n}) + "\n" for n in range(9)
)
NO_PIN = pins.Pin(name="none.bin", chip="", bytes=9, sha256="00" * 32)
_NAMES = json.dumps({"names": {"a": "b"}, "lines": {}, "functions": {}})
_LOGINS = json.dumps({"version": 1, "logins": []})
_PINS = json.dumps([{"name": "a.bin", "chip": "esp32", "bytes": 9, "sha256": "00" * 32}])


def _bundle(folder: Path) -> Path:
    file = folder / "bundle.html"
    file.write_text('<script type="application/json" id="bundle">{"format": 1}</script>', "utf-8")
    return file


def _wheel(folder: Path) -> Path:
    file = folder / "pressel.whl"
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("pressel-3.dist-info/METADATA", "Version: 3\nRequires-Python: >=3.11\n")
    return file


def _registry(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with Registry(folder) as registry:
            registry.enrol("0000000000000001", "Ann", (1, 2), Entitlements())
            registry.allow_host("box 2", "ab" * 32)
            registry.lend("0000000000000001", "Mr Kay")
        return folder / name

    return make


def _read_registry(file: Path) -> None:
    """All of it, and go on with what is there. Each thing has its own error."""
    for suffix in ("-wal", "-shm"):
        (file.parent / (DATABASE + suffix)).unlink(missing_ok=True)
    with Registry(file.parent) as registry:
        acts = (
            registry.devices, registry.hosts, registry.loans, registry.told, registry.conflicts,
            registry.verify, registry.about_venue, lambda: registry.page({}),
            lambda: registry.enrol("0000000000000003", "Cy", (1,), Entitlements()),
            lambda: registry.revoke("0000000000000001"), lambda: registry.compact(1, 1),
        )  # fmt: skip
        said = [error for error in map(_error, acts) if error]
    if said:
        raise PresselError("\n".join(said)[:1000])


def _error(act: Callable[[], object]) -> str:
    try:
        act()
    except PresselError as error:
        return str(error)
    return ""


def _kit(folder: Path) -> Path:
    _registry(DATABASE)(folder)
    kit.make(folder, folder / "kit.json", "ABC")
    return folder / "kit.json"


def _shelf(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        shelf = Shelf(folder)
        shelf.put(_RECORDED, 0, b"speech" * 50)
        shelf.close()
        return folder / name

    return make


def _read_shelf(file: Path) -> None:
    shelf = Shelf(file.parent)
    acts = (
        lambda: shelf.page((-1, -1, -1), is_newest=True), lambda: shelf.piece(_RECORDED.mark, 0),
        lambda: shelf.put(_RECORDED, 1, b"more"), lambda: shelf.expire(1, {}, 1 << 40, 5),
    )  # fmt: skip
    said = [error for error in map(_error, acts) if error]
    shelf.close()
    if said:
        raise PresselError("\n".join(said)[:1000])


_RECORDED = Recorded(Mark(3, 4), 1, "Ann", "0000000000000001", 1000, 20, 1, False)


def _tls(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        identity(folder, {"127.0.0.1"}, datetime.datetime.now(datetime.UTC))
        return folder / "tls" / name

    return make


def _read_tls(file: Path) -> None:
    identity(file.parents[1], {"127.0.0.1"}, datetime.datetime.now(datetime.UTC))
    ends(file.parents[1])


def _pseudonyms(folder: Path) -> Path:
    names = Pseudonyms(folder)
    names.of("badge", "0000000000000001")
    names.keep()
    return folder / "bundle-names.json"


def _read_pseudonyms(file: Path) -> None:
    names = Pseudonyms(file.parent)
    names.of("badge", "0000000000000002")
    names.who("badge-abcdefgh")
    names.keep()


def _former(folder: Path) -> Path:
    (folder / "pressel.py").write_text("x = 1\n" * 50)
    with tarfile.open(folder / "former.tar", "w") as tar:
        tar.add(folder / "pressel.py", "lib/pressel.py")
    return folder / "former.tar"


def _put_back(file: Path) -> None:
    Former(file, file.parent / "prefix", file.parent / "none").put_back()


_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # each reader makes a hash


def _accounts(folder: Path) -> Path:
    Accounts(folder, _QUICK).put("ann", "own", "a long password")
    return folder / "accounts.json"


def _tokens(folder: Path) -> Path:
    Tokens(folder).make("ann", "", 1)
    return folder / "tokens.json"


def _certificate(folder: Path) -> Path:
    own = identity(folder, {"127.0.0.1"}, datetime.datetime.now(datetime.UTC))
    own.key.rename(folder / "right.key")
    return own.certificate.rename(folder / "certificate.pem")


@dataclass(frozen=True)
class Reader:
    """`make` writes a right file into an empty folder, `read` takes its path. Of what takes long
    to read only each `step`-th change is tried."""

    make: Callable[[Path], Path]
    read: Callable[[Path], Any]
    step: int = 1


READERS = {
    "release": Reader(_release, lambda file: Library(file.parent).add(file)),
    "package": Reader(_release, package_of),
    "trusted keys": Reader(
        _written("release-signers", _PUBLIC + "\n"), lambda f: keys.trusted(f.parent)
    ),
    "who named signers": Reader(
        _written("release-signers.by", json.dumps({_PUBLIC: ["ab" * 8]})),
        lambda f: read_voices(f.parent),
    ),
    "signer's key": Reader(_signer("signer.key"), _sign),
    "signer's leaves": Reader(_signer("leaves"), _sign),
    "leaves seen": Reader(_noted, lambda f: UsedLeaves(f.parent).note("00" * 56, 4, "ab" * 32)),
    "campaign": Reader(_proved(proved.CAMPAIGN, _CAMPAIGN), lambda f: find_campaign(f.parents[1])),
    "settings": Reader(_proved(proved.SETTINGS, _SETTINGS), lambda f: load_kept(f.parent)),
    "term": Reader(
        _written("term", "77 " + "ab" * 8 + "\n"), lambda f: load_record(f.parent, is_alone=True)
    ),
    "backup": Reader(_backup, _restored),
    "credential": Reader(_written("badge.json", _CREDENTIAL), read_credential),
    "own credential": Reader(_written("badge.json", _CREDENTIAL), _held),
    "board": Reader(lambda folder: _shipped(str(board_file("esp32-devkit")))(folder), read_board),
    "board that is checked": Reader(_shipped(str(board_file("esp32-devkit"))), check_file),
    "profile": Reader(_shipped("host/pressel/sim/profiles/busy.toml"), read_profile),
    "scenario": Reader(_shipped("host/pressel/sim/scenarios/mixed.toml"), read_scenario),
    "log": Reader(_written("host.jsonl", _LOG), lambda f: figures(read_logs([f]))),
    "speech": Reader(_wav, read_speech),
    "image": Reader(_image, lambda f: parse_image(str(f), f.read_bytes()).packings),
    "pins": Reader(_written("images/pins.json", _PINS), lambda f: pins.own_pins()),
    "configuration": Reader(
        _written("pressel.toml", '[host]\nlisten = "192.0.2.1:47800"\n'), read_configuration
    ),
    "settings to import": Reader(_written("venue.toml", "floor.talk_ms = 30000\n"), load_file),
    "bring-up": Reader(
        _written("b.json", json.dumps({"board": "esp32-devkit", "device": "0" * 12})), read_result
    ),
    "bundle": Reader(_bundle, read_bundle),
    "wheel": Reader(_wheel, read_wheel),
    "accounts": Reader(_accounts, lambda f: Accounts(f.parent, _QUICK).all()),
    "tokens": Reader(_tokens, lambda f: Tokens(f.parent).count()),
    "logins": Reader(_written(LOGINS, _LOGINS), lambda f: read_logins()),
    "certificate": Reader(_certificate, lambda f: context_of(f, f.parent / "right.key")),
    "kit": Reader(_kit, lambda f: kit.former_key(kit.open_kit(f, "ABC"))),
    "registry": Reader(_registry(DATABASE), _read_registry, 4),
    "registry's key": Reader(_registry(KEY_FILE), lambda f: _read_registry(f), 4),
    "host's key": Reader(_registry(IDENTITY_FILE), lambda f: _read_registry(f), 4),
    "registry before an upgrade": Reader(_registry(DATABASE), registry_format),
    "recordings": Reader(_shelf(SHELF), _read_shelf, 4),
    "recordings' key": Reader(_shelf(SHELF_KEY), _read_shelf, 4),
    "authority": Reader(_tls("authority.pem"), _read_tls, 2),
    "authority's key": Reader(_tls("authority-key.pem"), _read_tls, 2),
    "console's certificate": Reader(_tls("console.pem"), _read_tls, 2),
    "console's key": Reader(_tls("console-key.pem"), _read_tls, 2),
    "heard": Reader(
        _written("heard.json", json.dumps({"0" * 16: [1_700_000_000, 50]})), heard._load
    ),
    "zones": Reader(
        _written("zones.json", json.dumps({"ab:cd": "bar"})), lambda f: Zones(f.parent)
    ),
    "names of bundles": Reader(_pseudonyms, _read_pseudonyms),
    "demo's speech": Reader(_wav, load_speeches),
    "swarm": Reader(
        _written("keep.json", json.dumps({"commit": "x", "next_seed": 3})),
        lambda f: _next_seed(f, range(1, 9)),
    ),
    "build": Reader(
        _written("manifest.json", json.dumps({"release": 3})), lambda f: number_of(f.parent)
    ),
    "place of images": Reader(
        _written("images/place", "/media/stick"),
        lambda f: find_image(NO_PIN, [Path(remembered_place() or f.parent)]),
    ),
    "log to trace": Reader(_written("host.jsonl", _LOG), lambda f: list(all_lines(f))),
    "former version": Reader(_former, _put_back),
    "names of a build": Reader(
        _written("b.map.json", _NAMES), lambda f: Tracebacks.beside(f.with_name("b"))
    ),
}


def _damaged(right: bytes, chance: random.Random) -> Iterator[bytes]:
    yield from (b"", b"\0", b"\xff\xfe\xfa", b"\xef\xbb\xbf" + right, right + right, right + b"\0")
    yield from (
        b"[" * DEEP,
        b'{"a":' * DEEP,
        b"a = " + b"[" * DEEP,
        b"a" + b".a" * (DEEP // 10) + b" = 1",
    )
    yield from (b"null", b"[]", b"{}", b"1e999", b"NaN", b'"text"', b"9" * 5000, b"." * DEEP)
    for _ in range(CHANGES):
        yield right[: chance.randrange(len(right))]
        changed = bytearray(right)
        for _ in range(chance.choice((1, 1, 2, 30))):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        yield bytes(changed)
        at, to = sorted(chance.randrange(len(right)) for _ in range(2))
        yield right[:at] + right[to:]
        yield right[:to] + right[at:]
    try:
        text = right.decode("utf-8")
    except UnicodeDecodeError:
        return
    words = sorted(set(re.findall(r'[\w.+-]+|"[^"]*"', text)))
    others = ("0", "-1", "1" * 400, "1e400", "true", "null", "[]", "{}", '"x"', "\ud800", "nan", "")
    for _ in range(CHANGES * 3):
        word, other = chance.choice(words), chance.choice(others)
        yield text.replace(word, other, chance.choice((1, -1))).encode("utf-8", "surrogatepass")


def _said(reader: Reader, file: Path) -> str:
    """What people are told; "" when the file was taken."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            reader.read(file)
    except PresselError as error:
        return str(error)
    return ""


@pytest.fixture(params=READERS)
def reader(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Reader, Path]:
    monkeypatch.setattr(pins, "image_folder", lambda: tmp_path / "images")
    monkeypatch.setattr(places, "image_folder", lambda: tmp_path / "images")
    monkeypatch.setattr(kit, "_SCRYPT", {**kit._SCRYPT, "n": 2})  # each reader opens it once more
    monkeypatch.setattr(logins, "logins_file", lambda: tmp_path / LOGINS)
    found = READERS[request.param]
    return found, found.make(tmp_path)


def test_a_right_file_is_taken(reader: tuple[Reader, Path]) -> None:
    found, file = reader
    assert _said(found, file) == ""


def test_a_damaged_file_is_told_in_a_sentence(reader: tuple[Reader, Path]) -> None:
    found, file = reader
    right = file.read_bytes()
    damaged = itertools.islice(_damaged(right, random.Random(len(right))), 0, None, found.step)
    for number, content in enumerate(damaged):
        file.unlink(missing_ok=True)
        file.touch(0o600)
        file.write_bytes(content)
        said = _said(found, file)
        assert "Traceback" not in said
        assert all(each.isprintable() or each == "\n" for each in said), (number, said)
        assert len(said) < 4000, (number, said[:300])


def test_what_is_no_file_is_told_in_a_sentence(reader: tuple[Reader, Path]) -> None:
    found, file = reader
    if found.read is READERS["image"].read:
        return  # its caller opens it
    file.unlink()
    _said(found, file)
    file.unlink(missing_ok=True)  # it may have been made
    file.mkdir()
    _said(found, file)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("device", "groups", None), ("device", "name", None), ("host", "name", b"\xff"),
        ("entry", "body", 7), ("entry", "signature", "x"), ("entry_text", "salt", 7),
        ("entry_text", "text", "x"),
    ],
)  # fmt: skip
def test_a_registry_with_a_value_of_another_type_is_told_in_a_sentence(
    tmp_path: Path, table: str, column: str, value: object
) -> None:
    """SQLite gives what lies there, whatever the table says: one bit makes a text of a number."""
    file = _registry(DATABASE)(tmp_path)
    schema = "UPDATE sqlite_master SET sql = {} WHERE name = ?"
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        query = "SELECT sql FROM sqlite_master WHERE name = ?"
        (was,) = db.execute(query, (table,)).fetchone()
        db.execute("PRAGMA writable_schema = RESET")
        db.execute("PRAGMA writable_schema = ON")
        loose = "replace(replace(sql, 'NOT NULL,', ','), ') STRICT', ')')"
        db.execute(schema.format(loose), (table,))
        db.execute("PRAGMA writable_schema = RESET")
        db.execute(f"UPDATE {table} SET {column} = ?", (value,))
        db.execute("PRAGMA writable_schema = ON")
        db.execute(schema.format("?"), (was, table))
    assert "is damaged" in _said(READERS["registry"], file)


@pytest.mark.parametrize("flag", [0x1, 0x20, 0x41])
def test_an_encrypted_release_is_refused(tmp_path: Path, flag: int) -> None:
    """As zip programs write it: the bit in both headers says that a password is needed."""
    file = _release(tmp_path)
    data = bytearray(file.read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        for found in re.finditer(re.escape(mark), bytes(data)):
            place = found.start() + at
            word = int.from_bytes(data[place : place + 2], "little") | flag
            data[place : place + 2] = word.to_bytes(2, "little")
    file.write_bytes(data)
    with pytest.raises(PresselError, match="as a release"):
        Library(tmp_path).add(file)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 97])
def test_a_release_that_is_packed_otherwise_is_read_or_refused(tmp_path: Path, method: int) -> None:
    file = _release(tmp_path)
    with zipfile.ZipFile(file) as old:
        content = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2 if method == 97 else method) as new:
        for name, data in content.items():
            new.writestr(name, data)
    if method == 97:
        data = file.read_bytes()
        file.write_bytes(data.replace(b"\x0c\0", b"\x61\0"))
    reader = READERS["release"]
    _said(reader, file)
