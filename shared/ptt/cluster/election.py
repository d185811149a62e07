"""Which of several hosts leads: one host's side of it.

After Raft (Ongaro and Ousterhout, 2014): terms, one vote a term, a pre-vote that raises no term
while a leader is heard, a majority where three or more hosts vote. Beyond it: the ranks of hosts
stagger their candidacies, so that the best one stands first; with one or two voters each side of
a split serves its badges, and the lower term yields when they meet again.

It carries none of a leader's state. Its owner writes the output of `poll_store` to a disk and
confirms it with `on_stored`; what depends on it is not sent before. Datagrams are those of
`host_wire`; `source` and `destination` are hosts (8 bytes), which the channel between hosts has
authenticated. Mutable state is in plain attributes with immutable values, so that a copy of them is
a snapshot.
"""

from ..base.clock import FAR_MS, NEVER, add, age, earliest, since
from ..base.compat import TYPE_CHECKING
from ..base.counters import Counters
from ..base.event_queue import EventQueue
from ..base.numbers import (
    ELECTION_MS,
    ELECTION_REPEAT_MS,
    ELECTION_SPREAD_MS,
    ELECTION_STAGGER_MS,
    EVENTS_MAX,
    HOST_HEARTBEAT_MS,
    HOST_LOST_MS,
    RESIGN_REPEATS,
)
from ..base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules
from ..wire.refusal import Refused
from . import host_messages
from . import host_wire as host
from .ballot import NOBODY, TERM_MAX, can_stand, is_plausible, next_term, outranks
from .election_events import (
    ATTEMPT,
    ATTEMPT_FAILED,
    BECAME_LEADER,
    LEADER_IS,
    LEADER_LOST,
    LOST_LEADERSHIP,
    TERM_DOUBTED,
    TERMS_USED_UP,
)
from .election_rules import (
    CANDIDATE,
    FOLLOWER,
    HIGHER_TERM,
    LEADER,
    LEADER_HEARD,
    LEADER_SILENT,
    MINORITY,
    NO_QUORUM,
    OVERSLEPT,
    PRE_CANDIDATE,
    QUORUM,
    RESIGN,
    RESIGNED,
    RETURN,
    RULES,
    VOTED,
)
from .versions import is_within_reach
from .voters import Voters

if TYPE_CHECKING:
    from typing import Any

_RULES = compile_rules(RULES)

KEPT = (  # of an election's values, in a snapshot
    "state",
    "term",
    "vote",
    "leader",
    "leader_term",
    "_stored",
    "_handed",
    "_held",
    "_promised",
    "_over_term",
    "_tries",
)

# Counters.
COUNTED = "attempts failures elected demoted malformed strangers implausible"
ATTEMPTS, FAILURES, ELECTED, DEMOTED, MALFORMED, STRANGERS, IMPLAUSIBLE = range(7)

_LATE_MS = HOST_LOST_MS - HOST_HEARTBEAT_MS  # a leader this late was silent HOST_LOST_MS
# Two hosts that heard the same last heartbeat must not tell each other that the leader lives only
# because one clock is a little slower: a host that is asked misses the leader one heartbeat
# earlier.
_VOTER_LOST_MS = HOST_LOST_MS - HOST_HEARTBEAT_MS
_HELD_MAX = 32  # messages that wait for the disk


class Outgoing:
    """One message to send: `data` (bytes) and `destination` (a host)."""

    __slots__ = ("data", "destination")

    def __init__(self, data: bytes, destination: bytes) -> None:
        self.data = data
        self.destination = destination


