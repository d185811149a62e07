"""All that may be set in a pressel.toml or by PRESSEL_*: the one schema of configuration.

A field's default is what holds unless it is set; its description is what people read.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo

from pressel.enrol.ways import INVITE
from pressel.node.ports import HOSTS_PORT
from pressel.printable import is_printable
from pressel.transport.udp import parse_address
from ptt.base.numbers import NAME_BYTES_MAX, PORT

# Keys whose value the venue has as a setting by now: they hold while it says nothing.
MOVED = {"host.names_days": "people.names_days"}
PEERS_MAX = 16  # twice the hosts that a venue may have


def _address(port: int) -> AfterValidator:
    def check(text: str) -> str:
        parse_address(text, port)
        return text

    return AfterValidator(check)


def _name(text: str) -> str:
    if not 0 < len(text.encode(errors="replace")) <= NAME_BYTES_MAX or not is_printable(text):
        raise ValueError(f"a name has 1 to {NAME_BYTES_MAX} bytes, all of them printable")
    return text


def _listed(given: Any) -> Any:
    """A list, also from one line of the environment."""
    if not isinstance(given, str):
        return given
    return [each.strip() for each in given.split(",") if each.strip()]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class HostKeys(_Section):
    """The host that runs on this machine: `pressel leader`, `pressel host run`."""

    listen: Annotated[str, _address(PORT)] = Field(
        f"0.0.0.0:{PORT}", description="Address and UDP port for badges."
    )
    hosts: Annotated[str, _address(HOSTS_PORT)] | None = Field(
        None, description="Address and UDP port for other hosts."
    )
    peers: Annotated[list[Annotated[str, _address(HOSTS_PORT)]], BeforeValidator(_listed)] = Field(
        [],
        max_length=PEERS_MAX,
        description="Addresses of other hosts, where they do not find each other.",
    )
    node_class: int = Field(
        1, ge=0, le=255, alias="class", description="Hosts of a higher class lead before others."
    )
    discovery: bool = Field(True, description="Look for other hosts by mDNS and broadcast.")
    joining: Literal["allowlist", "invite", "approval"] = Field(
        INVITE, description="Which unknown devices may join."
    )
    state: str | None = Field(None, min_length=1, description="Folder for the host's files.")
    log_level: Literal["info", "warning"] = Field("info", description="What the log says.")
    log_file: str | None = Field(None, min_length=1, description="File that has the log, too.")
    backups: str | None = Field(
        None, min_length=1, description="Folder for backups of the registry; unset: none are made."
    )
    backup_every_h: int = Field(24, ge=1, le=24 * 365, description="Hours between two backups.")
    backup_keep: int = Field(14, ge=1, le=10_000, description="Keep this many backups.")
    names_days: int | None = Field(
        None,
        ge=1,
        le=3650,
        description="Now the venue's setting people.names_days; holds here while that is 0.",
    )
    judge_microphones: bool = Field(
        True,
        description="Look at 120 ms of each second of talk for wind and overload, then forget it.",
    )
    v1_bridge: bool = Field(False, description="Let old apps take part. Insecure.")


class BadgeKeys(_Section):
    """The soft badge: `pressel badge`."""

    leader: Annotated[str, _address(PORT)] | None = Field(
        None, description="Address of the leader; unset: the whole network is searched."
    )
    name: Annotated[str, AfterValidator(_name)] = Field(
        "soft badge", description="Name of the badge."
    )
    microphone: str | None = Field(None, description="Sound device that hears.")
    speaker: str | None = Field(None, description="Sound device that is heard.")


class Keys(_Section):
    """A whole file."""

    host: HostKeys = Field(default_factory=lambda: HostKeys.model_validate({}))
    badge: BadgeKeys = Field(default_factory=lambda: BadgeKeys.model_validate({}))


SECTIONS: dict[str, type[BaseModel]] = {"host": HostKeys, "badge": BadgeKeys}


def fields() -> dict[str, FieldInfo]:
    """The field of every key, by the name that people write, such as `host.listen`."""
    return {
        f"{section}.{field.alias or name}": field
        for section, model in SECTIONS.items()
        for name, field in model.model_fields.items()
    }
