"""`pressel flash`: make badges out of boards."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path

import click
import platformdirs

from pressel.boards.board import load_board
from pressel.errors import UsageError
from pressel.firmware import ARCHITECTURES, build_firmware
from pressel.flash.fleet import attached_ports, flash_fleet
from pressel.flash.image import read_image
from pressel.flash.job import Order
from pressel.flash.messages import flash_error
from pressel.registry.store import Registry

_STATE = platformdirs.user_state_path("pressel")


@click.command()
@click.option("--port", "ports", multiple=True, help="Serial port of the badge; may be repeated.")
@click.option("--all", "is_all", is_flag=True, help="Every attached badge.")
@click.option("--board", "board_id", required=True, help="Which board it is: pressel board list.")
@click.option(
    "--image", required=True, type=click.Path(dir_okay=False, path_type=Path),
    help="MicroPython image of the vendor.",
)  # fmt: skip
@click.option("--image-sha256", help="Its SHA-256, as the vendor says it.")
@click.option("--wifi", help="Name of the venue's Wi-Fi network.")
@click.option("--wifi-password", envvar="PRESSEL_WIFI_PASSWORD", default="", help="Its password.")
@click.option("--leader", default="", help="Address of the leader; without it badges search.")
@click.option("--name", default="", help="Name of the badge; without it a known badge keeps its.")
@click.option("--group", "groups", type=int, multiple=True, default=(1,), help="Talk group.")
@click.option(
    "--state", type=click.Path(file_okay=False, path_type=Path), default=_STATE / "leader",
    show_default=True, help="Folder of the leader with its registry.",
)  # fmt: skip
@click.option("--no-registry", is_flag=True, help="Register the badge nowhere.")
@click.option(
    "--labels", type=click.Path(file_okay=False, path_type=Path), default=Path("build/labels"),
    show_default=True, help="Folder for the labels.",
)  # fmt: skip
@click.option("--erase", is_flag=True, help="Erase the whole badge first.")
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
@click.option("--only-app", is_flag=True, help="Write firmware and settings, not the image.")
@click.option("--new-identity", is_flag=True, help="Make it another device than it was.")
@click.option("--json", "as_json", is_flag=True, help="Outcomes as JSON.")
def flash(
    ports: tuple[str, ...], is_all: bool, board_id: str, image: Path, image_sha256: str | None,
    wifi: str | None, wifi_password: str, leader: str, name: str, groups: tuple[int, ...],
    state: Path, no_registry: bool, labels: Path, erase: bool, dry_run: bool, only_app: bool,
    new_identity: bool, as_json: bool,
) -> int:  # fmt: skip
    """Make badges: check, write, verify, start, check again, register, print a label.

    A run that failed is simply run again. A badge that is flashed again keeps its identity.
    """
    if bool(ports) == is_all:
        raise UsageError("say which badge: --port PORT, or --all for every attached one")
    if name and (is_all or len(ports) > 1):
        raise UsageError("--name is for one badge; leave it out, and each gets its own")
    if erase and only_app:
        raise UsageError("--erase removes the image that --only-app leaves out; choose one")
    board = load_board(board_id)
    if not wifi:
        raise flash_error("no-wifi")
    found = list(ports) or attached_ports()
    if not found:
        raise flash_error("no-ports")
    folder = Path("build/firmware") / board.chip
    firmware = build_firmware(folder, architecture=ARCHITECTURES.get(board.chip, ""))
    order = Order(
        board_id, board, firmware, read_image(image, image_sha256),
        (wifi, wifi_password), leader, name, groups, labels, erase, dry_run, only_app, new_identity,
    )  # fmt: skip
    registry = None
    if not no_registry and not dry_run:
        with Registry(state):  # made once, before many threads open it
            registry = functools.partial(Registry, state)
    outcomes = flash_fleet(found, order, registry)
    if as_json:
        print(json.dumps([vars(each) for each in outcomes], indent=2))
    for each in outcomes:
        if each.error:
            print(f"{each.port}: failed: {each.error}", file=sys.stderr)
        elif not as_json:
            done = "would be" if dry_run else "is"
            print(f"{each.port}: {done} {each.name}, {each.device}")
    return 1 if any(each.error for each in outcomes) else 0