class Election:
    """One host. `record` is what was stored last, (term, vote), or (0, NOBODY) at its very first
    start; `hosts` are all voters, this one (`own`) among them. Higher `node_class` stands first,
    then higher `capabilities` (0..255), then the lower host."""

    def __init__(
        self,
        own: bytes,
        hosts: "tuple[bytes, ...]",
        record: "tuple[int, bytes]",
        now_ms: int,
        node_class: int = 0,
        capabilities: int = 0,
    ) -> None:
        self.own = own
        self.voters = Voters(own, hosts, node_class, capabilities)
        self.state = FOLLOWER
        self.term, self.vote = record  # highest term known; the host that has our vote in it
        self.leader = NOBODY  # the host that we follow, or ourselves
        self.leader_term = 0
        self.settings = 0  # highest version that this host keeps or has read of; 0: not told
        self.counts = Counters(COUNTED)
        self.convergence_ms = -1  # how long the last search for a leader took; -1: none yet
        self._stored = record
        self._handed = record  # handed to the disk, which has not answered yet
        self._held: tuple[tuple[bytes, bytes], ...] = ()
        self._heard_ms = now_ms  # the leader, or when we began to listen for one
        self._promised = NOBODY  # the host to which we gave time to become leader
        self._promised_ms = now_ms  # until then
        self._over_term = 0  # a leader resigned from it: its late heartbeats no longer count
        self._tries = 0  # since a leader was heard, modulo 8
        self._doubted: tuple[bytes, ...] = ()  # voters that were told of: `TERM_DOUBTED`
        self._leaderless_ms = now_ms
        self._due_ms = now_ms
        self._close_ms = now_ms  # of a candidate: when the time for answers is up
        self._out: list[Outgoing] = []
        self._events = EventQueue(EVENTS_MAX)
        if len(hosts) > 1:
            self._do_listen(LEADER_SILENT, now_ms)

    # --- the engine interface ---

    def receive_datagram(self, data: "Any", source: bytes, now_ms: int) -> None:
        """Obey one message of `host_wire` from host `source`; count what is not ours."""
        self._notice_sleep(now_ms)
        index = self.voters.index(source)
        if index < 0 or index == self.voters.own:
            self.counts.add(STRANGERS)
            return
        try:
            kind, fields = host.decode(data)
        except Refused:
            self.counts.add(MALFORMED)
            return
        on_message = _ON.get(kind)
        named = max(fields[0], fields[3]) if kind in _PROPOSE else fields[0]
        if on_message is not None and self.believes(source, named):
            self.voters.learn(index, fields[1], fields[2])
            getattr(self, on_message)(index, fields, now_ms)

    def handle_timeout(self, now_ms: int) -> None:
        self._notice_sleep(now_ms)
        if self.state == LEADER:
            if self.voters.majority_silent_ms(now_ms) >= HOST_LOST_MS:
                self._fire(MINORITY, now_ms)
            elif self._due_ms != NEVER and since(now_ms, self._due_ms) >= 0:
                self._send_heartbeats(now_ms)
        elif self._due_ms != NEVER and since(now_ms, self._due_ms) >= 0:
            if self.state in (PRE_CANDIDATE, CANDIDATE):
                self._go_on_counting(now_ms)
            elif self.state == FOLLOWER and not can_stand(self.term):
                self._give_up_standing()
            else:
                self._fire(LEADER_SILENT, now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `clock.NEVER`."""
        if self.state == LEADER and self.voters.quorum > 1:
            silent_ms = self.voters.majority_silent_ms(self._due_ms)
            return earliest(self._due_ms, add(self._due_ms, HOST_LOST_MS - silent_ms))
        return self._due_ms

    def poll_transmit(self) -> "Outgoing | None":
        """The next message to send."""
        return self._out.pop(0) if self._out else None

    def next_event(self) -> "tuple[int, Any] | None":
        return self._events.poll()

    # --- the disk, and the operator ---

    def poll_store(self) -> "tuple[int, bytes] | None":
        """(term, vote) to write to a disk, behind those before it, and to confirm with
        `on_stored`; None when there is nothing."""
        record = (self.term, self.vote)
        if record == self._handed:
            return None
        self._handed = record
        return record

    def on_stored(self, record: "tuple[int, bytes]", now_ms: int) -> None:
        """`record` is on the disk: what depends on it may be sent."""
        self._stored = record
        if record != (self.term, self.vote):
            return  # overtaken: a newer one is on its way
        for destination, data in self._held:
            self._out.append(Outgoing(data, destination))
        self._held = ()
        if self.state == CANDIDATE:
            self._look_at_count(now_ms)

    def resign(self, now_ms: int) -> None:
        """For maintenance: do not lead, and do not stand until `return_to_duty`."""
        self._fire(RESIGN, now_ms)

    def return_to_duty(self, now_ms: int) -> None:
        self._fire(RETURN, now_ms)

    def configure(self, hosts: "tuple[bytes, ...]", now_ms: int) -> None:
        """These are the voters from now on, this host among them. ValueError as at the start."""
        before = self.voters
        node_class, capabilities, _ = before.standings[before.own]
        self.voters = Voters(self.own, hosts, node_class, capabilities)
        for index in range(len(before.hosts)):
            now_at = self.voters.index(before.hosts[index])
            if now_at >= 0 and index != before.own:
                self.voters.learn(now_at, before.standings[index][0], before.standings[index][1])
        if self.leader != NOBODY and self.leader not in self.voters.hosts:
            self._forget_leader()
        if self.state == LEADER:
            self.voters.begin_hearing(now_ms)
            self._send_heartbeats(now_ms)
        else:
            self._fire(NO_QUORUM, now_ms)  # of a count that was going on

    def hear_of(self, term: int, now_ms: int) -> None:
        """A badge has seen `term`: to lead it, a host must stand in a higher one. A term that is
        not plausible, or the last one, is not believed: whoever told of the badge has named it."""
        if not is_plausible(term, self.term) or not can_stand(term):
            self.counts.add(IMPLAUSIBLE)
        elif term > self.term:
            self._hear_of(term, now_ms)

    def keep_settings(self, version: int) -> None:
        """This host has settings of `version` on its disk or in its log: it votes for nobody who
        has older ones, as long as it could lead itself."""
        self.settings = max(self.settings, version)

    def follows(self, host: bytes, term: int) -> bool:
        """Whether `host`, another one, leads us in `term`."""
        return host != self.own and (host, term) == (self.leader, self.leader_term)

    def hears_leader(self, now_ms: int) -> bool:
        """Whether we lead, or have heard the leader within HOST_LOST_MS."""
        return self._hears_leader_for(now_ms, HOST_LOST_MS)

    def _hears_leader_for(self, now_ms: int, limit_ms: int) -> bool:
        if self.state == LEADER:
            return True
        return self.leader != NOBODY and since(now_ms, self._heard_ms) < limit_ms

    # --- messages in ---

    def believes(self, source: bytes, term: int) -> bool:
        """Whether there may be such a term as host `source` names. If not, that is told, but only
        once for each host: it says so ten times a second."""
        if is_plausible(term, self.term):
            return True
        self.counts.add(IMPLAUSIBLE)
        if source not in self._doubted:
            self._doubted += (source,)
            self._events.push(TERM_DOUBTED, (source, term))
        return False

    def _on_heartbeat(self, index: int, fields: "list", now_ms: int) -> None:
        term, _, _, sent_ms = fields
        if term < self.term or term <= self._over_term:
            self._answer_heartbeat(index, sent_ms)  # it learns that it is stale
            return
        if self.state == LEADER and term == self.term and not self.voters.is_outranked_by(index):
            self._send_heartbeats(now_ms)  # two hosts with one mark: the other one yields
            return
        self._take_term(term)
        self._fire(LEADER_HEARD, now_ms, index)
        self._answer_heartbeat(index, sent_ms)

    def _on_heartbeat_ack(self, index: int, fields: "list", now_ms: int) -> None:
        term, _, _, echo_ms = fields
        if term > self.term:
            self._hear_of(term, now_ms)
        elif term == self.term and self.state == LEADER and age(now_ms, echo_ms) <= FAR_MS:
            self.voters.hear(index, echo_ms)  # an older one says nothing; nor does one to come

    def _on_pre_vote_request(self, index: int, fields: "list", now_ms: int) -> None:
        proposal = fields[3]
        answer = self._judge(index, proposal, fields[4], now_ms)
        if answer == host_messages.VOTE_GRANTED:
            is_rival = self.state in (PRE_CANDIDATE, CANDIDATE)
            makes_way = self.voters.is_outranked_by(index) or self._keeps_less(index, fields[4])
            if is_rival and not makes_way:
                answer = host_messages.VOTE_RIVAL
            elif self.state != CANDIDATE:
                self._fire(VOTED, now_ms)
        self._send(index, host_messages.PRE_VOTE, (proposal, answer))

    def _on_pre_vote(self, index: int, fields: "list", now_ms: int) -> None:
        term, _, _, proposal, answer = fields
        if term > self.term:
            self._hear_of(term, now_ms)
        elif self.state == PRE_CANDIDATE and proposal == next_term(self.term, self.own):
            self.voters.count(index, answer == host_messages.VOTE_GRANTED)
            self._look_at_count(now_ms)

    def _on_vote_request(self, index: int, fields: "list", now_ms: int) -> None:
        term = fields[0]
        asking = self.voters.hosts[index]
        answer = self._judge(index, term, fields[3], now_ms)
        if term == self.term and self.vote == asking:
            answer = host_messages.VOTE_GRANTED  # the answer was lost
        elif answer == host_messages.VOTE_GRANTED:
            self._take_term(term)
            assert self.vote in (NOBODY, asking), "two votes in one term"
            self.vote = asking
            self._promised = asking
            self._promised_ms = add(now_ms, ELECTION_MS)
            self._fire(VOTED, now_ms)
        self._send(index, host_messages.VOTE, (answer,))

    def _on_vote(self, index: int, fields: "list", now_ms: int) -> None:
        term, _, _, answer = fields
        if term > self.term:
            self._hear_of(term, now_ms)
        elif self.state == CANDIDATE and (term == self.term or answer):
            self.voters.count(index, answer == host_messages.VOTE_GRANTED)
            self._look_at_count(now_ms)

    def _on_resigned(self, index: int, fields: "list", now_ms: int) -> None:
        term = fields[0]
        if self.leader == self.voters.hosts[index] and self.leader_term == term:
            self._over_term = term
            self._forget_leader()
            rank = self.voters.rank(index)
            if not self.voters.keeps_state(self.voters.own):
                rank += 1  # another one may keep it, of which we have not heard yet
            self._due_ms = add(now_ms, rank * ELECTION_STAGGER_MS)

    def _judge(self, index: int, term: int, settings: int, now_ms: int) -> int:
        """What we answer that voter, which would lead in `term` with the `settings` that it
        keeps."""
        asking = self.voters.hosts[index]
        if self.leader != asking and self._hears_leader_for(now_ms, _VOTER_LOST_MS):
            return host_messages.VOTE_LEADER_LIVES
        if term < self.term or (term == self.term and self.vote not in (NOBODY, asking)):
            return host_messages.VOTE_OLD_TERM
        if self._promised not in (NOBODY, asking) and since(now_ms, self._promised_ms) < 0:
            return host_messages.VOTE_PROMISED
        can_lead = self.state != RESIGNED and can_stand(self.term)
        if can_lead and self._keeps_more(index, settings):  # then we stand, and have its yes
            return host_messages.VOTE_OLDER
        return host_messages.VOTE_GRANTED

    def _keeps_more(self, index: int, settings: int) -> bool:
        """Whether we have newer settings than that voter, which names the version `settings` (0:
        none), or as new ones and the state of a leader, which it has not. This orders the hosts
        that can lead, so the last of them has everybody's yes."""
        if settings > self.settings:
            return False
        if 0 < settings < self.settings:
            return True
        voters = self.voters
        return voters.keeps_state(voters.own) and not voters.keeps_state(index)

    def _keeps_less(self, index: int, settings: int) -> bool:
        """Whether that voter could say the same of us. Of a version that is out of reach, or where
        we have none, nothing is known."""
        if settings > self.settings:
            return self.settings > 0 and is_within_reach(settings, self.settings)
        voters = self.voters
        is_as_new = settings == self.settings
        return is_as_new and voters.keeps_state(index) and not voters.keeps_state(voters.own)

    def _hear_of(self, term: int, now_ms: int) -> None:
        self._take_term(term)
        self._fire(HIGHER_TERM, now_ms)

    # --- the count ---

    def _begin_count(self, now_ms: int) -> None:
        self.voters.begin_count()
        self._due_ms = add(now_ms, ELECTION_REPEAT_MS)
        self._close_ms = add(now_ms, ELECTION_MS)
        self._ask()

    def _ask(self) -> None:
        """The voters that have not answered."""
        kind, values = host_messages.VOTE_REQUEST, (self.settings,)
        if self.state == PRE_CANDIDATE:
            kind = host_messages.PRE_VOTE_REQUEST
            values = (next_term(self.term, self.own), self.settings)
        for index in range(len(self.voters.hosts)):
            if not self.voters.asked & 1 << index:
                self._send(index, kind, values)

    def _look_at_count(self, now_ms: int) -> None:
        """Enough, never enough, or wait. Where one voter is enough, sounding out still waits for
        the other: it may hear a leader."""
        voters = self.voters
        if self.state == CANDIDATE:
            is_won = voters.has_quorum() and self._stored == (self.term, self.vote)
        else:
            is_won = voters.has_quorum() and (voters.quorum > 1 or voters.all_said_yes())
        if is_won:
            self._fire(QUORUM, now_ms)
        elif voters.cannot_win() or (voters.quorum == 1 and voters.somebody_said_no()):
            self._fire(NO_QUORUM, now_ms)

    def _go_on_counting(self, now_ms: int) -> None:
        """Ask voters that have not answered again, until the time for answers is up."""
        if since(now_ms, self._close_ms) < 0:
            self._due_ms = earliest(self._close_ms, add(now_ms, ELECTION_REPEAT_MS))
            self._ask()
            return
        is_alone = self.state == PRE_CANDIDATE and self.voters.quorum == 1
        if is_alone and not self.voters.somebody_said_no():
            self._fire(QUORUM, now_ms)
        else:
            self._fire(NO_QUORUM, now_ms)

    # --- all of it, for the explorer ---

    def snapshot(self, now_ms: int) -> "tuple":
        """What its future depends on: (values, ages in ms, who answered a candidate, who said yes,
        how long ago each voter followed us). It leaves out what no rule reads, so that equal
        futures are equal tuples; the age of what never comes is None."""
        is_promised = self._promised != NOBODY and since(self._promised_ms, now_ms) > 0
        is_follower = self.leader not in (NOBODY, self.own)
        is_counting = self.state in (PRE_CANDIDATE, CANDIDATE)
        values = [getattr(self, name) for name in KEPT]
        if not is_promised:
            values[KEPT.index("_promised")] = NOBODY
        ages = (
            since(now_ms, self._heard_ms) if is_follower else 0,
            since(now_ms, self._promised_ms) if is_promised else 0,
            None if self._due_ms == NEVER else since(now_ms, self._due_ms),
            since(now_ms, self._close_ms) if is_counting else 0,
        )
        voters = self.voters
        counts = (voters.asked, voters.granted) if is_counting else (0, 0)
        heard = [0] * len(voters.hosts)
        if self.state == LEADER:
            heard = [since(now_ms, heard_ms) for heard_ms in voters.heard_ms]
        return (tuple(values), ages) + counts + (tuple(heard),)

    def restore(self, snapshot: "tuple", now_ms: int) -> None:
        """Be as `snapshot` says, with the voters that are here."""
        values, ages, self.voters.asked, self.voters.granted, heard = snapshot
        for name, value in zip(KEPT, values):
            setattr(self, name, value)
        self._heard_ms, self._promised_ms, self._due_ms, self._close_ms = [
            NEVER if age_ms is None else add(now_ms, -age_ms) for age_ms in ages
        ]
        self.voters.heard_ms = tuple([add(now_ms, -age_ms) for age_ms in heard])

    # --- time, terms, and the table ---

    def _notice_sleep(self, now_ms: int) -> None:
        if self._promised != NOBODY and since(now_ms, self._promised_ms) >= 0:
            self._promised = NOBODY  # at once: in a week that time would lie ahead again
        due_ms = self.next_timeout_ms()
        if len(self.voters.hosts) == 1 or due_ms == NEVER:
            return
        if since(now_ms, due_ms) >= _LATE_MS:
            self._fire(OVERSLEPT, now_ms)

    def _give_up_standing(self) -> None:
        """There is no term above. Others are followed, as long as they find one."""
        self._forget_leader()
        self._due_ms = NEVER
        self._events.push(TERMS_USED_UP, self.term)

    def _take_term(self, term: int) -> None:
        assert term <= TERM_MAX, "a term beyond the last"
        if term > self.term:
            self.term = term
            self.vote = NOBODY
            self._held = ()  # belongs to an older term: a host that needs it asks again
            if self.state != LEADER:
                self._forget_leader()  # a leader below it no longer leads

    def _own_rank(self) -> int:
        return self.voters.rank(self.voters.index(self.leader))

    def _forget_leader(self) -> None:
        if self.leader != NOBODY:
            self._events.push(LEADER_LOST, (self.leader, self.leader_term))
            self._leaderless_ms = self._heard_ms
        self.leader = NOBODY
        self.leader_term = 0

    def _found_leader(self, leader: bytes, now_ms: int) -> None:
        self.convergence_ms = age(now_ms, self._leaderless_ms)
        self.leader = leader
        self.leader_term = self.term
        self._tries = 0

    def _fire(self, trigger: int, now_ms: int, index: int = -1) -> None:
        cell = _RULES[0][self.state << TRIGGER_BITS | trigger]
        if not cell:
            return
        self.state = cell >> ACTION_BITS
        action = _RULES[1][cell & ACTION_MASK]
        getattr(self, "_do_" + action)(index if trigger == LEADER_HEARD else trigger, now_ms)

    def _do_follow(self, index: int, now_ms: int) -> None:
        leader = self.voters.hosts[index]
        self._heard_ms = now_ms
        if (leader, self.term) != (self.leader, self.leader_term):
            self._found_leader(leader, now_ms)
            self._events.push(LEADER_IS, (leader, self.term))
        wait_ms = HOST_LOST_MS + self.voters.rank(index) * ELECTION_STAGGER_MS
        self._due_ms = add(now_ms, wait_ms)

    def _do_listen(self, trigger: int, now_ms: int) -> None:
        if trigger == OVERSLEPT:
            self._forget_leader()
        self._heard_ms = now_ms
        self._due_ms = add(now_ms, HOST_LOST_MS + self._own_rank() * ELECTION_STAGGER_MS)

    def _do_miss(self, trigger: int, now_ms: int) -> None:
        self._forget_leader()
        self._due_ms = NEVER

    def _do_sound_out(self, trigger: int, now_ms: int) -> None:
        self._forget_leader()
        proposal = next_term(self.term, self.own)
        self.counts.add(ATTEMPTS)
        self._events.push(ATTEMPT, proposal)
        self._begin_count(now_ms)
        self._look_at_count(now_ms)

    def _do_stand(self, trigger: int, now_ms: int) -> None:
        self._take_term(next_term(self.term, self.own))
        self.vote = self.own
        self._begin_count(now_ms)

    def _do_back_off(self, trigger: int, now_ms: int) -> None:
        self.counts.add(FAILURES)
        self._events.push(ATTEMPT_FAILED, (self.term, trigger))
        self._tries = self._tries + 1 & 7
        # It differs from host to host and from try to try, but is the same in every run.
        spread_ms = self._tries * (2 * self.own[0] + 1) % ELECTION_SPREAD_MS
        rank_ms = self._own_rank() * ELECTION_STAGGER_MS
        self._due_ms = add(now_ms, ELECTION_MS + rank_ms + spread_ms)

    def _do_make_way(self, trigger: int, now_ms: int) -> None:
        """Give the host that stands before us time to win."""
        due_ms = add(now_ms, ELECTION_MS + (self._own_rank() + 1) * ELECTION_STAGGER_MS)
        if self._due_ms != NEVER and since(due_ms, self._due_ms) > 0:
            self._due_ms = due_ms

    def _do_lead(self, trigger: int, now_ms: int) -> None:
        assert self.vote == self.own, "nobody leads without its own vote"
        self._found_leader(self.own, now_ms)
        self.counts.add(ELECTED)
        self._events.push(BECAME_LEADER, self.term)
        self.voters.begin_hearing(now_ms)
        self._send_heartbeats(now_ms)

    def _do_yield(self, index: int, now_ms: int) -> None:
        self._lose(LEADER_HEARD, now_ms)
        self._do_follow(index, now_ms)

    def _do_demote(self, trigger: int, now_ms: int) -> None:
        self._lose(trigger, now_ms)
        self._do_listen(trigger, now_ms)
        if len(self.voters.hosts) == 1:  # nobody else could lead in the meantime
            self._due_ms = now_ms

    def _do_hand_over(self, trigger: int, now_ms: int) -> None:
        term = self.leader_term
        self._over_term = term
        for _ in range(RESIGN_REPEATS):
            self._send_to_all(host_messages.LEADER_RESIGNED, ())
        self._promise_successor(now_ms)
        self._lose(trigger, now_ms)
        self._due_ms = NEVER

    def _promise_successor(self, now_ms: int) -> None:
        """Keep our vote for a host that has the state, if it followed us just now: a host without
        it may ask first, before that one has heard that nobody leads."""
        voters = self.voters
        others = [index for index in range(len(voters.hosts)) if index != voters.own]
        able = [
            index
            for index in others
            if voters.keeps_state(index) and since(now_ms, voters.heard_ms[index]) < _VOTER_LOST_MS
        ]
        if able and len(able) < len(others):
            best = able[0]
            for index in able:
                if outranks(voters.standings[index], voters.standings[best]):
                    best = index
            self._promised = voters.hosts[best]
            self._promised_ms = add(now_ms, HOST_LOST_MS + ELECTION_MS)

    def _do_step_aside(self, trigger: int, now_ms: int) -> None:
        self._due_ms = add(self._heard_ms, HOST_LOST_MS) if self.leader != NOBODY else NEVER

    def _lose(self, trigger: int, now_ms: int) -> None:
        self.counts.add(DEMOTED)
        self._events.push(LOST_LEADERSHIP, (self.leader_term, trigger))
        self.leader = NOBODY
        self.leader_term = 0
        self._leaderless_ms = now_ms

    # --- messages out ---

    def _send_heartbeats(self, now_ms: int) -> None:
        self._due_ms = add(now_ms, HOST_HEARTBEAT_MS)
        if len(self.voters.hosts) == 1:
            self._due_ms = NEVER
        self._send_to_all(host_messages.LEADER_HEARTBEAT, (now_ms,))

    def _answer_heartbeat(self, index: int, sent_ms: int) -> None:
        self._send(index, host_messages.LEADER_HEARTBEAT_ACK, (sent_ms,))

    def _send_to_all(self, kind: int, values: "tuple") -> None:
        for index in range(len(self.voters.hosts)):
            if index != self.voters.own:
                self._send(index, kind, values)

    def _send(self, index: int, kind: int, values: "tuple") -> None:
        """Send at once, or when the term and vote that it mentions are on the disk."""
        node_class, capabilities, _ = self.voters.standings[self.voters.own]
        data = host.encode(kind, (self.term, node_class, capabilities) + values)
        destination = self.voters.hosts[index]
        if self._stored == (self.term, self.vote):
            self._out.append(Outgoing(data, destination))
        elif len(self._held) < _HELD_MAX:
            self._held += ((destination, data),)


_PROPOSE = (host_messages.PRE_VOTE_REQUEST, host_messages.PRE_VOTE)  # a term beside their own
_ON = {
    host_messages.LEADER_HEARTBEAT: "_on_heartbeat",
    host_messages.LEADER_HEARTBEAT_ACK: "_on_heartbeat_ack",
    host_messages.PRE_VOTE_REQUEST: "_on_pre_vote_request",
    host_messages.PRE_VOTE: "_on_pre_vote",
    host_messages.VOTE_REQUEST: "_on_vote_request",
    host_messages.VOTE: "_on_vote",
    host_messages.LEADER_RESIGNED: "_on_resigned",
}
