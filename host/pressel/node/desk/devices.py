"""Who may take part: the one door by which commands read and change the registry of a venue.

Each verb is a call of `pressel.registry.store.Registry`; what lies behind it may change. Devices
are the venue's, so the host that leads keeps them; which hosts may take part, each host says for
itself. Keys are in hexadecimal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from pressel.registry.about_loans import GIVE_BACK, LEND
from pressel.registry.device import Device, Entitlements
from pressel.registry.store import Registry

from .verb import COPY, HERE, LEADER, WHO, Fields, Verb

WithRegistry = Callable[[Callable[[Registry], Any]], Any]


@dataclass(frozen=True)
class Call:
    """One verb: what it does to a registry."""

    name: str
    act: Callable[[Registry, Fields], Any]
    writes: bool = True
    place: str = LEADER
    shown: tuple[str, ...] = ()


def device_as_json(device: Device) -> dict[str, Any]:
    return asdict(device)


def device_of_json(told: dict[str, Any]) -> Device:
    rights = Entitlements(**told["entitlements"])
    return Device(**{**told, "groups": tuple(told["groups"]), "entitlements": rights})


def _devices(registry: Registry, fields: Fields) -> list[dict[str, Any]]:
    return [device_as_json(each) for each in registry.devices(fields.get("state"))]


def _key(registry: Registry, fields: Fields) -> str | None:
    key = registry.key(fields["id"])
    return None if key is None else key.hex()


def _add(registry: Registry, fields: Fields) -> str:
    rights = Entitlements(bool(fields["emergency"]), int(fields["priority"]))
    return registry.enrol(fields["id"], fields["name"], fields["groups"], rights).hex()


def _adopt(registry: Registry, fields: Fields) -> None:
    key, former = bytes.fromhex(fields["key"]), tuple(fields["former"])
    registry.adopt(fields["id"], fields["name"], key, fields["groups"], former)


def _rotate(registry: Registry, fields: Fields) -> str:
    key = fields.get("key")
    return registry.rotate(fields["id"], None if key is None else bytes.fromhex(key)).hex()


def _hosts(registry: Registry, fields: Fields) -> list[dict[str, Any]]:
    return [asdict(each) for each in registry.hosts()]


def _undo(registry: Registry, fields: Fields) -> list[dict[str, Any]]:
    steps = registry.undo(str(fields["host"]), int(fields["since_s"]), is_dry=bool(fields["dry"]))
    return [each.as_json() for each in steps]


CALLS = (
    Call("registry undo", _undo, shown=("host",)),
    Call("device list", _devices, False, COPY),
    Call("device show", lambda r, f: device_as_json(r.device(f["id"])), False, COPY),
    Call("device key", _key, False, COPY),
    Call("device add", _add, shown=("name", "id", "groups")),
    Call("device adopt", _adopt, shown=("name", "id", "groups", "former")),
    Call("device replace", lambda r, f: r.replace(f["old"], f["id"]).hex(), shown=("old", "id")),
    Call("device rotate", _rotate, shown=("id",)),
    Call("device rename", lambda r, f: r.rename(f["id"], f["name"]), shown=("id", "name")),
    Call("device group", lambda r, f: r.set_groups(f["id"], f["groups"]), shown=("id", "groups")),
    Call("device revoke", lambda r, f: r.revoke(f["id"]), shown=("id",)),
    Call("device erase", lambda r, f: r.erase(f["id"]), shown=("id",)),
    Call(LEND, lambda r, f: r.lend(f["id"], f["person"], f["note"]), shown=("id",)),
    Call(GIVE_BACK, lambda r, f: r.give_back(f["id"]), shown=("id",)),
    Call("device loans", lambda r, f: [each.as_json() for each in r.loans()], False, COPY),
    Call("device boards", lambda r, f: r.boards(), False, COPY),
    Call("device waiting", lambda r, f: r.waiting(f["word"]), False),
    Call("device approve", lambda r, f: r.approve(f["id"], f["groups"]), shown=("id", "groups")),
    Call("device deny", lambda r, f: r.deny(f["id"]), shown=("id",)),
    Call("device invite", lambda r, f: r.invite(f["groups"], f["life_s"]), shown=("groups",)),
    Call("host key", lambda r, f: r.own_key(), False, HERE),
    Call("host list", _hosts, False, HERE),
    Call("host allow", lambda r, f: r.allow_host(f["name"], f["key"]), True, HERE, ("name", "key")),
    Call("host remove", lambda r, f: r.remove_host(f["name"]), True, HERE, ("name",)),
)


def verbs(with_registry: WithRegistry) -> Iterable[Verb]:
    """`with_registry` gives its argument the host's registry, in the desk's thread."""
    for call in CALLS:
        yield Verb(
            call.name, _answer(call, with_registry), call.writes, call.place, True, call.shown,
            logs=True,
        )  # fmt: skip


def _answer(call: Call, with_registry: WithRegistry) -> Callable[[Fields], Any]:
    def act(registry: Registry, fields: Fields) -> Any:
        with registry.log.asked_by(fields.get(WHO, "")):
            return call.act(registry, fields)

    return lambda fields: with_registry(lambda registry: act(registry, fields))
