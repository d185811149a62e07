"""Who belongs to which talk group and what each may do, as the operator decided it.

A leader asks its roster when somebody joins; the registry of devices provides one.
"""

from ..base.compat import const

GROUP_DEFAULT = const(1)  # everybody's talk group where there is no roster
ENTITLED_PRIORITY = const(1)  # may ask in the priority lane
ENTITLED_EMERGENCY = const(2)  # may take the floor from others in an emergency


class Grants:
    """What one device is granted: `groups` (numbers 1 to 127, highest scan priority first, at most
    `MEMBER_GROUPS_MAX`) and `entitlements`, a sum of ENTITLED_ numbers."""

    __slots__ = ("entitlements", "groups")

    def __init__(self, groups: "tuple[int, ...]" = (GROUP_DEFAULT,), entitlements: int = 0) -> None:
        self.groups = groups
        self.entitlements = entitlements


class OpenRoster:
    """Everybody in one group, and nobody above the others."""

    def lookup(self, device: bytes) -> Grants:
        """The grants of `device` (8 bytes)."""
        return Grants()
