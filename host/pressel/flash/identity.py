"""Who a badge is: its id, its key and its name, on which the badge and the registry must agree.

What the registry knows wins; what only the badge knows comes from a run that broke off before the
badge was registered, and is used again. So, whatever the moment of a failure, a second run ends
with the same in both.

A key is never written to a board that does not hold it: there are boards with one address, and two
badges with one key would throw each other out.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass

from pressel.errors import UsageError
from pressel.registry import alike
from pressel.registry.device import ACTIVE, KEY_BYTES, REVOKED, Device, checked_name
from pressel.registry.roll import Roll

from .messages import flash_error
from .nvs import NAMESPACE, make_nvs

MAC_BYTES = 6

Kept = dict[str, int | bytes]  # what a badge's storage holds in our namespace


@dataclass(frozen=True)
class Identity:
    """`device` has 8 bytes: the chip's address, and two that are zero unless somebody wanted
    another identity. `former`: other ids of this chip that the registry still lets in.
    `replaced`: the key that the registry has for it, which no longer lies in this board."""

    device: bytes
    key: bytes
    name: str
    former: tuple[str, ...] = ()
    replaced: bytes | None = None

    def nvs(self, size: int) -> bytes:
        """The partition of `size` bytes that the firmware reads it from."""
        values: Kept = {"device": self.device, "key": self.key, "name": self.name.encode()}
        return make_nvs({NAMESPACE: values}, size)


class Claims:
    """Which badges the boards of one run are, so that no two become the same."""

    def __init__(self) -> None:
        self._ports: dict[bytes, str] = {}
        self._lock = threading.Lock()

    def claim(self, device: bytes, port: str) -> None:
        """FlashError when the board on another port is that already."""
        with self._lock:
            other = self._ports.setdefault(device, port)
        if other != port:
            raise flash_error("one-address", port=port, other=other, device=device.hex())


def kept_device(mac: bytes, kept: Kept, known: list[Device]) -> bytes:
    """The badge's id: its own, else what the registry has for its chip, else one made from its
    address."""
    own = _own_device(mac, kept)
    if own:
        return own
    latest = max(_of_chip(mac, known), key=lambda each: each.changed_s, default=None)
    return bytes.fromhex(latest.id) if latest else mac + bytes(2)


def choose_identity(
    port: str,
    mac: bytes,
    kept: Kept,
    registry: Roll | None,
    *,
    name: str = "",
    is_new: bool = False,
    is_twin: bool = False,
) -> Identity:
    """FlashError when the badge was revoked and shall not be a new one, or when nobody can say
    which it was; UsageError when somebody else has the `name` that is asked for. One that `is_twin`
    is new, and shuts out nobody."""
    known = registry.devices() if registry is not None else []
    same_chip = _of_chip(mac, known)
    if len(same_chip) > 1 and not (is_new or is_twin or _own_device(mac, kept)):
        devices = " and ".join(f"{each.name} ({each.id})" for each in same_chip)
        raise flash_error("which-twin", port=port, devices=devices)
    device = kept_device(mac, kept, known)
    if is_new or is_twin:
        taken = {each.id for each in known} | {device.hex()}
        while device.hex() in taken:
            device = mac + (1 + secrets.randbelow(0xFFFF)).to_bytes(2, "big")
    entry = next((each for each in known if each.id == device.hex()), None)
    if entry is not None and entry.state == REVOKED:
        raise flash_error("revoked", device=device.hex(), port=port)
    known_key = registry.key(device.hex()) if registry is not None else None
    own_key, own_name = kept.get("key"), kept.get("name")
    is_own = kept.get("device") == device
    key = replaced = None
    if is_own and isinstance(own_key, bytes) and len(own_key) == KEY_BYTES:
        key = own_key if known_key in (None, own_key) else None
    if known_key is not None and key is None:
        replaced = known_key
    former = tuple(each.id for each in same_chip if each.id != device.hex() and not is_twin)
    mine = {device.hex(), *former}
    others = [each.name for each in known if each.state != REVOKED and each.id not in mine]
    if name:
        alike.check_free(name, others)
    elif entry is not None:
        name = entry.name
    else:  # what was copied from another chip has that one's name, too
        if isinstance(own_name, bytes) and not is_twin and _own_device(mac, kept):
            name = _usable(own_name)
        digits = device[-2:] if is_twin else mac[-2:]
        name = alike.free(name or f"badge {digits.hex()}", others)
    return Identity(device, key or secrets.token_bytes(KEY_BYTES), name, former, replaced)


def register(registry: Roll, identity: Identity, name: str, groups: tuple[int, ...]) -> None:
    """Let the registry have what the badge has; `name` and `groups` are what was asked for.

    FlashError when somebody changed the registry since `choose_identity`."""
    device = identity.device.hex()
    entry = next((each for each in registry.devices() if each.id == device), None)
    if entry is None or entry.state not in (ACTIVE, REVOKED):
        registry.adopt(device, identity.name, identity.key, groups or (1,), identity.former)
        return
    key = registry.key(device)
    if key is not None and key == identity.replaced:
        registry.rotate(device, identity.key)
    elif key != identity.key:
        raise flash_error("registry-changed", device=device)
    if name and entry.name != name:
        registry.rename(device, name)
    if groups and entry.groups != tuple(sorted(set(groups))):
        registry.set_groups(device, groups)


def _usable(kept: bytes) -> str:
    """The name in a badge's storage; nothing when no registry would take it."""
    try:
        return checked_name(kept.decode())
    except (UnicodeDecodeError, UsageError):
        return ""


def _own_device(mac: bytes, kept: Kept) -> bytes | None:
    """The id in the badge's storage, when it was made for this chip."""
    own = kept.get("device")
    is_own = isinstance(own, bytes) and len(own) == MAC_BYTES + 2 and own[:MAC_BYTES] == mac
    return own if is_own and isinstance(own, bytes) else None


def _of_chip(mac: bytes, known: list[Device]) -> list[Device]:
    """Active devices whose id begins with the chip's address."""
    return [each for each in known if each.state == ACTIVE and each.id.startswith(mac.hex())]
