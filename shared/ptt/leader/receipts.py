"""The leader's bookkeeping of bursts: who was to hear each, and who reported what.

It keeps several at a time, because the next burst begins before listeners have reported on the
last. It knows neither floor nor members, only numbers.
"""

from ..base.clock import NEVER, add, earliest, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import MEMBERS_MAX, RECEIPT_WAIT_MS

if TYPE_CHECKING:
    from typing import Protocol

    class ReceiptOutput(Protocol):
        """What a complete account needs done."""

        def send_receipt(
            self, group: int, talker: int, counts: tuple[int, int, int, int], now_ms: int
        ) -> None: ...


_ACCOUNTS_MAX = const(8)  # bursts that end within one wait; beyond that the oldest gets no receipt


class _Account:
    """What is known of one burst."""

    def __init__(self, lease: int, talker: int, listeners: "list[int]") -> None:
        self.lease = lease
        self.talker = talker
        self.listeners = {}  # node -> has it yet to report? At most MEMBERS_MAX
        for node in listeners:
            self.listeners[node] = True
        self.newcomers = {}  # node that joined since the last voice -> its previous node, or 0
        self.frames = 0  # of the burst, as far as they reached the leader
        self.heard = 0
        self.unspoilt = []  # frames played by each listener that missed none in between
        self.due_ms = NEVER  # end of the wait, once the burst is over

    def counts(self) -> "tuple[int, int, int, int]":
        # A listener cannot know of frames before the first or after the last that it got.
        whole = len([played for played in self.unspoilt if played >= self.frames])
        return (self.lease, len(self.listeners), self.heard, whole)

    def admit(self) -> None:
        """Newcomers get voice, too. One that was here before stays one listener."""
        for node, before in self.newcomers.items():
            has_to_report = self.listeners.pop(before, True)
            if len(self.listeners) < MEMBERS_MAX:
                self.listeners[node] = has_to_report
        self.newcomers = {}

    def is_complete(self) -> bool:
        return self.due_ms != NEVER and True not in self.listeners.values()


class Receipts:
    """Counts the reports of one talk group's last bursts."""

    def __init__(self, group: int, output: "ReceiptOutput") -> None:
        self._group = group
        self._output = output
        self._accounts: list[_Account] = []

    def begin(self, lease: int, talker: int, listeners: "list[int]") -> None:
        """A burst starts that `listeners` (node numbers) are to hear."""
        if len(self._accounts) == _ACCOUNTS_MAX:
            self._accounts.pop(0)
        self._accounts.append(_Account(lease, talker, listeners))

    def joined(self, node: int, before: int = 0) -> None:
        """`node` hears the group from now on; `before`: its previous number, 0 for none."""
        for account in self._accounts:
            if account.due_ms == NEVER:
                before = account.newcomers.pop(before, before)
                account.newcomers[node] = before

    def on_voice(self, lease: int, end: int) -> None:
        """Voice is relayed; `end` is the number after its last frame."""
        account = self._find(lease)
        if account is None:
            return
        if account.newcomers:
            account.admit()
        account.frames = max(account.frames, end)

    def end(self, lease: int, now_ms: int) -> None:
        """The burst is over; reports that have not come are awaited for a while."""
        account = self._find(lease)
        if account is not None:
            account.due_ms = add(now_ms, RECEIPT_WAIT_MS)
            account.newcomers = {}  # nothing was passed on to them
            self._tell_when_complete(account, now_ms)

    def awaits(self, node: int, lease: int) -> bool:
        """Has `node` yet to report on the burst?"""
        account = self._find(lease)
        return account is not None and account.listeners.get(node, False)

    def frames_of(self, lease: int) -> int:
        """How many frames of the burst have come: nobody can have heard more."""
        account = self._find(lease)
        return 0 if account is None else account.frames

    def on_report(
        self, node: int, lease: int, played: int, concealed: int, late: int, now_ms: int
    ) -> bool:
        """RECEIVER_REPORT; False when its burst does not await one, or it was counted before."""
        account = self._find(lease)
        if account is None or not account.listeners.get(node, False):
            return False
        account.listeners[node] = False
        if played:
            account.heard += 1
            if not concealed and not late:
                account.unspoilt.append(played)
        self._tell_when_complete(account, now_ms)
        return True

    def handle_timeout(self, now_ms: int) -> None:
        for account in self._accounts[:]:
            if account.due_ms != NEVER and since(now_ms, account.due_ms) >= 0:
                self._tell(account, now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due = NEVER
        for account in self._accounts:
            due = earliest(due, account.due_ms)
        return due

    def _find(self, lease: int) -> "_Account | None":
        for account in self._accounts:
            if account.lease == lease:
                return account
        return None

    def _tell_when_complete(self, account: _Account, now_ms: int) -> None:
        if account.is_complete():
            self._tell(account, now_ms)

    def _tell(self, account: _Account, now_ms: int) -> None:
        self._accounts.remove(account)
        self._output.send_receipt(self._group, account.talker, account.counts(), now_ms)
