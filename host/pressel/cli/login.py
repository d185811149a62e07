"""`pressel login`: asking a host from another computer."""

from __future__ import annotations

import sys
import time

import click

from pressel.errors import PresselError, UsageError


@click.command()
@click.argument("console", metavar="HOST[:PORT]")
@click.option("--as", "name", help="Name of your account; default: it is asked.")
@click.option(
    "--days", type=click.IntRange(1, 90), default=30, show_default=True, help="How long it lasts."
)
@click.option(
    "--fingerprint", help="Of the venue's authority, as the console shows it; else you are asked."
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def login(
    console: str, name: str | None, days: int, fingerprint: str | None, password_stdin: bool
) -> None:
    """Log in at the console at HOST, to ask its host from this computer.

    Afterwards commands on this computer ask that host where none runs here, or where they are
    given `--control https://HOST`. The console shows its fingerprint when it starts with `--tls`:
    compare it, so that nobody between you and it can read your password.
    """
    from pressel.remote import line
    from pressel.remote.logins import Login, keep_login, place_of

    host, port, is_plain = place_of(console)
    found = Login(host=host, port=port, name="", token="", is_plain=is_plain)
    if not is_plain:
        found = found.model_copy(update={"authority": _authority(found, fingerprint)})
    name = name or click.prompt("Name", err=True)
    password = sys.stdin.readline().rstrip("\n") if password_stdin else _password()
    told = line.post(found, "login", {"name": name, "password": password, "days": days})["answer"]
    try:
        keep_login(found.model_copy(update={"name": name, "token": str(told["token"])}))
        until = time.strftime("%Y-%m-%d", time.localtime(time.time() + told["life_s"]))
    except (KeyError, TypeError, ValueError) as error:
        raise PresselError(line.NO_CONSOLE.format(place=found.place)) from error
    print(f"logged in at {found.place} as {name}, who may {told['role']}, until {until}",
          file=sys.stderr)  # fmt: skip


def _authority(found, wanted: str | None) -> str:
    """The authority's certificate when it is the one with the fingerprint `wanted`, or the person
    says that it is; "" where this machine trusts the console's certificate anyway."""
    from pressel.console.authority import fingerprint as of
    from pressel.remote import line

    told = line.authority_of(found)
    if not told:
        if wanted:
            raise UsageError(f"{found.place} has no authority of its own to compare")
        return ""
    try:
        shown = of(told)
    except ValueError as error:
        raise PresselError(line.NO_CONSOLE.format(place=found.place)) from error
    if wanted is not None:
        if _plain(wanted) != _plain(shown):
            raise UsageError(f"the fingerprint is another one: {shown}")
        return told
    print(f"The fingerprint of {found.place} is\n  {shown}", file=sys.stderr)
    if not sys.stdin.isatty():
        raise UsageError("compare it with the console's, and give it with --fingerprint")
    click.confirm("Does the console show the same when it starts?", abort=True, err=True)
    return told


def _password() -> str:
    return click.prompt("Password", hide_input=True, err=True)


def _plain(text: str) -> str:
    return "".join(text.split()).replace(":", "").upper()
