"""The newcomer's side of an enrolment: a connection to the leader, and its outcome."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel

from pressel.errors import PresselError, UnreachableError
from pressel.registry.code import place_of, plain_code
from pressel.transport.udp import Address

from . import exchange, lines, ways
from .exchange import Agreed, ByApproval, ByCode

LIMIT_S = 15.0  # for each line of the leader's, which agrees on keys one newcomer after the other
_NONCE_BYTES = 16

Model = TypeVar("Model", bound=BaseModel)


class Stream(Protocol):
    """What a connection is to this side."""

    def write(self, data: bytes, /) -> object: ...
    def flush(self) -> None: ...
    def readline(self, limit: int, /) -> bytes: ...


@dataclass(frozen=True)
class Newcomer:
    """A device that wants to join: 8 bytes of id, a name, and its own key of 32 bytes."""

    device: bytes
    name: str
    key: bytes


@dataclass(frozen=True)
class Outcome:
    """`check_code`: empty when the device is in; else the operator must see it on both sides."""

    groups: tuple[int, ...]
    check_code: str


def enrol(leader: Address, newcomer: Newcomer, code: str | None = None) -> Outcome:
    """Ask the leader at this TCP address to let `newcomer` in: by an invitation's `code`, or by
    its operator's approval. UsageError for an impossible code, PresselError when it is refused,
    UnreachableError when nobody answers."""
    plain = None if code is None else plain_code(code)
    try:
        with socket.create_connection(leader, LIMIT_S) as line:
            line.settimeout(LIMIT_S)
            with line.makefile("rwb") as stream:
                return converse(stream, newcomer, plain)
    except OSError as error:
        where = f"{leader[0]}:{leader[1]}"
        raise UnreachableError(
            f"no leader takes newcomers at {where} (TCP): {error.strerror or error}"
        ) from error


def converse(stream: Stream, newcomer: Newcomer, code: str | None) -> Outcome:
    """All lines of one enrolment: by a plain `code`, or by approval. Raises what `enrol` does."""
    if code is not None:
        half = ByCode(code, is_leader=False)
        question = lines.Question(
            version=lines.VERSION, way=ways.INVITE, place=place_of(code), part=half.part.hex()
        )
    else:
        half = ByApproval(secrets.token_bytes(_NONCE_BYTES))
        question = lines.Question(version=lines.VERSION, way=ways.APPROVAL, part=half.bound.hex())
    other = bytes.fromhex(_ask(stream, question, lines.Answer).part)
    agreed = half.agree(other) if isinstance(half, ByCode) else half.as_newcomer(other)
    if agreed is None:
        raise _other_leader()
    said = lines.Newcomer(
        device=newcomer.device.hex(), name=newcomer.name, key=newcomer.key.hex()
    ).model_dump_json()
    box = exchange.seal(agreed.request, said)
    if isinstance(half, ByCode):
        request = lines.Request(box=box)
    else:
        request = lines.Request(part=half.part.hex(), nonce=half.nonce.hex(), box=box)
    return _outcome(_ask(stream, request, lines.Reply), agreed)


def _outcome(reply: lines.Reply, agreed: Agreed) -> Outcome:
    opened = exchange.open_box(agreed.reply, reply.box)
    outcome = None if opened is None else lines.read(lines.Outcome, opened)
    if outcome is None:
        raise _other_leader()
    is_pending = outcome.state == "pending"
    return Outcome(tuple(outcome.groups), agreed.check_code if is_pending else "")


def _ask(stream: Stream, line: BaseModel, answer: type[Model]) -> Model:
    stream.write(line.model_dump_json(exclude_none=True).encode() + b"\n")
    stream.flush()
    said = stream.readline(lines.LINE_BYTES_MAX)
    refusal = lines.read(lines.Refusal, said)
    if refusal is not None:
        words = lines.REFUSALS.get(refusal.refused, lines.REFUSALS["line"])
        raise PresselError(f"not let in: {words}")
    found = lines.read(answer, said)
    if found is None:
        raise UnreachableError("what answers there is not a leader, or it went away")
    return found


def _other_leader() -> PresselError:
    return PresselError(
        "what answered does not have the code: it is not a leader of this venue, or it went away; "
        "check the address"
    )
