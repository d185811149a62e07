"""What talk groups and badges have of their own, beside the venue's settings."""

from tests.shared.raising import raised
from tests.shared.test_venue_groups import device, venue_of

from ptt.base import events
from ptt.base.numbers import GROUPS_MAX, JOURNAL_BYTES_MAX
from ptt.cluster import records, settings_record
from ptt.cluster.journal import HEAD_BYTES, RECORD_BYTES
from ptt.cluster.replica import State
from ptt.cluster.settings_body import (
    BADGE_VALUES_MAX,
    BOARD_BYTES_MAX,
    BOARD_VALUES_MAX,
    read_own,
    read_settings,
    write_settings,
)
from ptt.leader import own_settings, takeover
from ptt.leader.roster import Grants
from ptt.leader.settings_in_force import Settings
from ptt.wire.refusal import Refused

DELAY, TALK, POINTS, QUEUE, PREEMPTION, GAIN = 1, 2, 3, 5, 6, 14  # places


def settings(version=2, own=None):
    return Settings(version, 60, 60000, own=own)


def publish(venue, own, version=2):
    venue.leader.publish(settings(version, own), venue.now_ms)
    venue.collect_leader()
    venue.run(500)


def told(venue):
    """Of each badge the version and the playout delay that it has."""
    return [(b.engine.settings.version, b.engine.playout.path.least_ms) for b in venue.badges]


def test_a_badge_gets_what_holds_in_its_group_and_nothing_else():
    venue = venue_of(((1,), (3,)))
    publish(venue, {3: {DELAY: 200}})
    assert told(venue) == [(2, 60), (2, 200)]
    assert [len(b.engine.settings.told) for b in venue.badges] == [16, 16]


def test_of_several_groups_the_highest_counts():
    """A delay that is enough for all of them."""
    venue = venue_of(((1, 3), (3, 4), (4,), (3,)))
    publish(venue, {3: {DELAY: 40}, 4: {DELAY: 300}})
    assert told(venue) == [(2, 60), (2, 300), (2, 300), (2, 40)]


def test_that_of_a_badge_holds_before_those_of_its_groups():
    """Even where it is the lowest; and nobody else has it."""
    venue = venue_of(((1, 3), (3, 4), (4,)))
    publish(venue, {3: {DELAY: 200}, 4: {DELAY: 300}, device(1): {DELAY: 40}})
    assert told(venue) == [(2, 200), (2, 40), (2, 300)]
    assert [len(b.engine.settings.told) for b in venue.badges] == [16, 16, 16]
    publish(venue, {3: {DELAY: 200}, 4: {DELAY: 300}}, 3)
    assert told(venue) == [(3, 200), (3, 300), (3, 300)]


def test_a_badge_with_its_own_keeps_it_in_another_group():
    venue = venue_of(((1,), (3,)))
    publish(venue, {3: {DELAY: 200}, device(0): {DELAY: 90}})
    venue.roster.grants[device(0)] = Grants((3,), 0)
    venue.leader.regroup(device(0), venue.now_ms)
    venue.collect_leader()
    venue.run(1500)
    assert told(venue) == [(2, 90), (2, 200)]
    assert venue.badge("A").all(events.SETTINGS) == [1, 2]  # nothing new for it


def on_boards(venue, *names):
    """Badge `n` is the board `names[n]`; "": nobody knows."""
    boards = {device(n): name for n, name in enumerate(names) if name}
    venue.leader.know_boards(boards, venue.now_ms)
    venue.collect_leader()
    venue.run(500)


def test_all_badges_of_a_board_have_what_holds_on_it():
    venue = venue_of(((1,), (1,), (3,), (1,)))
    on_boards(venue, "c3", "s3", "c3", "")
    publish(venue, {"c3": {DELAY: 90}})
    assert told(venue) == [(2, 90), (2, 60), (2, 90), (2, 60)]
    publish(venue, {}, 3)
    assert told(venue) == [(3, 60)] * 4


def test_that_of_a_group_holds_before_that_of_a_board_and_that_of_a_badge_before_both():
    """A group that has none counts with the board's; the highest of several groups holds."""
    venue = venue_of(((3,), (3,), (1, 3), (1, 3), (1,)))
    on_boards(venue, "c3", "c3", "c3", "s3", "c3")
    publish(venue, {"c3": {DELAY: 90}, 3: {DELAY: 70}, device(1): {DELAY: 40}})
    assert told(venue) == [(2, 70), (2, 40), (2, 90), (2, 70), (2, 90)]
    publish(venue, {"c3": {DELAY: 90}, 3: {TALK: 5000}}, 3)
    assert told(venue) == [(3, 90), (3, 90), (3, 90), (3, 60), (3, 90)]


