"""`pressel recordings`: what was said, for who missed it and for the record."""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape
from rich.table import Table

from pressel.cli import completing
from pressel.cli.completing import offering
from pressel.cli.options import control_options
from pressel.cli.outcome import with_outcome
from pressel.cli.printed import print_table
from pressel.errors import PresselError, UnreachableError, UsageError
from pressel.node import control as sockets
from pressel.whole_file import new_file

if TYPE_CHECKING:
    from pressel.node.control import Where

_SHOWN = 50  # the newest: a page of a terminal
_NAMES_SHOWN = 5
_LOOKS = 6  # in a row without an answer: an election takes 0.7 s
_PART = "what was on its way has ended, so badges may have heard a part: send it again"
_STEP_S = 0.5  # of sound: so late a replay stops when somebody begins to talk


@click.group()
def recordings() -> None:
    """List, play, send, export and delete what was said, where the venue records it.

    Nothing is recorded until `pressel settings set recording.kept_min 60` says for how many
    minutes. Private calls never are. ID is what `pressel recordings list` shows, such as 3-1207.
    """


@recordings.command("list")
@control_options
@click.option("--last", type=click.IntRange(1), default=_SHOWN, show_default=True, metavar="COUNT")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_recordings(port: int | None, control: Path | None, last: int, as_json: bool) -> None:
    """List what is kept, oldest first, and for how long."""
    from pressel.recordings.fetch import listed

    ask = _asker(sockets.find(control, port))
    rows = list(deque(listed(ask), maxlen=last))
    told = ask("recordings list")
    if as_json:
        print(json.dumps({**told, "recordings": rows}, indent=2))
        return
    if rows:
        table = Table("ID", "When", "Group", "Talker", "Took", "", box=None)
        for each in rows:
            table.add_row(*map(escape, _cells(each)))
        print_table(table)
    print(_kept(told), file=sys.stderr)


@recordings.command()
@click.argument("word", metavar="ID", shell_complete=offering(completing.recordings))
@control_options
def play(word: str, port: int | None, control: Path | None) -> None:
    """Play a recording on this computer's speaker, but never while somebody talks.

    The venue's log tells that you did.
    """
    from pressel.recordings.fetch import PLAY, opened
    from pressel.soft.sound import load_portaudio

    device = load_portaudio()
    path = sockets.find(control, port)
    _play(device, opened(_asker(path), word, PLAY), lambda: _is_talked(path))


@recordings.command()
@click.argument("word", metavar="ID", shell_complete=offering(completing.recordings))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@control_options
def export(word: str, file: Path, port: int | None, control: Path | None) -> None:
    """Write a recording to the new FILE: .wav, or .opus, which is a tenth of it.

    The venue's log tells that you did.
    """
    from pressel.recordings import fetch

    made = {fetch.WAV: fetch.as_wav, fetch.OPUS: fetch.as_opus}.get(file.suffix.lower())
    if made is None:
        raise UsageError(f"{file} is to end in {fetch.WAV} or {fetch.OPUS}")
    if file.exists():
        raise UsageError(f"{file} exists and is left as it is; choose another name")
    pcm = fetch.opened(_asker(sockets.find(control, port)), word, fetch.EXPORT)
    _write_new(file, made(pcm))
    print(f"{fetch.seconds(pcm):.1f} s are in {file}", file=sys.stderr)


@recordings.command()
@click.argument("word", metavar="ID", shell_complete=offering(completing.recordings))
@click.option(
    "--to", "names", multiple=True, metavar="NAME", shell_complete=offering(completing.devices),
    help="A badge of its group; may be repeated. Without it: all of the group but who said it.",
)  # fmt: skip
@control_options
def send(word: str, names: tuple[str, ...], port: int | None, control: Path | None) -> None:
    """Let badges hear a recording, as a burst after those of people, who come first.

    It waits while anybody talks to them. The venue's log tells that you did. Exits with 1 when
    none of them heard it.
    """
    ask = _asker(sockets.find(control, port))
    sent = ask(_sending(ask, word), id=word, to=list(names))
    print(f"on its way to {_some(sent['to'])}; `pressel recordings stop` ends it", file=sys.stderr)
    own, count = (sent["id"], sent["at_ms"]), len(sent["to"])
    while sent is not None and (sent["id"], sent["at_ms"]) == own and sent["state"] != "over":
        time.sleep(_STEP_S)
        sent = _looked(ask)
    if sent is None:
        raise PresselError(f"another host leads now; {_PART}")
    if (sent["id"], sent["at_ms"]) != own:
        raise PresselError("another was sent after it; the host's log tells who heard this one")
    heard, why = sent["heard"] or 0, f": {sent['why']}" if sent["why"] else ""
    if not heard:
        raise PresselError(f"nobody heard it{why}")
    print(f"heard by {heard} of {count}{why}", file=sys.stderr)


