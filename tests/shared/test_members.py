"""The leader's table of members."""

from tests.shared.clear import clear_link

from ptt.base.clock import NEVER
from ptt.base.numbers import MEMBER_TTL_MS, MEMBERS_MAX
from ptt.leader.members import Members

NOW_MS = 5000


def device(number):
    return bytes([number >> 8, number & 255] * 4)


def table(count):
    members = Members(clear_link)
    for number in range(count):
        member = members.add(device(number), 100 + number)
        assert member is not None
        members.heard(member, NOW_MS)
    return members


def test_a_member_is_found_by_all_its_names():
    members = table(3)
    member = members.by_device(device(1))
    assert member is not None
    assert members.by_session(101) is member
    assert members.by_node(member.node) is member
    assert len(members) == 3


def test_strangers_are_not_found():
    members = table(3)
    assert members.by_device(device(9)) is None
    assert members.by_session(0) is None
    assert members.by_node(0) is None


def test_numbers_begin_behind_the_leaders():
    assert [member.node for member in table(3).all()] == [2, 3, 4]


def test_all_are_in_order_of_their_numbers():
    members = table(50)
    nodes = [member.node for member in members.all()]
    assert nodes == sorted(nodes)


def test_who_was_removed_is_not_found():
    members = table(3)
    member = members.by_session(101)
    assert member is not None
    members.remove(member)
    assert members.by_device(device(1)) is None
    assert members.by_session(101) is None
    assert members.by_node(member.node) is None
    assert len(members) == 2


def test_a_number_is_not_used_again_soon():
    members = table(3)
    for member in members.all():
        members.remove(member)
    member = members.add(device(1), 1)
    assert member is not None
    assert member.node == 5


def test_numbers_wrap_around_those_in_use():
    members = table(1)
    members._next_node = 0xFFFF
    nodes = []
    for number in range(1, 4):
        member = members.add(device(number), number)
        assert member is not None
        nodes.append(member.node)
    assert nodes == [0xFFFF, 3, 4]


def test_a_full_table_takes_nobody():
    members = table(MEMBERS_MAX)
    assert members.add(device(999), 999) is None
    assert len(members) == MEMBERS_MAX
    first = members.by_session(100)
    assert first is not None
    members.remove(first)
    assert members.add(device(999), 999) is not None


def test_who_was_not_heard_has_vanished():
    members = table(3)
    second = members.by_session(101)
    assert second is not None
    members.heard(second, NOW_MS + 1000)
    assert members.next_timeout_ms() == NOW_MS + MEMBER_TTL_MS
    assert members.vanished(NOW_MS + MEMBER_TTL_MS - 1) == []
    gone = members.vanished(NOW_MS + MEMBER_TTL_MS)
    assert [member.session for member in gone] == [100, 102]


def test_somebody_may_vanish_when_the_quietest_would_have():
    """Who is heard meanwhile puts it off only when `vanished` has looked again."""
    members = table(3)
    due_ms = NOW_MS + MEMBER_TTL_MS
    assert members.next_timeout_ms() == due_ms
    for later_ms, member in enumerate(members.all(), 10):
        members.heard(member, NOW_MS + later_ms)
    assert members.next_timeout_ms() == due_ms
    assert members.vanished(due_ms) == []
    assert members.next_timeout_ms() == due_ms + 10


def test_a_clock_that_was_set_back_is_seen():
    members = table(3)
    assert members.next_timeout_ms() == NOW_MS + MEMBER_TTL_MS
    members.heard(members.all()[1], NOW_MS - 40)
    assert members.next_timeout_ms() == NOW_MS - 40 + MEMBER_TTL_MS


def test_the_first_after_all_have_gone_is_awaited():
    members = table(3)
    assert members.next_timeout_ms() == NOW_MS + MEMBER_TTL_MS
    for member in members.all():
        members.remove(member)
    assert members.next_timeout_ms() == NEVER
    four = members.add(device(4), 104)
    assert four is not None
    members.heard(four, NOW_MS + 50)
    assert members.next_timeout_ms() == NOW_MS + 50 + MEMBER_TTL_MS


def test_an_empty_table_waits_for_nobody():
    assert Members(clear_link).next_timeout_ms() == NEVER


def test_sequence_numbers_count_up():
    (member,) = table(1).all()
    assert [member.link.next_seq() for _ in range(3)] == [1, 2, 3]
