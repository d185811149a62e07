"""By which hosts' word this one trusts a signer: a host that was removed may have named its own.

A signer that an operator has named here, or that a release signed by such a one has brought, is by
nobody's word.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from pressel.errors import UsageError
from pressel.whole_file import write_whole

FILE = "release-signers.by"  # beside the list of signers
HOSTS_MAX = 16  # by whose word one signer came: more hosts than a venue has
_SIGNERS_MAX = 32  # the list has 16, and is written after this
_BYTES_MAX = 1 << 16

_Host = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
_Key = Annotated[str, Field(pattern=r"^[0-9a-f]{112}$")]
_KIND = TypeAdapter(
    Annotated[
        dict[_Key, Annotated[list[_Host], Field(min_length=1, max_length=HOSTS_MAX)]],
        Field(max_length=_SIGNERS_MAX),
    ]
)

Voices = dict[str, list[str]]  # by public key of a signer: hosts, as their fingerprints


def read_voices(state: Path) -> Voices:
    """UsageError when the file is damaged."""
    file = state / FILE
    try:
        with file.open("rb") as source:
            raw = source.read(_BYTES_MAX + 1)
        return _KIND.validate_json(raw)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except ValidationError:
        raise UsageError(
            f"{file} is damaged: compare `pressel release show`, where the signer is, with the "
            "list of signers beside it, then delete this file"
        ) from None


def note(state: Path, signers: Iterable[str], hosts: Iterable[str], left: Collection[str]) -> None:
    """These `signers` came by the word of `hosts` (of none: by an operator's here). Of others, only
    what is told of those `left` is kept."""
    was = read_voices(state)
    is_by = sorted(set(hosts))[:HOSTS_MAX]
    now = {key: by for key, by in was.items() if key in left}
    for key in signers:
        now.pop(key, None)
        if is_by:
            now[key] = is_by
    if now != was:
        write_whole(state / FILE, json.dumps(now, indent=1) + "\n")


def doubted(state: Path, allowed: Collection[str]) -> dict[str, str]:
    """The signers that came by the word of a host that is not `allowed` any more, and that host."""
    found = {}
    for key, hosts in read_voices(state).items():
        gone = [host for host in hosts if host not in allowed]
        if gone:
            found[key] = gone[0]
    return found
