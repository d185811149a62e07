"""The control socket: how commands on a machine ask the host that runs there.

A Unix socket that only its user may open; one JSON line asks, one JSON line answers. What may be
asked is the desk's affair.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import json
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pressel.errors import OtherVersionError, PresselError, UnreachableError, UsageError
from pressel.json_text import read_json
from pressel.private_folder import make_private

from .control_folder import control_folder, control_folders, is_shut
from .desk import asker as askers
from .desk.asker import Asker
from .options import default_state
from .presence import control_of
from .report import Report

if TYPE_CHECKING:
    from pressel.remote.logins import Login

    Where = Path | Login  # a control socket, or a console on another computer

LINE_BYTES_MAX = 1 << 20  # 256 members of 300 bytes fit ten times over
ANSWER_LIMIT_S = 30.0  # an election, and a leader that is gone once more; a busy disk 10 s
PATH_BYTES_MAX = 107  # of a Unix socket on Linux
_MAJORITY_HOSTS = 3  # of so many a change is done when most have it; of fewer when one has it

Answer = Callable[[Any, Asker], Awaitable[dict[str, Any]]]

_ERRORS = {each.exit_code: each for each in (PresselError, UsageError, UnreachableError)}


@dataclass(frozen=True)
class Reply:
    """An answer; `by` is the host that gave it: "" when it is the one that was asked, OWN_COPY of
    `desk.desk` when no leader was reachable. A change is `on` so many disks of so many hosts."""

    answer: Any
    by: str = ""
    on: tuple[int, int] = (1, 1)


def control_path(port: int) -> Path:
    """The control socket of the host on UDP port `port`."""
    return control_folder() / f"leader-{port}.sock"


# --- the host's end ---


async def serve(path: Path, answer: Answer) -> asyncio.Server:
    """Answer each request with the object that `answer` makes of the request and its asker.

    Takes over a dead socket.
    """
    try:
        make_private(path.parent)
        _make_way(path)
        with _short(path) as name:
            server = await asyncio.start_unix_server(
                lambda reader, writer: _converse(reader, writer, answer),
                sock=_bound(name),
                limit=LINE_BYTES_MAX,
            )
    except OSError as error:
        raise UsageError(
            f"cannot open the control socket {path}: {error.strerror or error}"
        ) from error
    return server


class Place:
    """The control socket of a host at `path`; its folder may be removed while the host runs."""

    def __init__(self, path: Path, answer: Answer, report: Report) -> None:
        self.path = path
        self._report = report
        self._told = ""
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._own: tuple[int, ...] = ()  # which file it is

    async def open(self) -> None:
        """UsageError when the place is taken, or cannot be."""
        self._server = await serve(self.path, self._answer)
        with contextlib.suppress(OSError):  # gone already: it is made again at the next look
            self._own = _which(self.path)

    async def keep(self, number: int) -> None:
        """`look`, as a chore: what fails is said once."""
        advice = ""
        try:
            await self.look()
        except UsageError as error:
            advice = str(error)
        if advice and advice != self._told:
            self._report("control_off", {"advice": advice})
        self._told = advice

    async def look(self) -> None:
        """Make the socket again where it has gone. UsageError as of `open`."""
        if self._is_there():
            return
        former, self._server = self._server, None
        if former is not None:
            former.close()  # who has asked already is answered
        await self.open()

    def close(self) -> None:
        """Leaves another host's socket alone that has taken the place meanwhile."""
        if self._server is not None:
            self._server.close()
        if self._is_there():
            self.path.unlink(missing_ok=True)

    def _is_there(self) -> bool:
        try:
            return _which(self.path) == self._own
        except OSError:
            return False


def _which(path: Path) -> tuple[int, ...]:
    """The file at `path`: the next one may have the same inode, but is younger."""
    facts = path.stat()
    return facts.st_dev, facts.st_ino, facts.st_mtime_ns


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of `path` for a socket: one that is too long is gone to by way of its folder."""
    if len(os.fsencode(path)) <= PATH_BYTES_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _bound(name: str) -> socket.socket:
    """A socket of this name that nobody but its user could ever open."""
    bound = socket.socket(socket.AF_UNIX)
    former = os.umask(0o177)
    try:
        bound.bind(name)
    except OSError:
        bound.close()
        raise
    finally:
        os.umask(former)
    return bound


def _make_way(path: Path) -> None:
    """Remove a socket that nobody serves; OSError when something else is in the way. asyncio would
    silently take over a running host's socket."""
    if not path.exists():
        return
    if not path.is_socket():
        raise FileExistsError(errno.EEXIST, "it is not a socket")
    if is_alive(path):
        raise OSError(errno.EADDRINUSE, "another host uses it")
    path.unlink()


