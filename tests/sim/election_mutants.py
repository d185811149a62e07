"""Elections with one fault each, and the promise that the explorer must see broken."""

from __future__ import annotations

from pressel.sim.explore.hosts import BOOT, RIVALS, SETTLED, Bounds
from ptt.base.clock import add
from ptt.base.numbers import HOST_LOST_MS
from ptt.cluster import election_rules, host_messages
from ptt.cluster.ballot import NOBODY
from ptt.cluster.election import Election
from ptt.cluster.election_rules import CANDIDATE, FOLLOWER, LEADER
from ptt.cluster.voters import Voters

TWO = Bounds(2, start=SETTLED)
THREE = Bounds(3, start=SETTLED, pauses=0, resignations=0)
ONE_TERM = Bounds(3, start=RIVALS, same_mark=True, pauses=0, resignations=0)


class Mutant(Election):
    bounds = TWO
    depth = 9
    breaks = "nothing"


class SkipsTheTermCheck(Mutant):
    """Obeys a leader of any term."""

    breaks = "highest term"

    def _on_heartbeat(self, index, fields, now_ms):
        fields[0] = max(fields[0], self.term)
        super()._on_heartbeat(index, fields, now_ms)


class IsNotFenced(Mutant):
    """Leads on when it hears of a higher term."""

    breaks = "higher term wins"

    def _hear_of(self, term, now_ms):
        if self.state != LEADER:
            super()._hear_of(term, now_ms)


class DoesNotYield(Mutant):
    """Leads on when it hears a leader of a higher term."""

    breaks = "high"

    def _fire(self, trigger, now_ms, index=-1):
        if (self.state, trigger) != (LEADER, election_rules.LEADER_HEARD):
            super()._fire(trigger, now_ms, index)


class ForgetsItsTerm(Mutant):
    """Forgets term and vote at a restart."""

    breaks = "terms go up"

    def __init__(self, own, hosts, record, now_ms):
        super().__init__(own, hosts, (0, NOBODY), now_ms)


class ForgetsItsVote(Mutant):
    """Knows its term after a restart, and not for whom it voted."""

    bounds = ONE_TERM
    breaks = "one vote a term"

    def __init__(self, own, hosts, record, now_ms):
        super().__init__(own, hosts, (record[0], NOBODY), now_ms)


class VotesForAll(Mutant):
    """Every host that asks in its current term gets its vote."""

    bounds = ONE_TERM
    breaks = "one vote a term"

    def _judge(self, index, term, settings, now_ms):
        answer = super()._judge(index, term, settings, now_ms)
        return host_messages.VOTE_GRANTED if term == self.term else answer


class SpeaksBeforeItIsWritten(Mutant):
    """Does not wait for its disk to say yes."""

    bounds = Bounds(3, start=BOOT, pauses=0, resignations=0, crashes=0)
    breaks = "written first"

    def _send(self, index, kind, values):
        stored, self._stored = self._stored, (self.term, self.vote)
        super()._send(index, kind, values)
        self._stored = stored


class LeadsBeforeItIsWritten(Mutant):
    """Does not wait for its disk to lead."""

    breaks = "written first"

    def _look_at_count(self, now_ms):
        if self.state == CANDIDATE and self.voters.has_quorum():
            self._fire(election_rules.QUORUM, now_ms)
        else:
            super()._look_at_count(now_ms)

    def _do_stand(self, trigger, now_ms):
        super()._do_stand(trigger, now_ms)
        self._look_at_count(now_ms)


class RaisesNoTerm(Mutant):
    """Stands in the term that it knows."""

    breaks = "one leader a term"

    def _take_term(self, term):
        if self.state != CANDIDATE or self.term == 0:
            super()._take_term(term)


class AsksNobodyBefore(Mutant):
    """Stands at once when its leader is silent: no pre-vote."""

    bounds = THREE
    breaks = "no idle term"

    def _do_sound_out(self, trigger, now_ms):
        self._forget_leader()
        self.state = CANDIDATE
        self._do_stand(trigger, now_ms)


class IsContentWithAMinority(Mutant):
    """Leads on when its majority is gone."""

    bounds = Bounds(3, start=SETTLED, pauses=0, resignations=0, crashes=0)
    breaks = "majority"

    def _fire(self, trigger, now_ms, index=-1):
        if trigger == election_rules.MINORITY:
            self._send_heartbeats(now_ms)
        else:
            super()._fire(trigger, now_ms, index)


class HalfIsEnough(Mutant):
    """Counts one of three voters as a majority."""

    bounds = THREE
    breaks = "no idle term"

    def __init__(self, own, hosts, record, now_ms):
        super().__init__(own, hosts, record, now_ms)
        self.voters = Half(own, hosts, 0, 0)


class Half(Voters):
    @property
    def quorum(self) -> int:
        return len(self.hosts) // 2


class StandsInMaintenance(Mutant):
    """Resigns, and stands again."""

    breaks = "maintenance"

    def resign(self, now_ms):
        super().resign(now_ms)
        self.state = FOLLOWER
        self._due_ms = add(now_ms, HOST_LOST_MS)


class Oversleeps(Mutant):
    """Does not notice that it stood still."""

    breaks = "overslept"

    def _notice_sleep(self, now_ms):
        pass


MUTANTS = (
    SkipsTheTermCheck,
    IsNotFenced,
    DoesNotYield,
    ForgetsItsTerm,
    ForgetsItsVote,
    VotesForAll,
    SpeaksBeforeItIsWritten,
    LeadsBeforeItIsWritten,
    RaisesNoTerm,
    AsksNobodyBefore,
    IsContentWithAMinority,
    HalfIsEnough,
    StandsInMaintenance,
    Oversleeps,
)
