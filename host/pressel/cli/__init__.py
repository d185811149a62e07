"""The command `pressel`: its sub-commands by name, and how a run ends.

Each sub-command is a module of this package that defines a click command of its own name. It is
imported when it is called, not before, so that `pressel --help` does not wait for numpy.

A command ends in exit code 0 when it returns nothing, or in the number that it returns. It raises a
PresselError for what the user can fix; every other exception is a bug and shows its traceback.
"""

import os
import sys
from typing import Any

import click

from pressel import __version__, extras, streams
from pressel.cli.lazy import LazyGroup
from pressel.cli.wrapping import on_terminals
from pressel.config import sources
from pressel.errors import PresselError, UsageError, disk_error

# We have no plugins for it, and looking for some takes a tenth of a command's start.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

INTERRUPTED = 130  # what shells report for a process ended by Ctrl-C: 128 + SIGINT

# Module of this package and command -> what it is for. The help lists them in this order.
COMMANDS = {
    "demo": "Let badges talk and report how it sounded, or show what a phase promises.",
    "leader": "Run a leader: the box that owns membership, floor and settings.",
    "node": "Run one of several hosts: it leads or stands by.",
    "badge": "Run a soft badge: a participant on this machine.",
    "status": "Show who is there and who talks.",
    "timeline": "Show from the logs of hosts who led and who talked when.",
    "kpis": "Show how the venue kept its promises, by the hour.",
    "scorecard": "Say from logs whether a version may go on to more venues.",
    "trace": "Show one burst across machines, and whose each delay was.",
    "bundle": "Collect what helps to find a fault, without names or keys.",
    "console": "Serve pages about the venue to browsers.",
    "login": "Log in at a console, to ask its host from this computer.",
    "logout": "Log out at a console.",
    "health": "Show how well people hear each other, and why not.",
    "topology": "Show how each badge gets its voice, and why.",
    "metrics": "Serve what a host counts to Prometheus.",
    "device": "Choose which badges may take part, and with what rights.",
    "host": "Run a host, take it off duty, and choose which others may take part.",
    "registry": "Back up and restore the leader's registry of devices and hosts.",
    "audit": "Show and check the log of who did what.",
    "recordings": "List, play, export and delete what was said, where it is kept.",
    "text": "Send a text to all badges.",
    "settings": "Show and change the settings of the whole venue.",
    "rollout": "Watch, hold and end a change that reaches a few badges first.",
    "setup": "Make this computer a leader box, with a host that starts at boot.",
    "upgrade": "Install another version on a leader box.",
    "uninstall": "Remove the service from a leader box.",
    "docs": "Show the documents that came along, or write man pages.",
    "completion": "Let the Tab key complete commands, devices, boards and ports.",
    "doctor": "Find what is wrong with a leader box, and how to mend it.",
    "recovery": "Make a recovery kit, and a new leader box out of it.",
    "config": "Show and check what is configured on this machine.",
    "sim": "Simulate venues: every fault and size, in virtual or in real time.",
    "flash": "Make a badge out of a board: image, identity, key, Wi-Fi and firmware.",
    "ports": "List the ports on which badges may be, and what they are.",
    "provision": "Change a badge's Wi-Fi, leader or name without flashing it.",
    "release": "Sign releases that badges take over the air, away from the leader.",
    "update": "Bring a new release to badges over the air.",
    "firmware": "Build a badge's firmware, and get the MicroPython that it runs on.",
    "board": "Show and check the boards that Pressel knows.",
    "dissector": "Write a Wireshark dissector for Pressel's datagrams.",
}

_HOMES = {"upgrade": "setup", "uninstall": "setup"}  # the module where it has another name


class _Commands(LazyGroup):
    """Its help imports none of them: `pressel --help` does not wait for numpy."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Commands,
    homes={name: f"pressel.cli.{_HOMES.get(name, name)}" for name in COMMANDS},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="pressel", message="%(prog)s %(version)s")
@click.pass_context
def pressel(ctx: click.Context) -> None:
    """Push-to-talk voice for a venue's own Wi-Fi."""
    if ctx.invoked_subcommand not in ("config", "doctor"):  # which say themselves what is wrong
        ctx.default_map = _defaults()
    if os.environ.get("NO_COLOR"):
        ctx.color = False


# Where an option has another name than its key.
_OPTIONS = {"class": "node_class"}


def _defaults() -> dict[str, Any]:
    """What is configured, as defaults of the commands that take it."""
    sections: dict[str, dict[str, Any]] = {}
    for key, setting in sources.settings().items():
        section, _, name = key.partition(".")
        sections.setdefault(section, {})[_OPTIONS.get(name, name)] = setting.value
    host = sections.get("host", {})
    return {**sections, "leader": host, "node": host, "host": {"run": host}}


def _no_text(words: list[str]) -> str | None:
    """The first one whose bytes are no text: file names may be so, names of people may not."""
    for each in words:
        try:
            each.encode()
        except UnicodeEncodeError:
            return each.encode(errors="replace").decode()
    return None


def main(args: list[str] | None = None) -> int:
    """Run the command line; `args` are those after the program's name. Returns the exit code."""
    typed = sys.argv[1:] if args is None else args
    with streams.standing_in(), on_terminals(typed):
        return _run(args)


def _run(args: list[str] | None) -> int:
    try:
        result = pressel.main(args, prog_name="pressel", standalone_mode=False)
        sys.stdout.flush()
    except PresselError as error:
        print(f"pressel: {error}", file=sys.stderr)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("pressel: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        streams.give_up()  # the reader of our output, `head` say, has left
        return 1
    except streams.LostOutputError as error:
        streams.give_up()
        print(f"pressel: cannot write the output: {error.strerror}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        advice = extras.advice(error.name)
        if advice is None:
            raise
        print(f"pressel: {advice}", file=sys.stderr)
        return UsageError.exit_code
    except ValueError:  # of whoever encodes what was typed, or checks it
        word = _no_text(sys.argv[1:] if args is None else args)
        if word is None:
            raise
        print(f"pressel: '{word}' is no text in this terminal's encoding", file=sys.stderr)
        return UsageError.exit_code
    except OSError as error:
        full = disk_error(error)
        if full is None:
            raise
        print(f"pressel: {full}", file=sys.stderr)
        return full.exit_code
    return result if isinstance(result, int) else 0
