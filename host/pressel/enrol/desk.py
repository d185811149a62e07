"""The leader's side of enrolments: what it answers to each line, by the registry that it is given.

Knows no sockets. One `Conversation` is one newcomer's connection.
"""

from __future__ import annotations

from dataclasses import dataclass

from pressel.errors import UsageError
from pressel.registry.alike import is_reserved
from pressel.registry.device import ACTIVE, checked_name
from pressel.registry.device_table import FullError
from pressel.registry.store import Registry

from . import exchange, lines, ways
from .exchange import Agreed, ByApproval, ByCode


class RefusedError(Exception):
    """`reason`: a key of `lines.REFUSALS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Enrolled:
    """The outcome of a conversation; `check_code` if it waits for the operator."""

    state: str
    device: str
    name: str
    check_code: str


class Conversation:
    """`joining`: one of `ways.JOINING`."""

    def __init__(self, joining: str) -> None:
        self._joining = joining
        self._question: lines.Question | None = None
        self._code = ""
        self._half: ByCode | ByApproval | None = None

    def on_question(self, registry: Registry, line: bytes) -> str:
        """The answer; RefusedError."""
        question = lines.read(lines.Question, line)
        if question is None:
            raise RefusedError("line")
        if question.version != lines.VERSION:
            raise RefusedError("version")
        if ways.JOINING.index(question.way) > ways.JOINING.index(self._joining):
            raise RefusedError("policy")
        self._question = question
        if question.way == ways.APPROVAL:
            self._half = ByApproval()
        else:
            code = registry.invited(question.place)
            if code is None:
                raise RefusedError("code")
            self._code = code
            self._half = ByCode(code, is_leader=True)
        return lines.Answer(part=self._half.part.hex()).model_dump_json()

    def on_request(self, registry: Registry, line: bytes) -> tuple[str, Enrolled]:
        """The reply and the outcome; RefusedError."""
        request = lines.read(lines.Request, line)
        assert self._question is not None
        if request is None:
            raise RefusedError("line")
        if isinstance(self._half, ByCode):
            if not registry.try_invitation(self._question.place):
                raise RefusedError("code")
            agreed = self._half.agree(bytes.fromhex(self._question.part))
        else:
            agreed = self._shown(request)
        opened = agreed and exchange.open_box(agreed.request, request.box)
        if agreed is None or opened is None:
            raise RefusedError("code" if self._code else "line")
        newcomer = lines.read(lines.Newcomer, opened)
        if newcomer is None:
            raise RefusedError("line")
        return self._enrol(registry, newcomer, agreed)

    def _shown(self, request: lines.Request) -> Agreed | None:
        """Of an approval: only what the newcomer was bound to before."""
        assert isinstance(self._half, ByApproval) and self._question is not None
        part, nonce = bytes.fromhex(request.part or ""), bytes.fromhex(request.nonce or "")
        if exchange.bound(part, nonce).hex() != self._question.part:
            return None
        return self._half.as_leader(part, nonce)

    def _enrol(
        self, registry: Registry, newcomer: lines.Newcomer, agreed: Agreed
    ) -> tuple[str, Enrolled]:
        device, name, key = newcomer.device, newcomer.name, bytes.fromhex(newcomer.key)
        try:
            checked_name(name)
        except UsageError:
            raise RefusedError("line") from None
        if is_reserved(name):
            raise RefusedError("name")
        groups: tuple[int, ...] | None = ()
        state = ACTIVE
        try:
            if self._code:
                groups = registry.redeem(self._code, device, name, key)
            else:
                state = registry.ask(device, name, key, agreed.check_code)
        except FullError:
            raise RefusedError("full") from None
        except UsageError:
            raise RefusedError("known") from None
        if groups is None:
            raise RefusedError("code")
        outcome = lines.Outcome.model_validate({"state": state, "groups": list(groups)})
        box = exchange.seal(agreed.reply, outcome.model_dump_json())
        reply = lines.Reply(box=box).model_dump_json()
        name = registry.device(device).name  # there may have been one of that name
        return reply, Enrolled(state, device, name, agreed.check_code)
