"""The recovery kit: a host's keys in one file, sealed by a passphrase that lies on paper.

With a backup of the registry it makes a new box out of bare hardware. Alone, neither opens
anything.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from pressel.errors import PresselError, UsageError
from pressel.json_text import read_json
from pressel.private_folder import make_private

from . import backup, secret_file
from .database import DATABASE
from .identity import IDENTITY_FILE, IDENTITY_KIND
from .store import Registry
from .vault import KEY_FILE, KEY_KIND

_FORMAT = "pressel-recovery-kit 1"
_LETTERS = "ACDEFHJKLMNPRTUVWXY34679"  # no two look alike on paper
_GROUPS, _GROUP_LETTERS = 6, 4  # 24 letters of 24: 110 bits
_SALT_BYTES, _NONCE_BYTES = 16, 12
# A guess takes 32 MB and a tenth of a second; 110 bits need no more.
_SCRYPT = {"length": 32, "n": 1 << 15, "r": 8, "p": 1}
_FILE_BYTES_MAX = 65_536  # it has one thousand
_KEYS = {KEY_FILE: KEY_KIND, IDENTITY_FILE: IDENTITY_KIND}


@dataclass(frozen=True)
class Keys:
    """What a kit holds: files of a host's folder, by name."""

    files: dict[str, str]


def new_passphrase() -> str:
    """To print: groups of letters."""
    letters = [secrets.choice(_LETTERS) for _ in range(_GROUPS * _GROUP_LETTERS)]
    groups = [letters[at : at + _GROUP_LETTERS] for at in range(0, len(letters), _GROUP_LETTERS)]
    return "-".join(map("".join, groups))


def make(state: Path, file: Path, passphrase: str) -> None:
    """Seal the keys of the host in `state` into the new `file`, and see that they open again.
    UsageError when they are none, or not those of its registry: a kit shows that too late."""
    found = {name: _read(state / name, kind) for name, kind in _KEYS.items()}
    if (state / DATABASE).exists():
        with Registry(state):
            pass
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    sealed = _cipher(passphrase, salt).encrypt(nonce, json.dumps(found).encode(), _FORMAT.encode())
    content = {"format": _FORMAT, "salt": salt.hex(), "nonce": nonce.hex(), "sealed": sealed.hex()}
    try:
        secret_file.write_private(file, json.dumps(content) + "\n")
    except FileExistsError:
        raise UsageError(f"{file} exists and is left as it is; choose another name") from None
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    if open_kit(file, passphrase).files != found:
        raise PresselError(f"{file} does not give the keys back; write it to another disk")


def open_kit(file: Path, passphrase: str) -> Keys:
    """UsageError when it is no kit, or the passphrase is another's."""
    try:
        with file.open("rb") as source:
            told = read_json(source.read(_FILE_BYTES_MAX))
        if told["format"] != _FORMAT:
            raise ValueError
        salt, nonce, sealed = (bytes.fromhex(told[name]) for name in ("salt", "nonce", "sealed"))
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{file} is no recovery kit, or a newer Pressel wrote it") from None
    try:
        opened = _cipher(passphrase, salt).decrypt(nonce, sealed, _FORMAT.encode())
    except (InvalidTag, ValueError):
        raise UsageError(
            "the passphrase does not open this kit; look for letters read wrongly, and whether the "
            "paper is this kit's"
        ) from None
    return Keys({name: str(text) for name, text in read_json(opened).items() if name in _KEYS})


def former_key(keys: Keys) -> str:
    """The public key of the host that the kit was made on, in hexadecimal."""
    seed = bytes.fromhex(keys.files[IDENTITY_FILE].split()[1])
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()


def restore(file: Path, passphrase: str, source: Path, state: Path, *, is_stolen: bool) -> None:
    """Make `state` the folder of the host of the kit, with the registry in the backup `source`.

    `is_stolen`: somebody else may have the former box, so this one is another host, which has
    allowed no others yet. UsageError when `state` has devices or keys already, which stay then.
    """
    keys = open_kit(file, passphrase)
    if (state / DATABASE).exists():
        raise UsageError(
            f"{state} has a registry already; restore into it with `pressel registry restore`, or "
            "name another folder"
        )
    if not is_stolen:
        _fill(state, keys, _KEYS, source)
        return
    with tempfile.TemporaryDirectory(prefix="pressel-") as scratch:
        # Whom a host allows is its own word, so the former one takes it back itself.
        former, without = Path(scratch) / "former", Path(scratch) / "backup"
        _fill(former, keys, _KEYS, source)
        with Registry(former) as registry:
            for each in registry.hosts():
                registry.remove_host(each.name)
        backup.back_up(former, without)
        _fill(state, keys, (KEY_FILE,), without)


def _fill(state: Path, keys: Keys, names: Iterable[str], source: Path) -> None:
    """Put the keys called `names` and the backup `source` into `state`, or nothing."""
    made: list[Path] = []
    try:
        make_private(state)
        for name in names:
            secret_file.write_private(state / name, keys.files[name])
            made.append(state / name)
        backup.restore(state, source)
    except FileExistsError:
        _forget(made)
        raise UsageError(f"{state} has keys already; name another folder") from None
    except BaseException:
        _forget(made)
        raise


def _forget(made: list[Path]) -> None:
    for each in made:
        each.unlink(missing_ok=True)


def _read(file: Path, kind: str) -> str:
    """A key as its file holds it, which is looked at."""
    if not os.access(file, os.R_OK):
        raise UsageError(
            f"there is no key in {file}; run this on the leader box, as root where the host is a "
            "service"
        )
    secret_file.load(file, kind)
    return file.read_text("ascii")


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    """Case and gaps do not count, as on paper."""
    plain = "".join(each for each in passphrase.upper() if each.isalnum())
    return AESGCM(Scrypt(salt=salt, **_SCRYPT).derive(plain.encode()))