def is_alive(path: Path) -> bool:
    """Whether somebody serves the socket at `path`."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            with _short(path) as name:
                return probe.connect_ex(name) == 0
        except OSError:  # no path that a socket can have
            return False


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer
) -> None:
    # A host that ends cuts it off, and some versions of Python print a traceback for that.
    with contextlib.suppress(
        OSError, ValueError, asyncio.IncompleteReadError, asyncio.CancelledError
    ):
        uid = askers.uid_behind(writer.get_extra_info("socket"))
        who = await asyncio.to_thread(askers.of_user, uid)  # a directory of users may be slow
        while line := await reader.readline():
            writer.write(json.dumps(await _answered(line, who, answer)).encode() + b"\n")
            await writer.drain()
    writer.close()


async def _answered(line: bytes, who: Asker, answer: Answer) -> dict[str, Any]:
    try:
        request = read_json(line)
    except ValueError as error:
        return {"error": f"not understood: {error}", "exit": UsageError.exit_code}
    return await answer(request, who)


# --- a command's end ---


def ask(path: Where, verb: str, **fields: Any) -> Any:
    """The answer of the host behind `path`; see `request`."""
    return request(path, verb, **fields).answer


def request(path: Where, verb: str, **fields: Any) -> Reply:
    """Ask the host behind `path`. UnreachableError when nobody answers; what it refuses is raised
    as it was there."""
    if not isinstance(path, Path):
        from pressel.remote.line import post  # brings TLS with it

        reply = post(path, "ask", {"ask": verb, "fields": fields})
        on = _on(reply.get("on"))
        _tell(*on)
        return Reply(reply["answer"], str(reply.get("by", "")), on)
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(ANSWER_LIMIT_S)
            with _short(path) as name:
                line.connect(name)
            line.sendall(json.dumps({**fields, "ask": verb}).encode() + b"\n")
            reply = read_json(line.makefile("rb").readline(LINE_BYTES_MAX))
    except OSError as error:
        raise UnreachableError(f"no host answers at {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise UnreachableError(f"the host at {path} went away while answering") from error
    if not isinstance(reply, dict) or not reply.keys() & {"answer", "error"}:
        raise UnreachableError(f"what answers at {path} is no host of Pressel")
    if "error" in reply:
        words = str(reply["error"])
        if words == f"not understood: {verb}":  # of any version
            raise OtherVersionError(
                f'the host runs another version of Pressel, which does not know "{verb}"; update '
                "the older one"
            )
        raise _ERRORS.get(reply.get("exit", 1), PresselError)(words)
    on = _on(reply.get("on"))
    _tell(*on)
    return Reply(reply["answer"], str(reply.get("by", "")), on)


def _tell(disks: int, hosts: int) -> None:
    """Who may lose a change with one disk is told so, whatever command it was."""
    if disks < hosts < _MAJORITY_HOSTS:
        words = f"it is on {disks} of {hosts} hosts; the other one gets it when it is there again"
        print(words, file=sys.stderr)


def _on(told: Any) -> tuple[int, int]:
    """Nothing of a host of an earlier version."""
    is_told = isinstance(told, list) and len(told) == 2 and all(type(each) is int for each in told)
    return (told[0], told[1]) if is_told else (1, 1)


def check_service() -> None:
    """UnreachableError when a service is here that this user may not ask."""
    if is_shut():
        raise UnreachableError(
            "the host on this machine is a service, which only root may ask: put sudo before the "
            "command"
        )


def tell_whom(path: Where) -> None:
    """A person is told whom a command asks; a script knows."""
    if not sys.stderr.isatty():
        return
    whom = path if isinstance(path, Path) else f"{path.place}, as {path.name}"
    _say_once(f"asking the host at {whom}")


@functools.cache
def _say_once(words: str) -> None:
    """A command may ask several times."""
    print(words, file=sys.stderr)


def elsewhere() -> Login | None:
    """Where this user has logged in last, on another computer."""
    from pressel.remote.logins import read_logins

    return next(iter(read_logins()), None)


def find(path: Where | None, port: int | None) -> Where:
    """The host meant: the one given, that of `port`, the only one here, or where no host is here
    that of the last login."""
    found = _found(path, port)
    tell_whom(found)
    return found


def here() -> Path:
    """The control socket of the only host on this machine. UnreachableError when there is none."""
    found = _found(None, None)
    if isinstance(found, Path):
        return found
    raise UnreachableError("no host runs on this machine; start one with: pressel host run")


def _found(path: Where | None, port: int | None) -> Where:
    if path is not None:
        return path
    if port is not None:
        places = [folder / control_path(port).name for folder in control_folders()]
        return next(filter(is_alive, places), control_path(port))
    alive = all_alive()
    if not alive:
        own = control_of(default_state())  # one with a path of its own
        if own is not None:
            return own
        check_service()
        far = elsewhere()
        if far is not None:
            return far
        raise UnreachableError(
            "no host runs on this machine; start one with: pressel host run, or log in where one "
            "runs: pressel login HOST"
        )
    if len(alive) > 1:
        ports = ", ".join(each.stem.removeprefix("leader-") for each in alive)
        raise UsageError(f"several hosts run here (ports {ports}); choose one with --port")
    return alive[0]


def all_alive() -> list[Path]:
    """The control sockets of all hosts of this user that run, those that were given a path left
    out."""
    found = [each for folder in control_folders() for each in folder.glob("leader-*.sock")]
    return [each for each in sorted(found) if is_alive(each)]
