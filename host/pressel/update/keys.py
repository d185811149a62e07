"""The signers whose releases the venue's hosts take: their public keys, in a list in each host's
folder. What signs is `pressel.signer`, and is no host.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pressel.errors import UsageError
from pressel.private_folder import make_private
from pressel.signer.signer import is_signed
from pressel.update import voices
from ptt.link.lms import CHAIN_TYPE, PUBLIC_BYTES, TREE_TYPE

TRUSTED_FILE = "release-signers"  # in the host's folder: a public key a line, the newest last
FORMER_FILE = "release-keys"  # of the time when hosts alone checked signatures; no badge minds it
KEYS_MAX = 16  # a venue has one, and now and then the next


def trusted(state: Path) -> list[str]:
    """The public keys that the hosts trust, hexadecimal; new badges get the last one."""
    try:
        lines = (state / TRUSTED_FILE).read_text("utf-8").split()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {state / TRUSTED_FILE}: {error}") from error
    return [checked(line) for line in lines]


def trust(state: Path, public: str, by: Sequence[str] = ()) -> None:
    """Trust `public` from now on, by the word of these hosts; of none: of an operator here."""
    key = checked(public)
    known = trusted(state)
    if key in known:
        return
    if len(known) >= KEYS_MAX:
        raise UsageError(
            f"{KEYS_MAX} signers are trusted already; remove one from {state / TRUSTED_FILE}"
        )
    trust_only(state, [*known, key], by)


def name(state: Path, public: str, by: Sequence[str] = ()) -> None:
    """As `trust`, whoever has named it before: it is the newest now."""
    key = checked(public)
    others = [each for each in trusted(state) if each != key]
    if len(others) == len(trusted(state)):
        trust(state, key, by)
        return
    voices.note(state, [key], by, [*others, key])
    _write(state, [*others, key])


def checked(public: str) -> str:
    """In small letters. UsageError for what is no public key."""
    text = public.strip().lower()
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    kinds = TREE_TYPE + CHAIN_TYPE
    if len(text) != 2 * PUBLIC_BYTES or raw[: len(kinds)] != kinds:
        raise UsageError(
            f"a signer's public key is {2 * PUBLIC_BYTES} hexadecimal digits and begins with "
            f"{kinds.hex()}; `pressel release show` prints it where the signer is"
        )
    return text


def trust_only(state: Path, public: list[str], by: Sequence[str] = ()) -> None:
    """Trust only these keys from now on; those that are new by the word of these hosts."""
    known = trusted(state)
    voices.note(state, [each for each in public if each not in known], by, public)
    _write(state, public)


def _write(state: Path, public: list[str]) -> None:
    make_private(state)
    beside = state / f"{TRUSTED_FILE}.new"
    beside.write_text("".join(f"{each}\n" for each in public), "utf-8")
    beside.chmod(0o600)
    beside.replace(state / TRUSTED_FILE)


def signer_of(message: bytes, signature: bytes, keys: list[str]) -> str:
    """Which of `keys` signed the message; "" when none did."""
    for key in keys:
        if is_signed(message, signature, bytes.fromhex(key)):
            return key
    return ""
