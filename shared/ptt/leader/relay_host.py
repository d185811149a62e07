"""One standby as its leader sees it: whether it may relay, and how well it does."""

from ..base.clock import NEVER, add, age, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import INT_MAX

if TYPE_CHECKING:
    from collections.abc import Callable

_ANSWERS = const(4)  # of a second, by which a relay is called slow
GONE_MS = const(900)  # three questions unanswered
SUSPEND_MS = const(
    10000
)  # one that served badly: several missed voice, or it was overloaded; doubles
SUSPEND_MS_MAX = const(300000)
SEVERAL = const(3)  # listeners that miss one relay within a second, or half of all that it has


class RelayHost:
    """Keys by which it sends are made of `secret` and `number`, which change with its process."""

    def __init__(self, random: "Callable[[int], bytes]", now_ms: int) -> None:
        self.start = 0  # of its process
        self.load_percent = 0
        self.is_ready = False  # it has the secret
        self.missed: set[int] = set()  # listeners, since the last plan
        self.was_told = True  # that it serves nobody
        self._rtts_ms: list[int] = []  # of the newest answers
        self._is_leaving = False
        self._heard_ms = NEVER
        self._suspended_ms = NEVER  # until then
        self._suspend_ms = SUSPEND_MS
        self.renew(random, now_ms)

    def renew(self, random: "Callable[[int], bytes]", now_ms: int) -> None:
        """Other keys."""
        self.number = 1 + int.from_bytes(random(4), "big") % INT_MAX
        self.secret = random(16)
        self.begun_ms = now_ms  # since when it has that secret
        self.is_ready = False

    @property
    def rtt_ms(self) -> int:
        """The shortest of late: one that is slow is always slow, and any machine now and then."""
        return min(self._rtts_ms) if self._rtts_ms else 0

    def take_load(self, fields: "list", now_ms: int) -> None:
        """RELAY_LOAD, of this term and process."""
        _, echo_ms, number, _, load, is_leaving = fields
        self._heard_ms = now_ms
        self._rtts_ms.append(age(now_ms, echo_ms))
        del self._rtts_ms[0:-_ANSWERS]
        self.is_ready = number == self.number
        self.load_percent = load
        self._is_leaving = is_leaving == 1

    def serves(self, now_ms: int) -> bool:
        """Whether it may have listeners."""
        if not self.is_ready or self._is_leaving or self._is_suspended(now_ms):
            return False
        return self._heard_ms != NEVER and age(now_ms, self._heard_ms) < GONE_MS

    def blame(self, node: int, served: int, now_ms: int) -> None:
        """`node` missed a burst that this one should have sent; `served`: the listeners that it
        still has."""
        self.missed.add(node)
        if len(self.missed) >= SEVERAL or served <= len(self.missed):
            self.suspend(now_ms)

    def suspend(self, now_ms: int) -> None:
        """It gets no listeners for a while, and each further time for twice as long."""
        if not self._is_suspended(now_ms):
            if self._suspended_ms != NEVER and age(now_ms, self._suspended_ms) > SUSPEND_MS_MAX:
                self._suspend_ms = SUSPEND_MS
            self._suspended_ms = add(now_ms, self._suspend_ms)
            self._suspend_ms = min(2 * self._suspend_ms, SUSPEND_MS_MAX)

    def _is_suspended(self, now_ms: int) -> bool:
        return self._suspended_ms != NEVER and since(now_ms, self._suspended_ms) < 0