def test_who_turns_out_to_be_of_another_board_is_told_again_and_nobody_else():
    venue = venue_of(((1,), (1,), (1,)))
    publish(venue, {"c3": {DELAY: 90}})
    on_boards(venue, "c3", "s3")
    assert told(venue) == [(2, 90), (2, 60), (2, 60)]
    assert [len(venue.badge(name).all(events.SETTINGS)) for name in "ABC"] == [3, 2, 2]
    on_boards(venue, "s3", "c3")
    assert told(venue) == [(2, 60), (2, 90), (2, 60)]
    on_boards(venue, "s3", "c3", "s3")
    assert [len(venue.badge(name).all(events.SETTINGS)) for name in "ABC"] == [4, 3, 2]
    members = venue.leader.members.all()
    assert [member.settings.acknowledged for member in members] == [2, 2, 2]


def test_who_has_refused_what_is_not_for_its_board_is_told_what_is():
    venue = venue_of(((1,), (1,)))
    publish(venue, {"c3": {DELAY: 90}})
    member = venue.leader.members.all()[0]
    assert venue.leader.settings.on_ack(member, 2, False)
    on_boards(venue, "c3")
    assert told(venue) == [(2, 90), (2, 60)]
    assert not member.settings.refused


def test_floors_go_by_what_their_group_has():
    venue = venue_of(((1,), (3,)))
    publish(venue, {3: {TALK: 5000, QUEUE: 2, PREEMPTION: 0}})
    kitchen, all_others = venue.leader.floors[3], venue.leader.floors[1]
    assert (kitchen.talk_ms, kitchen.places, kitchen.may_preempt) == (5000, 2, False)
    assert (all_others.talk_ms, all_others.places, all_others.may_preempt) == (60000, 128, True)
    venue.leader.groups.open(4)
    assert venue.leader.floors[4].talk_ms == 60000
    publish(venue, {4: {TALK: 7000}}, 3)
    assert (kitchen.talk_ms, venue.leader.floors[4].talk_ms) == (60000, 7000)


def test_who_changes_its_group_is_told_what_holds_there():
    """Of the same version: nobody has changed a setting."""
    venue = venue_of(((1,), (3,)))
    publish(venue, {3: {DELAY: 200}})
    venue.roster.grants[device(0)] = Grants((3,), 0)
    venue.leader.regroup(device(0), venue.now_ms)
    venue.collect_leader()
    venue.run(1500)
    assert told(venue) == [(2, 200), (2, 200)]
    assert venue.badge("A").all(events.SETTINGS) == [1, 2, 2]
    members = venue.leader.members.all()
    assert [member.settings.acknowledged for member in members] == [2, 2]


def test_who_changes_to_a_group_with_the_same_is_left_alone():
    venue = venue_of(((1,), (3,)))
    publish(venue, {3: {TALK: 60000}})
    venue.roster.grants[device(0)] = Grants((3,), 0)
    venue.leader.regroup(device(0), venue.now_ms)
    venue.collect_leader()
    venue.run(1500)
    assert venue.badge("A").all(events.SETTINGS) == [1, 2]


def test_who_leaves_what_its_board_has_for_what_a_group_has_is_told_so():
    """The group's is the venue's, too: the change is seen only by what the board has."""
    venue = venue_of(((1,), (3,)))
    publish(venue, {3: {DELAY: 60}, "c3": {DELAY: 90}})
    on_boards(venue, "c3", "c3")
    assert told(venue) == [(2, 90), (2, 60)]
    venue.roster.grants[device(0)] = Grants((3,), 0)
    venue.leader.regroup(device(0), venue.now_ms)
    venue.collect_leader()
    venue.run(1500)
    assert told(venue) == [(2, 60), (2, 60)]


def test_a_host_that_takes_over_has_them():
    venue = venue_of(((1,), (3,)))
    own = {3: {DELAY: 200, TALK: 5000}, 4: {QUEUE: 7}, device(1): {DELAY: 40, GAIN: 0}}
    own |= {"esp32-devkit": {DELAY: 90}, "0a-" + 21 * "z": {GAIN: 0}}
    publish(venue, own)
    body = venue.leader.write_record(records.SETTINGS, 0, venue.now_ms)
    records.check(records.SETTINGS, 0, body)
    state = State(1, 1)
    state.records[records.SETTINGS << 16] = (body, 0)
    found = takeover.settings_of(state)
    assert found is not None
    assert (found.values(), found.own) == (settings().values(), own)


def test_a_host_that_knows_no_badges_of_their_own_passes_over_them():
    """It takes a number of 128 and more for no group, and goes by the size."""
    body = write_settings(settings().values(), {device(0): {DELAY: 200}, 3: {DELAY: 80}})
    plain = len(write_settings(settings().values(), {}))
    assert body[plain:] == bytes((3, DELAY, 2, 0, 80)) + bytes((255, DELAY, 10)) + device(0) + (
        bytes((0, 200))
    )


