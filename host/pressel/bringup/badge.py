"""Runs one test on the badge that is on a port, at MicroPython's raw prompt."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

from mpremote.transport import TransportError, TransportExecError

from pressel.flash.console import Console, Restarted, console, heard_start
from pressel.flash.line import Stop
from pressel.flash.messages import FlashError, flash_error
from pressel.flash.port import is_gone
from pressel.printable import printable

from .plan import Test
from .sender import Sender, sending

_BACK_S = 90.0  # for a person to put the cable back
_ROUND = "_done = go()\nprint(json.dumps({'done': bool(_done)}))"
_COUNTED = ("joined", "granted")  # events of the firmware's log
_LINE_BYTES_MAX = 4096
_FACTS = """
import json, machine, binascii
def _file(name):
    try:
        with open(name) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}
import sys
print(json.dumps({'device': binascii.hexlify(machine.unique_id()).decode(),
                  'board': _file('board.json'), 'emulated': sys.platform != 'esp32'}))
"""

Told = dict[str, Any]


_GONE = (FlashError, TransportError, OSError)  # how the end of a badge shows


class Unfinished(Exception):
    """The test did not come to its end; the text says why, `told` is what it told before."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.told: Told = {}


class Bench:
    """The badge on `port` at its prompt, kept from one test to the next; `close` starts it."""

    def __init__(self, port: str, stop: Stop) -> None:
        self._port = port
        self._stop = stop
        self._held = contextlib.ExitStack()
        self._console: Console | None = None

    def close(self) -> None:
        self._console = None
        self._held.close()

    def facts(self) -> Told:
        """The badge's own address ("device"), its board.json ("board", empty without one), and
        whether it is "emulated"."""
        try:
            return json.loads(self._fresh().run(_FACTS))
        except Exception as error:
            self._give_up(error)
            raise

    def run(self, test: Test, say: Callable[[str], None], start: str = "") -> Told:
        """What the test told, by key. `say` shows a person what to do. Unfinished or FlashError."""
        reader = _Reader(test, say)
        try:
            with sending() if test.sends else contextlib.nullcontext() as sender:
                reader.sender = sender
                if test.ends:
                    self._run_to_its_end(test, reader)
                    _run(self._fresh(), test.source_after(), test, reader)
                else:
                    badge = self._fresh()
                    _run(badge, f"{start}\n{test.source()}", test, reader)
                    if test.rounds > 1:
                        _run_rounds(badge, test, reader)
        except Unfinished as error:
            error.told = reader.told
            raise
        except Exception as error:
            self._give_up(error)
            raise
        return reader.told

    def _fresh(self) -> Console:
        if self._console is None:
            self._console = self._held.enter_context(console(self._port, self._stop))
        else:
            self._console.renew()
        return self._console

    def _give_up(self, error: Exception) -> None:
        """Let go of a badge that failed so; the console says in its own words why."""
        self._console = None
        self._held.__exit__(type(error), error, error.__traceback__)

    def _drop(self) -> None:
        """Let go of a badge that does not answer; whatever that brings is not the first fault."""
        with contextlib.suppress(FlashError):
            self.close()

    def _run_to_its_end(self, test: Test, reader: _Reader) -> None:
        """The badge restarts in it: by itself, or because a person pulls the cable."""
        badge = self._fresh()
        badge.is_stopped = False  # it starts again without being told
        try:
            _run(badge, test.source(), test, reader)
        except Restarted:
            self._drop()
            return
        except _GONE as error:
            if isinstance(error, FlashError) and error.code != "unplugged":
                raise
            self._drop()
            self._wait_until_back()
            heard_start(self._port, self._stop)
            return
        badge.is_stopped = True
        raise Unfinished("the badge ran on as if nothing had happened")

    def _wait_until_back(self) -> None:
        end_s = time.monotonic() + _BACK_S
        while is_gone(self._port):
            if self._stop.is_asked:
                raise flash_error("stopped", port=self._port, stage="check")
            if time.monotonic() > end_s:
                raise flash_error("unplugged", port=self._port, stage="check")
            time.sleep(0.2)


def _run(badge: Console, source: str, test: Test, reader: _Reader) -> None:
    try:
        badge.run(source, test.limit_s, reader.take)
    except TransportExecError as error:
        words = str(error.error_output).strip().splitlines() or ["no reason"]
        raise Unfinished(printable(words[-1])) from error


def _run_rounds(badge: Console, test: Test, reader: _Reader) -> None:
    for _ in range(test.rounds):
        _run(badge, _ROUND, test, reader)
        if reader.told.get("done"):
            _run(badge, "done()", test, reader)
            return
    raise Unfinished(f"it did not come to an end in {test.rounds} rounds")


class _Reader:
    """Takes what the badge prints, byte by byte, and keeps what its JSON lines tell."""

    def __init__(self, test: Test, say: Callable[[str], None]) -> None:
        self.told: Told = {}
        self.sender: Sender | None = None  # of a test that wants to be sent to
        self._test = test
        self._say = say
        self._line = b""

    def take(self, data: bytes) -> None:
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            self._read(line.strip(b"\r\x04"))
        self._line = self._line[-_LINE_BYTES_MAX:]

    def _read(self, line: bytes) -> None:
        try:
            told = json.loads(line)
        except ValueError:
            return
        if not isinstance(told, dict):
            return
        if "event" in told:  # the firmware's own words
            if told["event"] in ("boot", "no key") and self._test.ends:
                raise Restarted
            if told["event"] in _COUNTED:
                self.told[told["event"]] = self.told.get(told["event"], 0) + 1
        elif "person" in told:
            self._say(printable(self._test.person.get(str(told["person"]), "")))
        elif "address" in told:
            if self.sender is not None:
                self.sender.address(told["address"])
        else:
            self.told.update(told)
