"""One host of an election, spoken to message by message."""

from tests.shared.hosts import host_id

from ptt.cluster import host_wire as wire
from ptt.cluster.ballot import KEEPS_STATE, NOBODY
from ptt.cluster.election import Election

A = host_id(1)
B = host_id(2)
C = host_id(3)


class Alone:
    """Host B of A, B and C, spoken to by hand."""

    def __init__(self, record=(0, NOBODY), hosts=(A, B, C), node_class=0):
        self.now_ms = 1000
        self.engine = Election(B, hosts, record, self.now_ms, node_class)

    def keep_state(self):
        voters = self.engine.voters
        voters.learn(voters.own, 0, KEEPS_STATE)

    def say(self, source, kind, *values):
        self.engine.receive_datagram(wire.encode(kind, values), source, self.now_ms)

    def answers(self):
        said = []
        while True:
            outgoing = self.engine.poll_transmit()
            if outgoing is None:
                return said
            kind, fields = wire.decode(outgoing.data)
            said.append((outgoing.destination, kind, fields))

    def store(self):
        record = self.engine.poll_store()
        assert record is not None
        self.engine.on_stored(record, self.now_ms)
        return record

    def time_out(self):
        self.now_ms = self.engine.next_timeout_ms()
        self.engine.handle_timeout(self.now_ms)
