"""`pressel badge`: a participant on this machine, soft or with the real firmware.

What needs the extra `soft` is imported by the badge itself: `pressel badge logs` and the others
that talk to a badge at a port work on a leader box, which has no sound.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import platformdirs

from pressel.cli import completing
from pressel.cli.completing import offering
from pressel.cli.lazy import LazyGroup
from pressel.cli.options import AddressOption
from pressel.enrol.client import Newcomer, enrol
from pressel.enrol.search import find_leader
from pressel.printable import is_printable
from pressel.soft.credential import (
    Credential,
    credential_file,
    held_credential,
    read_credential,
    register,
)
from pressel.soft.volume import AS_IT_IS, PERCENT_MAX
from pressel.transport.udp import BROADCAST, Address, resolve
from ptt.base.numbers import NAME_BYTES_MAX, PORT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WAITS_FOR_GRANT_S = 1  # of the 60 s that a burst may take
AGAIN_S_MAX = 900  # a quarter of an hour, as the console: 29 MB
_HERE = Path("-")  # in place of a folder: the host that runs here
_EVERYBODY = f"{BROADCAST}:{PORT}"


def _leader(ctx: click.Context, param: click.Parameter, value: Address) -> tuple[Address, Address]:
    """As it was given, and in numbers."""
    if value[1] == 0:
        raise click.BadParameter("a leader's port is 1 to 65535")
    try:
        return value, resolve(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _name(ctx: click.Context, param: click.Parameter, value: str) -> str:
    size = len(value.encode(errors="replace"))  # bytes that are no text are not printable either
    if not 0 < size <= NAME_BYTES_MAX or not is_printable(value):
        raise click.BadParameter(f"a name has 1 to {NAME_BYTES_MAX} bytes of printable text")
    return value


_ATTACHED = ("emulate", "logs", "shell", "replace", "wipe")


@click.group(
    cls=LazyGroup,
    homes=dict.fromkeys(_ATTACHED, "pressel.cli.attached")
    | {"bringup": "pressel.cli.bringup", "devices": "pressel.cli.sound"},
    invoke_without_command=True,
)
@click.option(
    "--leader",
    "leaders",
    type=AddressOption(PORT),
    callback=_leader,
    default=_EVERYBODY,
    show_default=True,
    help="Address of the leader; by default the badge searches the whole network.",
)
@click.option("--name", callback=_name, default="soft badge", show_default=True)
@click.option(
    "--credential",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with identity and key from `pressel device add`; default: this user's own, one "
    "a name.",
)
@click.option(
    "--register",
    "registry",
    type=click.Path(file_okay=False, path_type=Path),
    is_flag=False,
    flag_value=_HERE,
    help="First register this badge with this machine's host; DIRECTORY is its --state.",
)
@click.option("--invite", metavar="CODE", help="Join with a code from `pressel device invite`.")
@click.option("--ask", is_flag=True, help="Ask the operator to let this badge in.")
@click.option("--virtual", is_flag=True, help="Run the real firmware on MicroPython.")
@click.option("--wav", type=click.Path(path_type=Path), help="Say this file, then leave.")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what is heard to this file.",
)
@click.option(
    "--again",
    "again_s",
    metavar="SECONDS",
    type=click.FloatRange(0, AGAIN_S_MAX),
    default=0,
    help="Keep the last SECONDS heard in memory; typing `again` plays them. Default: none.",
)
@click.option(
    "--volume",
    "volume_percent",
    metavar="PERCENT",
    type=click.IntRange(0, PERCENT_MAX),
    default=AS_IT_IS,
    help="How loud it plays; typing `volume 70` changes it. Default: as it comes, 100.",
)
@click.option("--seconds", type=click.FloatRange(min=0.1), help="Leave after this many seconds.")
@click.option(
    "--microphone", help="Sound device for the microphone (name or number).",
    shell_complete=offering(completing.sounds),
)  # fmt: skip
@click.option(
    "--speaker", help="Sound device for the speaker (name or number).",
    shell_complete=offering(completing.sounds),
)  # fmt: skip
@click.pass_context
def badge(
    ctx: click.Context,
    leaders: tuple[Address, Address],
    name: str,
    credential: Path | None,
    registry: Path | None,
    invite: str | None,
    ask: bool,
    virtual: bool,
    wav: Path | None,
    record: Path | None,
    again_s: float,
    volume_percent: int,
    seconds: float | None,
    microphone: str | None,
    speaker: str | None,
) -> None:
    """Run a badge on this machine: soft, on its microphone and speaker, or --virtual.

    Enter presses the talk button and lets it go again. With --wav the button is pressed for as
    long as the file lasts. Ctrl-C ends the badge. The leader must know the badge: add it there by
    `pressel device add NAME --key-file FILE` and start it with --credential FILE, or, on the
    leader's own machine, with --register. On another machine, use --invite CODE or --ask, once.
    """
    if ctx.invoked_subcommand:
        return
    from pressel.soft.run import DeviceChoice, run_soft
    from pressel.soft.session import Session

    named, leader = leaders
    if sum((registry is not None, invite is not None, ask)) > 1:
        raise click.UsageError("choose one way in: --register, --invite or --ask")
    if credential is not None:
        own = read_credential(credential)
    else:
        kept = platformdirs.user_state_path("pressel")
        own = ctx.with_resource(held_credential(credential_file(kept, name)))
    if record and not record.absolute().parent.is_dir():
        raise click.BadParameter(f"the folder of {record} does not exist", param_hint="--record")
    if virtual and again_s:
        raise click.UsageError("--again is the soft badge's: the firmware has no room for it")
    if virtual and volume_percent != AS_IT_IS:
        raise click.UsageError("--volume is the soft badge's: a virtual badge plays as it comes")
    if wav and record and record.exists() and wav.exists() and wav.samefile(record):
        raise click.BadParameter("that file is to be spoken; record to another one",
                                 param_hint="--record")  # fmt: skip
    speech = _speech(wav) if wav else None
    if registry is not None:
        register(own, name, None if registry == _HERE else registry)
    if invite is not None or ask:
        _enrol(leader, own, name, invite)
    session = Session(
        leader=leader,
        named=named,
        name=name,
        own=own,
        speech=speech,
        record=record,
        seconds=seconds,
        has_keys=wav is None,
        say=_say,
        again_s=again_s,
        volume_percent=volume_percent,
    )
    if virtual:
        from pressel.soft.virtual import run_virtual

        asyncio.run(run_virtual(session))
    else:
        devices = DeviceChoice(microphone, speaker)
        asyncio.run(run_soft(session, devices))


def _speech(wav: Path) -> NDArray[np.int16]:
    """What one press may say of the file; that more is in it is told."""
    from pressel.audio.wav import RATE_HZ, READ_AT_MOST_S, is_longer, read_speech

    speech = read_speech(wav)
    most_s = READ_AT_MOST_S - WAITS_FOR_GRANT_S
    most = most_s * RATE_HZ
    if len(speech) > most or is_longer(wav):
        _say(f"only the first {most_s} s of {wav} are said: one press lasts no longer")
    return speech[:most]


def _enrol(leader: Address, own: Credential, name: str, code: str | None) -> None:
    """Be let in over the network before anything else."""
    newcomer = Newcomer(own.device, name, own.key)
    if leader[0] == BROADCAST:
        leader = find_leader(leader, newcomer)
    outcome = enrol(leader, newcomer, code)
    if outcome.check_code:
        _say(f"the operator must let this badge in: pressel device approve {outcome.check_code}")
    else:
        groups = ", ".join(map(str, outcome.groups))
        _say("the leader knows this badge now" + (f"; talk groups {groups}" if groups else ""))


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {line}", file=sys.stderr, flush=True)
