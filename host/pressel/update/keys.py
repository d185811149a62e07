"""Release keys: a release key (Ed25519) signs, and the leader's list says which to trust.

The private key need not be on the leader box, and should not be.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pressel.errors import UsageError
from pressel.registry import secret_file
from pressel.registry.device import checked_public_key

KEY_KIND = "release key"
TRUSTED_FILE = "release-keys"  # in the leader's folder: a public key a line
KEYS_MAX = 16  # people who make releases for one venue


def public_key(file: Path, *, make: bool = False) -> str:
    """The public half of the key in `file`, hexadecimal; with `make` the first call makes it."""
    return _private(file, make).public_key().public_bytes_raw().hex()


def sign(file: Path, data: bytes) -> str:
    """The signature of `data` by the key in `file`, hexadecimal."""
    return _private(file, False).sign(data).hex()


def _private(file: Path, make: bool) -> Ed25519PrivateKey:
    load = secret_file.load_or_make if make else secret_file.load
    return Ed25519PrivateKey.from_private_bytes(load(file, KEY_KIND))


def trusted(state: Path) -> list[str]:
    """The public keys that the leader trusts."""
    try:
        lines = (state / TRUSTED_FILE).read_text("utf-8").split()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {state / TRUSTED_FILE}: {error}") from error
    return [_checked(line) for line in lines]


def trust(state: Path, public: str) -> None:
    """Trust `public` from now on."""
    key = _checked(public)
    known = trusted(state)
    if key in known:
        return
    if len(known) >= KEYS_MAX:
        raise UsageError(f"{KEYS_MAX} release keys are trusted already; remove one from the file")
    trust_only(state, [*known, key])


def _checked(public: str) -> str:
    """UsageError for what is no public key."""
    try:
        return checked_public_key(public)
    except UsageError:
        raise UsageError(
            "a release key's public half is 64 hexadecimal digits; `pressel update keygen` prints "
            "it where releases are made"
        ) from None


def trust_only(state: Path, public: list[str]) -> None:
    """Trust only these keys from now on."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = state / f"{TRUSTED_FILE}.new"
    beside.write_text("".join(f"{each}\n" for each in public), "utf-8")
    beside.chmod(0o600)
    beside.replace(state / TRUSTED_FILE)


def is_signed(data: bytes, signature: str, keys: list[str]) -> bool:
    """Did one of `keys` sign `data`?"""
    try:
        raw = bytes.fromhex(signature.strip())
    except ValueError:
        return False
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(raw, data)
        except InvalidSignature:
            continue
        return True
    return False
