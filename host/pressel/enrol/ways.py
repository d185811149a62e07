"""The ways in which a device that the registry does not know may be let in."""

from __future__ import annotations

from typing import Literal

ALLOWLIST = "allowlist"  # nobody over the network
INVITE = "invite"
APPROVAL = "approval"
JOINING = (ALLOWLIST, INVITE, APPROVAL)  # each lets in what those before it do, too

Way = Literal["invite", "approval"]
