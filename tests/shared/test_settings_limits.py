"""Settings that cannot be, and settings of a leader that has run for a week."""

from tests.shared.clear import ClearLeader
from tests.shared.datagrams import datagram
from tests.shared.raising import raised

from ptt.base import clock
from ptt.cluster import record_numbers, records, settings_body, settings_record
from ptt.leader.settings_in_force import Settings
from ptt.wire import messages, refusal
from ptt.wire.refusal import Refused

PLACE = ("badge", 0)
WEEK_MS = 7 * 24 * 3600 * 1000
LONGEST_MS = 1300000  # the frames of a burst are numbered with 16 bits


def joined(leader, now_ms):
    values = (b"12345678", 7, messages.TABLE_HASH, 2, b"x", b"y")
    leader.receive_datagram(datagram(messages.HELLO, values), PLACE, now_ms)
    assert next_type(leader) == messages.WELCOME
    return leader


def next_type(leader):
    """Of the next datagram to send."""
    outgoing = leader.poll_transmit()
    assert outgoing is not None
    return outgoing.data[1]


def test_a_new_member_gets_them_at_once_after_a_week():
    """A time of 0 then lies half a period ahead: the adapter would not have called."""
    now_ms = clock.wrapped(WEEK_MS)
    leader = joined(ClearLeader(1, 1), now_ms)
    assert clock.since(now_ms, leader.next_timeout_ms()) >= 0
    leader.handle_timeout(now_ms)
    assert next_type(leader) == messages.SETTINGS_SNAPSHOT


def test_values_out_of_range_are_not_published():
    """They would raise later, when there is nobody who could mend them."""
    leader = joined(ClearLeader(1, 1), 5000)
    for wrong in (
        Settings(2, 19),
        Settings(2, 401),
        Settings(2, 60, 999),
        Settings(2, 60, 1 << 30),
    ):
        raised(ValueError, leader.publish, wrong, 5000)
        leader.handle_timeout(5000)
        assert leader.settings.settings.version == 1
        assert leader.floors[1].talk_ms == Settings().talk_ms


def test_settings_out_of_range_do_not_start_a_leader():
    raised(ValueError, ClearLeader, 1, 1, Settings(0))


def test_the_longest_burst_is_far_below_half_of_the_clock():
    """A limit that wraps would be due at every moment."""
    leader = joined(ClearLeader(1, 1, Settings(1, 60, LONGEST_MS)), 5000)
    raised(ValueError, leader.publish, Settings(2, 60, LONGEST_MS + 1), 5000)
    assert leader.floors[1].talk_ms == LONGEST_MS
    (member,) = leader.members.all()
    request = datagram(messages.FLOOR_REQUEST, (1, 1), member.session, member.node)
    leader.receive_datagram(request, PLACE, 5000)
    leader.handle_timeout(5000)
    assert leader.floors[1].holder == member.node
    assert clock.since(leader.next_timeout_ms(), 5000) > 0


def test_a_record_of_another_host_is_checked_before_it_is_kept():
    for values in ((2, 60, 1000), (2, 400, LONGEST_MS)):
        records.check(records.SETTINGS, 0, record_of(values))
    for values in ((0, 60, 1000), (2, 19, 1000), (2, 401, 1000), (2, 60, LONGEST_MS + 1)):
        raised(Refused, records.check, records.SETTINGS, 0, record_of(values))


def record_of(values):
    """The rest is as by default."""
    values += settings_record.DEFAULTS[len(values) :]
    return settings_body.write_settings(values, {})


def test_an_older_host_leaves_out_what_it_does_not_know():
    sizes = settings_record.SIZES
    older = record_numbers.write_numbers(sizes[0:3], (4, 80, 30000))
    expected = [4, 80, 30000] + list(settings_record.DEFAULTS[3:])
    assert settings_body.read_settings(older) == expected
    assert records.check(records.SETTINGS, 0, older) is None


def test_a_newer_host_knows_more():
    unknown = len(settings_record.SIZES)
    newer = record_of((4, 80, 30000)) + bytes((0, unknown, 3)) + b"abc"
    assert settings_body.read_settings(newer)[0:3] == [4, 80, 30000]
    assert records.check(records.SETTINGS, 0, newer) is None


def test_half_a_setting_is_refused():
    whole = settings_body.write_settings(settings_record.DEFAULTS, {})
    for size in (0, 1, 3, 5, 7, 9):
        assert refusal_of(whole[0:size]) == refusal.FIELD


def refusal_of(data):
    try:
        settings_body.read_settings(data)
    except Refused as refused:
        return refused.reason
    return refusal.ACCEPTED
