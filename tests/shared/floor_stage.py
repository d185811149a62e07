"""An arbitrator alone, with an output that writes down in words what it would say."""

from ptt.leader.floor.arbitrator import Arbitrator

NOW_MS = 5000
GROUP = 1


class Output:
    """`said` has one line for each thing that the arbitrator wants said."""

    def __init__(self):
        self.said = []
        self.lease = 0
        self.changes = 0

    def next_lease(self):
        self.lease += 1
        return self.lease

    def grant(self, group, node, request, lease, now_ms):
        self.note(group, "grant %d r%d l%d" % (node, request, lease))

    def queued(self, group, node, request, position, now_ms):
        self.note(group, "queued %d r%d at %d" % (node, request, position))

    def denied(self, group, node, request, reason, now_ms):
        self.note(group, "denied %d r%d reason %d" % (node, request, reason))

    def revoked(self, group, node, lease, reason, now_ms):
        self.note(group, "revoked %d l%d: %d" % (node, lease, reason))

    def taken(self, group, lease, talker, now_ms):
        self.note(group, "taken l%d by %d" % (lease, talker))

    def idle(self, group, lease, now_ms):
        self.note(group, "idle l%d" % lease)

    def idle_to(self, group, node, lease, now_ms):
        self.note(group, "idle l%d to %d" % (lease, node))

    def freed(self, group, talker, lease, cause, now_ms):
        self.note(group, "freed %d l%d: %d" % (talker, lease, cause))

    def floor_changed(self, group):
        self.changes += 1

    def note(self, group, line):
        assert group == GROUP
        self.said.append(line)


class Floor(Arbitrator):
    def __init__(self):
        self.output = Output()
        super().__init__(GROUP, self.output)


def idle():
    return Floor()


def taken(holder, now_ms=NOW_MS):
    """A floor that `holder` got with its request 1."""
    floor = idle()
    floor.on_request(holder, 1, now_ms)
    floor.output.said.clear()
    return floor


def said(floor):
    """What was said since the last call."""
    lines = floor.output.said[:]
    floor.output.said.clear()
    return lines
