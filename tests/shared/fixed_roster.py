"""A roster that tests write down."""

from ptt.leader.roster import Grants


class FixedRoster:
    """Grants by device; those not listed get `otherwise`."""

    def __init__(self, grants: "dict[bytes, Grants]", otherwise: "Grants | None" = None) -> None:
        self.grants = grants
        self._otherwise = otherwise or Grants()

    def lookup(self, device: bytes) -> Grants:
        return self.grants.get(device, self._otherwise)
