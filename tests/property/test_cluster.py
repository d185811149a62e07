"""Hosts and badges in any order of presses, deaths, pauses and cuts: what must be true after each
step, and that all is well again once nothing goes wrong any more."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.shared.test_venue_hosts import Cluster

from ptt.badge.join import JOINED

from .invariants import check_leader, check_participant

HOSTS = st.integers(1, 3)
NAMES = st.sampled_from("ABC")
HEAL_MS = 12_000  # a dead member is forgotten after 5 s, a search slows down to 2 s


class ClusterMachine(RuleBasedStateMachine):
    """Two or three hosts and three badges on a network without loss; faults are the rules'."""

    @initialize(
        hosts=st.integers(2, 3), seed=st.integers(1, 99), standing_ms=st.sampled_from((0, 3000))
    )
    def begin(self, hosts: int, seed: int, standing_ms: int) -> None:
        self.venue: Any = Cluster(3, hosts, seed=seed)
        self.hosts = hosts
        self.terms = dict.fromkeys("ABC", 0)
        self.venue.run(standing_ms)

    @rule(milliseconds=st.sampled_from((5, 50, 200, 400, 700, 1500)))
    def run(self, milliseconds: int) -> None:
        self.venue.run(milliseconds)

    @rule(name=NAMES)
    def press(self, name: str) -> None:
        self.venue.press(name)
        self.venue.run(20)

    @rule(name=NAMES)
    def release(self, name: str) -> None:
        self.venue.release(name)
        self.venue.run(20)

    @rule(number=HOSTS)
    def kill(self, number: int) -> None:
        if number <= self.hosts:
            self.venue.kill(number)

    @rule(number=HOSTS, keeps_disk=st.booleans())
    def start(self, number: int, keeps_disk: bool) -> None:
        """A majority of three voters remembers; of two, each counts for itself."""
        if number <= self.hosts and self.venue.machines[number].engine is None:
            if not keeps_disk and self.hosts == 2:
                self.venue.machines[number].disk = (0, b"")
            self.venue.machines[number].start(self.venue.now_ms)

    @rule(number=HOSTS, milliseconds=st.sampled_from((100, 350, 1000, 5000)))
    def stop(self, number: int, milliseconds: int) -> None:
        if number <= self.hosts and self.venue.machines[number].engine is not None:
            self.venue.stop(number, milliseconds)

    @rule(a=HOSTS, b=HOSTS, is_one_way=st.booleans())
    def cut(self, a: int, b: int, is_one_way: bool) -> None:
        self.venue.cuts.add((a, b))
        if not is_one_way:
            self.venue.cuts.add((b, a))

    @precondition(lambda self: bool(self.venue.cuts))
    @rule()
    def heal(self) -> None:
        self.venue.cuts = set()

    @invariant()
    def engines_are_in_order(self) -> None:
        for machine in self.venue.leading():
            check_leader(machine.engine.leader)
        for badge in self.venue.badges:
            check_participant(badge.engine)

    @invariant()
    def no_term_goes_down(self) -> None:
        for badge in self.venue.badges:
            name = badge.name[0]
            assert badge.engine.join.term >= self.terms[name]
            self.terms[name] = badge.engine.join.term

    @invariant()
    def one_talks_in_a_term(self) -> None:
        talking = [
            badge.engine.join.term for badge in self.venue.badges if badge.engine.floor.may_send()
        ]
        for machine in self.venue.leading():
            leader = machine.engine.leader
            holders = [floor.holder for floor in leader.floors.values() if floor.holder]
            assert len(holders) <= 1
            # A talker that the leader has freed learns of it a moment later.
            heard = [f for f in leader.floors.values() if f.holder and f._is_heard]
            assert len(heard) <= 1 or talking.count(leader.term) <= 2

    def teardown(self) -> None:
        if not hasattr(self, "venue"):
            return
        venue = self.venue
        venue.cuts = set()
        for number, machine in venue.machines.items():
            machine.stopped_until_ms = None
            if machine.engine is None:
                venue.machines[number].start(venue.now_ms)
        venue.release("A", "B", "C")
        venue.run(HEAL_MS)
        leader = venue.only().engine.leader
        for badge in venue.badges:
            assert badge.engine.join.state == JOINED, badge.name
            assert badge.engine.join.term == leader.term, badge.name
        venue.press("B")
        venue.run(500)
        assert venue.badge("B").engine.floor.may_send()
        assert leader.floors[1].holder == venue.badge("B").engine.join.node
        venue.release("B")


TestCluster = ClusterMachine.TestCase
TestCluster.settings = settings(max_examples=6, stateful_step_count=15)  # a second each
