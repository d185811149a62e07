"""How far a host believes a badge that says that somebody leads in a higher term.

An honest badge says so after a split, and the host must stand again in a term above that to be
obeyed by it. Nothing proves it, and whoever has one badge's keys could say it all day: each time
the venue would look for a leader for a moment, and once there are no terms left, for ever.
"""

from ..clock import since
from ..compat import const

TERM_JUMP_MAX = const(16384)  # 64 elections, more than hosts that cannot hear each other hold
CLAIMS_MAX = const(3)  # of one device within CLAIMS_MS: a day of many splits has so many
CLAIMS_MS = const(1800000)  # half an hour; at that rate the terms last for a year of attack
_CLAIMANTS_MAX = const(64)  # devices that are remembered; the attacker has one


class Claims:
    """When which device was believed."""

    def __init__(self) -> None:
        self._believed: list[tuple[bytes, int]] = []  # (device, when), the newest last

    def is_believed(self, device: bytes, jump: int, now_ms: int) -> bool:
        """That there is a leader in a term `jump` above ours; counts when it is."""
        if jump > TERM_JUMP_MAX:
            return False
        self._believed = [
            each for each in self._believed if 0 <= since(now_ms, each[1]) < CLAIMS_MS
        ][-_CLAIMANTS_MAX:]
        if len([who for who, _ in self._believed if who == device]) >= CLAIMS_MAX:
            return False
        self._believed.append((device, now_ms))
        return True
