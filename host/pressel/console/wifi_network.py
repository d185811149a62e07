"""What the form wants that gives the badges another Wi-Fi network. Its name and password go to the
host and come back on no page: what is set is a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pressel.errors import UsageError
from pressel.node.desk.networks import FLASHED, GIVEN
from pressel.rollout.rollout import NETWORK

AS_FLASHED = "as flashed"  # the button that leads back


def wanted(form: Mapping[str, Any]) -> tuple[str, dict[str, Any], str]:
    """The verb, its fields, and the page to go to then. UsageError when the form contradicts
    itself, ValueError or KeyError when it is not whole."""
    fields: dict[str, Any] = {"base": int(str(form["base"])), "why": str(form.get("why", ""))}
    if form.get("what") == AS_FLASHED:
        fields["values"] = {NETWORK: FLASHED}
    else:
        fields |= {"values": {}, GIVEN: [str(form["network"]), _password(form)]}
    if "staged" in form:
        return "rollout start", fields, "/changes"
    return "settings set", fields, "/settings"


def _password(form: Mapping[str, Any]) -> str:
    password, is_open = str(form.get("password", "")), "open" in form
    if is_open and password:
        raise UsageError("an open network has no password; leave one of the two out")
    if not is_open and not password:
        raise UsageError('give the network\'s password, or choose "it has none"')
    return password
