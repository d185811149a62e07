"""What must be true of every run of a venue, whatever went wrong in it."""

from tests.shared.venue import CONCEALED

from ptt import events
from ptt.floor import arbitrator
from ptt.floor.participant import NO_PERMISSION


def check_floor(venue):
    """Never two unexpired leases; lease numbers only go up."""
    holder = None
    newest = 0
    for _, kind, value in venue.leader_events:
        if kind == events.FLOOR_GRANTED:
            assert holder is None, "lease %s granted while %s ran" % (value, holder)
            assert value[1] > newest
            holder = value
            newest = value[1]
        elif kind == events.FLOOR_FREED:
            assert holder == (value[0], value[1])
            holder = None


def check_one_talks(venue):
    """Never two badges that believe that they may talk."""
    for talking in venue.talking:
        assert len(talking) <= 1, "badges %s talk at once" % talking


def check_hearing(venue):
    """A speaker plays one burst after the other, each frame once and in the order spoken."""
    for badge in venue.badges:
        lease = 0
        number = -1
        for frame in badge.played:
            if frame == CONCEALED:
                continue
            assert frame > (lease, number), "%s: %s after %s" % (badge.name, frame, (lease, number))
            lease, number = frame


def check_nobody_hears_itself(venue):
    own = {}
    for _, kind, value in venue.leader_events:
        if kind == events.FLOOR_GRANTED:
            own[value[1]] = value[0]
    for badge in venue.badges:
        for lease, _ in badge.played:
            assert lease == 0 or own[lease] != badge.engine.join.node


def check_all_heard(venue):
    """Every frame that came to a listener was played; what lay between was concealed."""
    for (index, lease), numbers in venue.arrived.items():
        badge = venue.badges[index]
        if not badge.alive:
            continue
        missing = numbers - set(badge.heard_of(lease))
        assert not missing, "%s did not play %s of burst %d" % (badge.name, sorted(missing), lease)
        counts = [each for each in badge.all(events.HEARD) if each[1] == lease][-1]
        _, _, played, concealed, late, _, dropped = counts
        assert (played, late, dropped) == (len(numbers), 0, 0), counts
        assert concealed == max(numbers) - min(numbers) + 1 - len(numbers), counts


def check_at_rest(venue):
    """Everything is over: an idle floor, nobody waits, nothing is left to send."""
    for floor in venue.leader.floors.values():
        assert floor.state == arbitrator.FLOOR_IDLE
        assert floor.queue == []
    for badge in venue.badges:
        if badge.alive:
            assert badge.engine.floor.state == NO_PERMISSION, badge.name


def check_all(venue):
    check_floor(venue)
    check_one_talks(venue)
    check_hearing(venue)
    check_nobody_hears_itself(venue)
