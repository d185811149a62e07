"""The control socket: how commands on the leader box ask a running leader things.

A Unix socket that only its user may open; one JSON line asks, one JSON line answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import socket
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs

from pressel.errors import PresselError, UnreachableError, UsageError

LINE_BYTES_MAX = 1 << 20  # 256 members of 300 bytes fit ten times over
ANSWER_LIMIT_S = 3.0
PATH_BYTES_MAX = 107  # of a Unix socket on Linux


def control_folder() -> Path:
    """Where control sockets lie unless a path is given."""
    with warnings.catch_warnings():  # it warns where no session manager made the folder
        warnings.simplefilter("ignore")
        return platformdirs.user_runtime_path("pressel")


def control_path(port: int) -> Path:
    """The control socket of the leader on UDP port `port`."""
    return control_folder() / f"leader-{port}.sock"


Answer = Callable[[dict[str, Any]], Any]


async def serve(path: Path, answer: Answer) -> asyncio.Server:
    """Answer each request, a JSON object {"ask": word, ...}, with what `answer` makes of it.

    Takes over a dead socket."""
    if len(os.fsencode(path)) > PATH_BYTES_MAX:
        raise UsageError(
            f"the path of a control socket has a limit of {PATH_BYTES_MAX} bytes: {path}"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make_way(path)
        server = await asyncio.start_unix_server(
            lambda reader, writer: _converse(reader, writer, answer), path, limit=LINE_BYTES_MAX
        )
        path.chmod(0o600)
    except OSError as error:
        raise UsageError(
            f"cannot open the control socket {path}: {error.strerror or error}"
        ) from error
    return server


def _make_way(path: Path) -> None:
    """Remove a socket that nobody serves; OSError when something else is in the way. asyncio
    would take over a running leader's socket without a word."""
    if not path.exists():
        return
    if not path.is_socket():
        raise FileExistsError(errno.EEXIST, "it is something else than a socket")
    if _is_alive(path):
        raise OSError(errno.EADDRINUSE, "another leader uses it")
    path.unlink()


def _is_alive(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        return probe.connect_ex(str(path)) == 0


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer
) -> None:
    with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
        while line := await reader.readline():
            writer.write(json.dumps(_answer(line, answer)).encode() + b"\n")
            await writer.drain()
    writer.close()


def _answer(line: bytes, answer: Answer) -> dict[str, Any]:
    try:
        return {"answer": answer(json.loads(line))}
    except PresselError as error:
        return {"error": str(error)}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return {"error": f"not understood: {error}"}


def ask(path: Path, word: str, **fields: Any) -> Any:
    """Ask the leader behind `path`; UnreachableError when nobody answers."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(ANSWER_LIMIT_S)
            line.connect(str(path))
            line.sendall(json.dumps({"ask": word, **fields}).encode() + b"\n")
            reply = json.loads(line.makefile("rb").readline(LINE_BYTES_MAX))
    except OSError as error:
        raise UnreachableError(f"no leader answers at {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise UnreachableError(f"the leader at {path} went away while answering") from error
    if not isinstance(reply, dict) or not reply.keys() & {"answer", "error"}:
        raise UnreachableError(f"what answers at {path} is no leader")
    if "error" in reply:
        raise PresselError(f"the leader at {path}: {reply['error']}")
    return reply["answer"]


def find(path: Path | None, port: int | None) -> Path:
    """The control socket meant: the one given, that of `port`, or the only one there is."""
    if path is not None:
        return path
    if port is not None:
        return control_path(port)
    alive = [each for each in sorted(control_folder().glob("leader-*.sock")) if _is_alive(each)]
    if not alive:
        raise UnreachableError("no leader runs on this machine; start one with: pressel leader")
    if len(alive) > 1:
        ports = ", ".join(each.stem.removeprefix("leader-") for each in alive)
        raise UsageError(f"several leaders run here (ports {ports}); choose one with --port")
    return alive[0]
