"""Which role somebody needs to ask a host from another computer.

What is not here is for the machine's own users: it names files there, or is between hosts.
"""

from __future__ import annotations

from types import MappingProxyType

_SEE = (
    "status", "host status", "host computers", "host list", "host key", "bursts", "figures",
    "history",
    "device list", "device show", "device heard", "device batteries", "device loans",
    "device boards", "device waiting", "settings", "settings history", "settings status",
    "settings touched", "rollout status", "update status", "update list", "update signers",
    "update doubts", "recordings list",
)  # fmt: skip
_TALK = ("text", "recordings replay", "recordings send", "recordings sent", "recordings stop")
_MANAGE = (
    "audit list", "audit conflicts", "audit compare", "audit verify", "device add",
    "device adopt", "device approve", "device board", "device deny", "device erase", "device group",
    "device invite", "device lend", "device rename", "device replace", "device return",
    "device revoke", "device rotate", "rollout abort", "rollout go", "rollout pause",
    "recordings delete", "recordings open", "recordings piece", "recordings resend",
    "rollout start", "settings set", "update cancel", "update pause", "update stages",
    "update start",
)  # fmt: skip
_OWN = (
    "device key",
    "host allow",
    "host remove",
    "recordings hold",
    "recordings release",
    "registry undo",
    "update trust",
)

NEEDED = MappingProxyType(
    {
        verb: role
        for role, verbs in (("see", _SEE), ("talk", _TALK), ("manage", _MANAGE), ("own", _OWN))
        for verb in verbs
    }
)  # role by verb
HERE_ONLY = MappingProxyType(
    {
        "host computer": "it is between hosts",
        "host drain": "it concerns one host",
        "host resign": "it concerns one host",
        "host return": "it concerns one host",
        "log heads": "it is between hosts",
        "log look": "it is between hosts",
        "log page": "it is between hosts",
        "recordings copy": "it is between hosts",
        "registry backup": "it names a file there",
        "registry folder": "it names a folder there",
        "registry restore": "it names a file there",
        "settings mended": "it is between hosts",
        "update add": "the release must lie there first",
        "update put": "it carries a whole release",
        "update copy": "it is between hosts",
        "update look": "it is between hosts",
        "update piece": "it is between hosts",
        "update tell": "it is between hosts",
    }
)  # why a verb of the desk is not asked from elsewhere
