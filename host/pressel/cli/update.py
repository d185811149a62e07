"""`pressel update`: bring a new release to badges over the air."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from pressel.cli import completing
from pressel.cli.completing import offering
from pressel.cli.options import control_options, folder_option
from pressel.node import control, release_door
from pressel.registry.choice import meant
from pressel.update.campaign import STAGES
from ptt.base.numbers import INT_MAX
from ptt.link import update_manifest as manifest

from . import rollout
from .printed import print_table

_NOTES = {"hands_over": "brings the next key", "downgrade": "downgrade"}
_STATE = folder_option()
_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.group()
def update() -> None:
    """Bring a new release to badges over the air."""


@update.command()
@click.argument("public")
@_STATE
def trust(public: str, state: Path | None) -> None:
    """Trust releases of the signer with the key PUBLIC, which `pressel release show` prints where
    the signer is. First compare it with that."""
    release_door.trust(state, public)
    print("this signer's releases are taken from now on", file=sys.stderr)


@update.command()
@click.argument("source", metavar="DIR|FILE", type=click.Path(exists=True, path_type=Path))
@_STATE
@_JSON
def add(source: Path, state: Path | None, as_json: bool) -> None:
    """Check a signed release and keep it on the venue's hosts."""
    _show_releases([release_door.add(state, source)], as_json)


@update.command("list")
@_STATE
@_JSON
def list_releases(state: Path | None, as_json: bool) -> None:
    """List the releases that the hosts keep."""
    _show_releases(release_door.releases(state), as_json)


@update.command()
@click.option("--release", type=click.IntRange(1, INT_MAX), help="Default: the newest.")
@click.option("--stage", type=click.Choice(STAGES), help="How many of the badges that have joined.")
@click.option(
    "--staged",
    is_flag=True,
    help="On a few badges first, and on all when these are well; see `pressel rollout`.",
)
@click.option("--why", default="", help="What for; kept in the log. With --staged.")
@click.option(
    "--device", "devices", multiple=True, help="Only this badge (name or id); may be repeated.",
    shell_complete=offering(completing.devices),
)  # fmt: skip
@click.option(
    "--group", "groups", type=int, multiple=True, help="Only this talk group.",
    shell_complete=offering(completing.groups),
)  # fmt: skip
@click.option("--allow-downgrade", is_flag=True, help="Allow an older release.")
@control_options
@_JSON
def start(
    release: int | None,
    stage: str | None,
    staged: bool,
    why: str,
    devices: tuple[str, ...],
    groups: tuple[int, ...],
    allow_downgrade: bool,
    control: Path | None,
    port: int | None,
    as_json: bool,
) -> int:
    """Start an update, widen it to a larger stage, or resume a paused one.

    Badges that have the release are left alone; those that failed try again.
    """
    is_some = bool(stage or devices or groups)
    if staged and is_some:
        raise click.UsageError("--staged chooses badges by itself; leave out the other choice")
    if not staged and not is_some:
        raise click.UsageError(
            "say which badges: --staged, --stage pilot, half or all, or --device, or --group"
        )
    if why and not staged:
        raise click.UsageError("--why goes with --staged")
    flags = manifest.DOWNGRADE if allow_downgrade else 0
    if staged:
        begun = _ask(control, port, "stages", release=release, flags=flags, why=why)
        return rollout.show(begun, as_json)
    fields = {
        "release": release,
        "stage": stage or "",
        "devices": _chosen(devices, control, port),
        "groups": list(groups),
        "flags": flags,
    }
    _show_status(_ask(control, port, "start", **fields), as_json)
    return 0


@update.command()
@control_options
@_JSON
def status(control: Path | None, port: int | None, as_json: bool) -> int:
    """Show which release each badge runs, and how the update is going. Exits with 1 when it has
    stopped."""
    answer = _ask(control, port, "status")
    _show_status(answer, as_json)
    return 1 if answer["paused"] else 0


@update.command()
@control_options
def pause(control: Path | None, port: int | None) -> None:
    """Stop handing out for now; `start` resumes."""
    _ask(control, port, "pause")
    print("paused; resume with `pressel update start`", file=sys.stderr)


@update.command()
@control_options
def cancel(control: Path | None, port: int | None) -> None:
    """Forget the update. Badges that run the release keep it."""
    _ask(control, port, "cancel")
    print("cancelled; badges that have the release keep it", file=sys.stderr)


def _chosen(words: Sequence[str], path: Path | None, port: int | None) -> list[str]:
    """The ids of the badges that are meant, of those that the leader knows."""
    if not words:
        return []
    badges = _ask(path, port, "status")["badges"]
    names = {each["device"]: each["name"] for each in badges}
    return [meant(names, each, "badge", "`pressel update status`") for each in words]


def _ask(path: Path | None, port: int | None, verb: str, **fields: Any) -> dict[str, Any]:
    return control.ask(control.find(path, port), f"update {verb}", **fields)


def _show_releases(releases: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(releases, indent=2))
        return
    table = Table("Release", "Build", "Chip", "Files", "Bytes", "Signer", "Leaf", "", box=None)
    for each in releases:
        count, size = str(each["files"]), f"{each['bytes']:,}"
        notes = [words for name, words in _NOTES.items() if each.get(name)]
        signed = each.get("signer", "")[16:32], str(each.get("leaf", ""))
        table.add_row(
            str(each["release"]), each["build"], each["chip"], count, size, *signed,
            ", ".join(notes),
        )  # fmt: skip
    print_table(table)


def _show_status(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer, indent=2))
        return
    table = Table("Device", "Name", "Here", "Runs", "Update", "What to do", box=None)
    for each in answer["badges"]:
        state = each["state"]
        if each["percent"] is not None:
            state = f"{state} {each['percent']} %"
        here = "yes" if each["here"] else "no"
        table.add_row(
            each["device"], escape(each["name"]), here, each["build"], state, each["reason"]
        )
    print_table(table)
    if answer["release"]:
        words = f"release {answer['release']}"
        if answer["stage"]:
            words += f", stage {answer['stage']}"
        if answer["paused"]:
            words += f"; stopped: {answer['paused']}"
        print(words, file=sys.stderr)