def test_a_host_that_knows_no_boards_passes_over_them():
    body = write_settings(settings().values(), {"c3": {DELAY: 200}})
    plain = len(write_settings(settings().values(), {}))
    assert body[plain:] == bytes((254, DELAY, 5, 2)) + b"c3" + bytes((0, 200))


def test_what_can_be_no_board_is_refused():
    plain = write_settings(settings().values(), {})
    for name in (b"", b"C3", b"-c", b"33", b"c_3", b"c" * 25, b"\xff3", b"c\0"):
        size = 1 + len(name) + 2
        body = plain + bytes((254, DELAY, size, len(name))) + name + bytes((0, 200))
        assert raised(Refused, read_own, body), name
    for cut in (b"", b"\x03c3", b"\x02c3", b"\xffc3", b"\x02c3\0\0\0"):
        body = plain + bytes((254, DELAY, len(cut))) + cut
        assert raised(Refused, read_own, body), cut


def test_a_host_of_the_former_version_passes_over_them():
    body = write_settings(settings().values(), {3: {DELAY: 200}})
    assert read_settings(body) == list(settings().values())
    by_place = settings_record.SIZES[0 : settings_record.BY_PLACE]
    assert write_settings(settings().values(), {}) == body[0 : sum(by_place)]
    assert sum(by_place) == 21  # what that host reads


def test_each_setting_of_the_venue_is_written_and_read():
    values = [high for _, high in settings_record.RANGES]
    body = write_settings(tuple(values), {3: {DELAY: 80}})
    assert read_settings(body) == values
    assert read_own(body) == {3: {DELAY: 80}}


def test_all_that_groups_and_badges_can_have_fits_into_a_datagram():
    values = tuple([high for _, high in settings_record.RANGES])
    each = {place: values[place] for place in settings_record.OF_GROUPS}
    own = {group: each for group in range(1, GROUPS_MAX + 1)}
    boards = BOARD_VALUES_MAX
    badges = BADGE_VALUES_MAX - boards
    own |= {device(number): {DELAY: 400} for number in range(badges)}
    own |= {chr(97 + number) * BOARD_BYTES_MAX: {DELAY: 400} for number in range(boards)}
    body = write_settings(values, own)
    assert read_own(body) == own
    assert len(body) + HEAD_BYTES + RECORD_BYTES <= JOURNAL_BYTES_MAX


def test_what_a_newer_host_knows_besides_is_passed_over():
    plain = write_settings(settings().values(), {})
    unknown = bytes((0, len(settings_record.SIZES), 3)) + b"abc"
    newer = plain + unknown + bytes((3, POINTS, 1, 4)) + bytes((3, 1, 2, 0, 80))
    assert read_own(newer) == {3: {DELAY: 80}}


def test_what_cannot_be_is_refused_whole():
    plain = write_settings(settings().values(), {})
    for wrong in (
        bytes((3,)),
        bytes((3, DELAY, 2)),
        bytes((3, DELAY, 2, 0)),
        bytes((3, DELAY, 1, 80)),
        bytes((3, DELAY, 2, 0, 19)),
        bytes((3, DELAY, 2, 1, 145)),
        bytes((255, DELAY, 2, 0, 80)),
        bytes((255, DELAY, 8)) + bytes(8),
        bytes((255, DELAY, 9)) + bytes(8) + bytes((80,)),
        bytes((255, DELAY, 10)) + bytes(8) + bytes((0, 19)),
        bytes((255, DELAY, 10)) + bytes(8) + bytes((0,)),
    ):
        raised(Refused, records.check, records.SETTINGS, 0, plain + wrong)
    groups = settings(own={group: {QUEUE: 3} for group in range(1, GROUPS_MAX + 2)})
    badges = settings(own={device(n): {DELAY: 80} for n in range(BADGE_VALUES_MAX + 1)})
    for many in (groups, badges):
        raised(Refused, read_own, write_settings(many.values(), many.own))


def test_nobody_leads_with_what_cannot_be():
    assert own_settings.can_hold(settings(own={3: {DELAY: 400}, device(0): {DELAY: 400}}))
    for own in (
        {3: {DELAY: 401}},
        {0: {DELAY: 80}},
        {128: {DELAY: 80}},
        {3: {POINTS: 2}},
        {3: {GAIN: 0}},
        {device(0): {DELAY: 401}},
        {device(0): {TALK: 5000}},
        {device(0)[1:]: {DELAY: 80}},
        {group: {DELAY: 80} for group in range(1, GROUPS_MAX + 2)},
        {device(number): {DELAY: 80} for number in range(BADGE_VALUES_MAX + 1)},
    ):
        assert not own_settings.can_hold(settings(own=own))
