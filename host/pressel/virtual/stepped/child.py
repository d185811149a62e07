"""The process of one stepped badge: a frame in, a frame out, and limits so that no process stays
behind.

The child ends when its stdin ends, as happens when this process is killed. This module does not
know what a frame holds.
"""

from __future__ import annotations

import os
import select
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .crash import BadgeCrashed
from .limits import limit_cpu

ANSWER_LIMIT_S = 60.0  # a step takes a millisecond, a boot 0.2 s; other work may hold both up
_READ_BYTES = 1 << 16  # what a pipe holds
_LENGTH = struct.Struct("<I")


class Child:
    """Begun by the constructor; its first answer comes unasked."""

    def __init__(self, name: str, command: Sequence[str], errors: Path, limit_s: float) -> None:
        """`limit_s`: processor time; stderr is added to the file `errors`."""
        self.name = name
        self.errors = errors
        with errors.open("ab") as file:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, bufsize=0
            )
        limit_cpu(self._process.pid, limit_s)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in = self._process.stdin.fileno()
        self._out = self._process.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._out, select.POLLIN)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, frame: bytes) -> None:
        data = memoryview(_LENGTH.pack(len(frame)) + frame)
        try:
            while data:
                data = data[os.write(self._in, data) :]
        except BrokenPipeError:
            pass  # receive() finds the end and says so

    def receive(self) -> bytes:
        """Raises `BadgeCrashed` when the process ends or loops instead."""
        data = b""
        size = _LENGTH.size
        while len(data) < size:
            if not self._poll.poll(ANSWER_LIMIT_S * 1000):
                self.kill()
                raise BadgeCrashed(
                    f"{self.name} did not answer within {ANSWER_LIMIT_S:g} s: does it loop?"
                )
            piece = os.read(self._out, _READ_BYTES)
            if not piece:
                self.kill()
                code = self._process.returncode
                raise BadgeCrashed(f"{self.name} has ended (exit code {code}): see {self.errors}.")
            data += piece
            if size == _LENGTH.size and len(data) >= size:
                size += _LENGTH.unpack_from(data)[0]
        return data[_LENGTH.size :]

    def end(self) -> None:
        """Waits for a child that has told its last answer."""
        self._close()
        try:
            self._process.wait(ANSWER_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._close()
        self._process.wait()

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()
