"""The trusted signers, and the releases that the venue has. A release comes in pieces,
into a file that becomes one of the library's when it is whole."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pressel.errors import PresselError, UsageError
from pressel.private_folder import make_private
from pressel.update import keys
from pressel.update.library import Library
from pressel.update.release import Release
from pressel.update.voices import doubted
from ptt.link import update_manifest as manifest

from .verb import COPY, LEADER, WHERE, Fields, Verb

PIECE_BYTES = 256 * 1024  # in base64 a third of what may be asked at once
PACKAGE_BYTES_MAX = 64 << 20  # 200 files of 256 kB are 50 MB

Hosts = Callable[[], Mapping[str, str]]  # names of those that take part, by fingerprint

_DIGEST = re.compile("[0-9a-f]{64}")


class Releases:
    """`state`: the host's folder; `hosts` are those that take part now."""

    def __init__(self, state: Path, hosts: Hosts) -> None:
        self._state = state
        self._hosts = hosts
        self._library = Library(state)

    def verbs(self) -> tuple[Verb, ...]:
        return (
            Verb("update trust", self.trust, True, LEADER, True, ("key",), True, says_where=True),
            Verb("update put", self.put, place=LEADER, in_thread=True),
            Verb("update add", self.add, True, LEADER, True, ("digest",), copied=True),
            Verb("update list", self.list, place=COPY, in_thread=True),
            Verb("update signers", self.signers, place=COPY, in_thread=True),
            Verb("update doubts", self.doubts, place=COPY, in_thread=True),
        )

    def trust(self, fields: Fields) -> None:
        """By the word of an operator at this host, or of the host that passes it on."""
        key, there = keys.checked(str(fields["key"])), fields.get(WHERE, "")
        if not there:
            keys.name(self._state, key)
            return
        by = [host for host, name in self._hosts().items() if name == there]
        if not by:
            raise UsageError(f"host '{there}' is not allowed any more")
        act = keys.name if key in self.doubts({}) else keys.trust
        act(self._state, key, by)

    def put(self, fields: Fields) -> None:
        """A piece of the package with SHA-256 `digest`, from `offset` on; in order."""
        file, offset = self._arriving(fields), int(fields["offset"])
        data = base64.b64decode(fields["data"], validate=True)
        if len(data) > PIECE_BYTES or not 0 <= offset <= PACKAGE_BYTES_MAX:
            raise UsageError(f"a release has at most {PACKAGE_BYTES_MAX >> 20} MB")
        try:
            if offset == 0:
                for left in self._folder.glob("*.arriving"):  # of one that broke off
                    left.unlink()
                make_private(self._folder)
                file.touch(mode=0o600)
            with file.open("r+b") as target:
                target.seek(offset)
                target.write(data)
        except OSError as error:
            raise PresselError(f"cannot keep the release: {error.strerror}") from error

    def add(self, fields: Fields) -> dict[str, Any]:
        """What was put becomes a release, if it is one."""
        file = self._arriving(fields)
        try:
            with file.open("rb") as source:
                digest = hashlib.file_digest(source, "sha256").hexdigest()
            if digest != fields["digest"]:
                raise PresselError("the release did not arrive whole; add it again")
            return as_json(self._library.add(file))
        except OSError as error:
            raise PresselError("another host has just taken over; add it again") from error
        finally:
            file.unlink(missing_ok=True)

    def list(self, fields: Fields) -> list[dict[str, Any]]:
        return [as_json(each) for each in self._library.all()]

    def signers(self, fields: Fields) -> list[str]:
        """The public keys that are trusted, the newest last."""
        return keys.trusted(self._state)

    def doubts(self, fields: Fields) -> dict[str, str]:
        """Of the trusted signers those that a host has named which was removed since, and that
        host, as its fingerprint."""
        return doubted(self._state, self._hosts().keys())

    @property
    def _folder(self) -> Path:
        return self._library.folder.parent

    def _arriving(self, fields: Fields) -> Path:
        digest = str(fields["digest"])
        if not _DIGEST.fullmatch(digest):
            raise ValueError("a digest has 64 hexadecimal digits")
        return self._folder / f"{digest}.arriving"


def as_json(release: Release) -> dict[str, Any]:
    """A release as it is listed."""
    return {
        "release": release.number,
        "build": release.build,
        "chip": release.chip,
        "table": release.table,
        "files": len(release.paths),
        "bytes": release.size_bytes,
        "signer": release.signer,
        "leaf": release.leaf,
        "hands_over": release.brings != release.signer,
        "downgrade": bool(release.flags & manifest.DOWNGRADE),
    }