@recordings.command()
@control_options
def stop(port: int | None, control: Path | None) -> None:
    """End the recording that is on its way to badges."""
    _asker(sockets.find(control, port))("recordings stop")


@recordings.command()
@click.argument(
    "words", metavar="ID...", nargs=-1, required=True,
    shell_complete=offering(completing.recordings),
)  # fmt: skip
@control_options
def delete(words: tuple[str, ...], port: int | None, control: Path | None) -> None:
    """Delete recordings on all hosts. When one of them is held, none is deleted."""
    count = _asker(sockets.find(control, port))("recordings delete", ids=list(words))
    here = f"{count} deleted"
    if count < len(set(words)):
        here += "; the others are not on the host that leads, and go where they are"
    print(here, file=sys.stderr)


@recordings.command()
@click.argument("word", metavar="ID", shell_complete=offering(completing.recordings))
@click.option("--why", required=True, help="What for: it stands in the venue's log.")
@control_options
def hold(word: str, why: str, port: int | None, control: Path | None) -> None:
    """Let nobody delete a recording, however old it is."""
    _asker(sockets.find(control, port))("recordings hold", id=word, why=why)
    print(f"{word} is held until: pressel recordings release {word}", file=sys.stderr)


@recordings.command()
@click.argument("word", metavar="ID", shell_complete=offering(completing.recordings))
@control_options
def release(word: str, port: int | None, control: Path | None) -> None:
    """End a hold: if it is too old, it is deleted within a minute."""
    _asker(sockets.find(control, port))("recordings release", id=word)
    print(f"{word} is no longer held", file=sys.stderr)


def _looked(ask: Callable[..., Any]) -> Any:
    """What became of it. A leader that dies takes it along; the next one answers within seconds,
    if this host is not the one that died."""
    for number in range(_LOOKS, 0, -1):
        try:
            return ask("recordings sent")
        except UnreachableError as error:
            if number == 1:
                raise UnreachableError(f"{error}; {_PART}") from error
            time.sleep(_STEP_S)


def _asker(path: Where) -> Callable[..., Any]:
    return lambda verb, **fields: sockets.ask(path, verb, **fields)


def _sending(ask: Callable[..., Any], word: str) -> str:
    """The verb that sends recording `word`: an older one asks for a higher role."""
    told = ask("recordings list")
    fresh = (
        each["mark"]
        for each in told["recordings"]
        if told["replay_from_ms"] <= each["at_ms"] <= told["replay_until_ms"]
    )
    return "recordings send" if word in fresh else "recordings resend"


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    return shown + (f" and {len(names) - _NAMES_SHOWN} more" if names[_NAMES_SHOWN:] else "")


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row["at_ms"] / 1000))
    took = f"{row['lasted_ms'] / 1000:.1f} s"
    states = ("held" if row["held"] else "", "damaged" if row.get("is_damaged") else "")
    state = ", ".join(filter(None, states))
    return row["mark"], at, str(row["group"]), row["talker"], took, state


def _kept(told: dict[str, Any]) -> str:
    if not told["minutes"] and not any(told["groups"].values()):
        return "nothing is recorded; `pressel settings explain recording.kept_min` says more"
    words = f"bursts are kept for {told['minutes']} min"
    own = (f"group {group} {minutes} min" for group, minutes in sorted(told["groups"].items()))
    return "; ".join((words, *own))


def _is_talked(path: Where) -> bool:
    return any(floor["talker"] for floor in sockets.ask(path, "status")["floors"])


def _play(device: Any, pcm: bytes, is_talked: Callable[[], bool]) -> None:
    from ptt.base.numbers import RATE_HZ

    step = int(_STEP_S * RATE_HZ) * 2
    is_told = False
    try:
        with device.RawOutputStream(samplerate=RATE_HZ, channels=1, dtype="int16") as out:
            for at in range(0, len(pcm), step):
                while is_talked():
                    if not is_told:
                        print("somebody talks; it goes on afterwards", file=sys.stderr)
                    is_told = True
                    time.sleep(_STEP_S)
                out.write(pcm[at : at + step])
    except (device.PortAudioError, ValueError) as error:
        raise PresselError(
            f"this computer's speaker cannot be used: {error}; export the recording to a file"
        ) from error


def _write_new(file: Path, content: bytes) -> None:
    try:
        with new_file(file) as out:
            out.write(content)
    except OSError as error:
        raise PresselError(f"cannot write {file}: {error.strerror}") from error


with_outcome(recordings)
