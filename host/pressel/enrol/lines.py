"""The lines of an enrolment's connection: four lines of JSON, each checked on arrival.

newcomer: Question · leader: Answer · newcomer: Request · leader: Reply. Instead of either of its
lines the leader may send a Refusal. Bytes are written in hexadecimal.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from pressel.registry.device import KEY_BYTES

from .ways import Way

VERSION = 1
LINE_BYTES_MAX = 2048  # the longest, a Request, has about 600


def _hex(least: int, most: int) -> StringConstraints:
    return StringConstraints(pattern=rf"^(?:[0-9a-f]{{2}}){{{least},{most}}}$")


Part = Annotated[str, _hex(32, 33)]  # a public value; SPAKE2's has a byte that says whose it is


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Question(_Line):
    """`place`: which invitation, the first letters of its code; of an approval, `part` is the hash
    that binds the newcomer to what it shows later."""

    version: int
    way: Way
    place: Annotated[str, StringConstraints(max_length=2)] = ""
    part: Part


class Answer(_Line):
    part: Part


class Request(_Line):
    """`part` and `nonce`: of an approval, what the Question's hash was of."""

    part: Part | None = None
    nonce: Annotated[str, _hex(16, 16)] | None = None
    box: Annotated[str, _hex(17, 400)]


class Reply(_Line):
    box: Annotated[str, _hex(17, 400)]


class Refusal(_Line):
    """`refused`: a key of `REFUSALS`. It is not authenticated: anybody on the network could have
    sent it."""

    refused: Annotated[str, StringConstraints(max_length=16)]


class Newcomer(_Line):
    """In the box of a Request: the newcomer, and the key that it made for itself."""

    device: Annotated[str, _hex(8, 8)]
    name: Annotated[str, StringConstraints(max_length=64)]
    key: Annotated[str, _hex(KEY_BYTES, KEY_BYTES)]


class Outcome(_Line):
    """In the box of a Reply: `active` at once, or `pending` until the operator's word."""

    state: Literal["active", "pending"]
    groups: list[Annotated[int, Field(ge=1, le=255)]] = []


# Why a leader says no, in words for whoever is refused.
REFUSALS = {
    "code": "the code is wrong, used or too old; have a new one made (`pressel device invite`)",
    "policy": "this leader does not let devices in that way; see --joining of `pressel host run`",
    "busy": "the leader has too many requests at once; try again in a minute",
    "full": "too many devices wait for the operator, or are registered; have the operator approve, "
    "deny or revoke some",
    "known": "the leader knows this device with another key or state; see `pressel device list "
    "--all` there",
    "name": "that name, or one that looks like it, is how Pressel itself is shown; choose another "
    "one with --name",
    "elsewhere": "this host stands by; ask the one that leads (see `pressel host status`)",
    "version": "the leader runs another version of Pressel; update the older of the two",
    "line": "the leader did not understand; update the older of the two",
    "failed": "the leader could not do it; see its log",
}

Model = TypeVar("Model", bound=BaseModel)


def read(model: type[Model], line: bytes | str) -> Model | None:
    """None for anything that is not such a line."""
    try:
        return model.model_validate_json(line)
    except ValidationError:
        return None
