"""What must be true of every run of a venue, whatever went wrong in it."""

from tests.shared.venue import CONCEALED

from ptt.badge.floor import NO_PERMISSION
from ptt.badge.join import JOINED
from ptt.base import events
from ptt.leader.floor import arbitrator


def check_floor(venue):
    """Never two unexpired leases in a term; lease numbers only go up."""
    holder = None
    newest = 0
    for _, kind, value in venue.leader_events:
        if kind == events.LEADING:  # what ran goes on, and is told again
            holder = None
            newest = 0
        elif kind == events.FLOOR_GRANTED:
            assert holder is None, "lease %s granted while %s ran" % (value, holder)
            assert value[1] > newest
            holder = value
            newest = value[1]
        elif kind == events.FLOOR_FREED:
            assert holder == (value[0], value[1])
            holder = None


def check_one_talks(venue):
    """Two badges never believe at once that they may talk."""
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
    """Every frame that came to a listener was played, but for those of pauses that were left out to
    catch up; what lay between was concealed."""
    for (index, lease), numbers in venue.arrived.items():
        badge = venue.badges[index]
        if not badge.alive:
            continue
        missing = numbers - set(badge.heard_of(lease))
        left_out = badge.engine.playout.skipped
        what = "%s did not play %s of burst %d" % (badge.name, sorted(missing), lease)
        assert len(missing) <= left_out, what
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


def check_settings(venue):
    """Every member has the settings in force, and the leader knows it."""
    wanted = venue.leader.settings.settings
    for badge in venue.badges:
        engine = badge.engine
        if badge.alive and engine.join.state == JOINED:
            assert engine.settings.version == wanted.version, badge.name
            assert engine.playout.path.least_ms == wanted.playout_delay_ms, badge.name
            member = venue.leader.members.by_node(engine.join.node)
            assert member.settings.acknowledged == wanted.version


def check_texts(venue, written):
    """No text is shown that nobody wrote, and none to its own writer, in another's name, or twice.

    `written` has the node of each text's writer; texts of an operator are not in it."""
    for badge in venue.badges:
        shown = [value for value in badge.all(events.TEXT) if value[1]]
        for _, node, _, text in shown:
            assert written[text] == node != badge.engine.join.node
        assert len(set(shown)) == len(shown), "%s was shown a text twice" % badge.name


def check_receipts(venue):
    """What a talker is told of its burst is no better than what listeners heard of it."""
    for badge in venue.badges:
        own = [value[0] for value in badge.all(events.SENT)]
        told = badge.all(events.RECEIPT)
        assert len(set(told)) == len(told), "%s was told twice" % badge.name
        for lease, listeners, heard, whole in told:
            assert lease in own or badge.all(events.REVOKED), (badge.name, lease)
            others = [each for each in venue.badges if each is not badge]
            passed_on = venue.passed_on.get(lease, 0)
            wholly = [b for b in others if heard_whole(b, lease, passed_on)]
            assert whole <= heard <= listeners <= len(others)
            assert heard <= len([b for b in others if b.heard_of(lease)])
            assert whole <= len(wholly), (badge.name, lease)


def heard_whole(badge, lease, count):
    """All frames of the burst in order, but for those of pauses that were left out to catch up."""
    heard = badge.heard_of(lease)
    left_out = count - len(heard)
    is_in_order = heard == sorted(set(heard)) and all([0 <= each < count for each in heard])
    return heard and is_in_order and 0 <= left_out <= badge.engine.playout.skipped


def check_all(venue):
    check_floor(venue)
    check_one_talks(venue)
    check_hearing(venue)
    check_nobody_hears_itself(venue)
    check_receipts(venue)
