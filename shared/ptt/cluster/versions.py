"""Versions of the settings: a number that rises with every change, whoever leads.

They end at `VERSION_MAX`. That is far away, unless somebody names one that no changes can have
brought: so hosts take, store and obey only what is within reach, see `is_within_reach`.
"""

from ..base.compat import const
from ..base.numbers import SETTINGS_JUMP_MAX, SETTINGS_SURE

VERSION_MAX = const(0x3FFFFFFE)  # a rollout may be taken back with the next one, which is INT_MAX


def is_within_reach(version: int, known: int) -> bool:
    """Whether a host that knows of version `known` believes another one that names `version`."""
    return version <= min(max(known, SETTINGS_SURE) + SETTINGS_JUMP_MAX, VERSION_MAX)
