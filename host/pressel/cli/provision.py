"""`pressel provision`: change a badge's Wi-Fi, leader, name or use of power without flashing it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pressel.cli import completing
from pressel.cli.attached import open_registry, ports_of, tell_all, wifi_network
from pressel.cli.completing import offering
from pressel.cli.options import folder_option
from pressel.cli.power import power_options
from pressel.flash.fleet import run_fleet
from pressel.flash.identity import Claims
from pressel.flash.job import Tell
from pressel.flash.line import Stop
from pressel.flash.messages import flash_error
from pressel.flash.order import Outcome
from pressel.flash.power import Power
from pressel.flash.provision import STAGES, Change, provision_badge
from pressel.flash.usable_settings import checked_leader
from pressel.registry.device import checked_name
from pressel.registry.roll import Roll


@click.command()
@click.argument(
    "arguments", metavar="[PORT]...", nargs=-1, shell_complete=offering(completing.ports)
)
@click.option(
    "--port", "options", multiple=True, help="Same as PORT.",
    shell_complete=offering(completing.ports),
)  # fmt: skip
@click.option("--all", "is_all", is_flag=True, help="Every attached badge.")
@click.option("--wifi", help="Name of the venue's Wi-Fi network.")
@click.option("--wifi-password", envvar="PRESSEL_WIFI_PASSWORD", help="Its password.")
@click.option("--leader", help="Address of the leader; '' lets the badge search.")
@click.option("--name", help="Name of the badge; by default the registry's.")
@power_options
@folder_option()
@click.option("--no-registry", is_flag=True, help="Leave the registry alone.")
@click.option("--json", "as_json", is_flag=True, help="Outcomes as JSON.")
def provision(
    arguments: tuple[str, ...], options: tuple[str, ...], is_all: bool, wifi: str | None,
    wifi_password: str | None, leader: str | None, name: str | None, power_save: bool | None,
    off_duty_after: int | None, state: Path | None, no_registry: bool, as_json: bool,
) -> int:  # fmt: skip
    """Change settings of the badge on PORT: Wi-Fi, leader, name, how it saves power. Identity and
    key stay.

    If a run fails, run it again.
    """
    ports = ports_of((*arguments, *options), is_all)
    if name and len(ports) > 1:
        raise flash_error("one-name")
    change = Change(
        wifi_network(wifi, wifi_password) if wifi else None,
        None if leader is None else checked_leader(leader),
        checked_name(name) if name else None,
        Power(power_save, off_duty_after),
    )
    registry = None if no_registry else open_registry(state)
    claims = Claims()

    def work(port: str, opened: Roll | None, tell: Tell, stop: Stop) -> Outcome:
        return provision_badge(port, change, opened, tell, stop, claims)

    outcomes = run_fleet(ports, STAGES, work, registry)
    if as_json:
        print(json.dumps([vars(each) for each in outcomes], indent=2))
    return tell_all(outcomes, lambda each: None if as_json else f"is {each.name} ({each.device})")
