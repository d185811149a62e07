"""A link, and what a leader keeps of its session: keys that follow each other, and numbers."""

from ptt.base.numbers import INT_MAX
from ptt.leader.members import Members
from ptt.leader.sessions import Sessions
from ptt.link import derive
from ptt.link.hmac import Hmac
from ptt.link.link import Link
from ptt.wire import messages, refusal
from ptt.wire.envelope import SEQ_AT, TAG_BYTES, put32

NOW_MS = 5000
HMAC = Hmac()
END = 32  # of what is sealed


def keys(number):
    return derive.session_keys(HMAC, bytes([number]) * 32, 1, 77)


def sealed(up, seq):
    """What a badge would send under the keys `up`."""
    data = bytearray(END + TAG_BYTES)
    put32(data, SEQ_AT, seq)
    data[END:] = HMAC.digest(up, data, END)[0:TAG_BYTES]
    return data


def opened(link, data):
    link.load(data)
    return link.open(data, NOW_MS)


def begun():
    link = Link(HMAC, True)
    link.begin(77, keys(1), NOW_MS)
    return link


def test_what_came_before_a_change_of_keys_does_not_come_again_after_it():
    link = begun()
    data = sealed(keys(1).up, 1)
    assert opened(link, data) == refusal.ACCEPTED
    link.renew(keys(2), NOW_MS)
    assert opened(link, data) == refusal.REPLAY
    assert opened(link, sealed(keys(1).up, 2)) == refusal.ACCEPTED  # it was on its way
    assert opened(link, sealed(keys(2).up, 3)) == refusal.ACCEPTED


def test_another_session_knows_no_keys_of_the_one_before():
    link = begun()
    link.renew(keys(2), NOW_MS)
    link.begin(77, keys(3), NOW_MS)
    for number in (1, 2):
        assert opened(link, sealed(keys(number).up, 1)) == refusal.TAG
    assert opened(link, sealed(keys(3).up, 1)) == refusal.ACCEPTED


class Leader:
    """What `Sessions` needs of one: it counts what is written down, and hears what is sent."""

    def __init__(self):
        self.written = 0
        self.sent = []
        self.chance = 0
        self.members = Members(lambda: Link(HMAC, True))
        self.sessions = Sessions(1, self, self, HMAC, self.random)  # pyright: ignore[reportArgumentType]
        member = self.members.add(b"12345678", 77)
        assert member is not None
        self.member = member
        self.sessions.begin(member, bytes(32), bytes(32), NOW_MS)

    def random(self, count):
        self.chance += 1
        return bytes([self.chance]) * count

    def changed(self, kind, number):
        self.written += 1

    def send(self, kind, values, member, now_ms):
        self.sent.append((kind, values))


def test_a_repeated_wish_for_new_keys_gets_the_same_answer():
    """Else the badge, which has heard the first one, would have other keys than its leader."""
    leader = Leader()
    written = leader.written
    for nonce in (b"a", b"a", b"b"):
        leader.sessions.on_rekey(leader.member, [nonce * derive.NONCE_BYTES], NOW_MS)
    first, again, other = leader.sent
    assert first[0] == messages.REKEYED and first == again and first[1][1] != other[1][1]
    assert leader.written == written + 2


def test_a_session_is_over_before_the_numbers_of_either_side_are():
    for is_own in (True, False):
        leader = Leader()
        link = leader.member.link
        assert leader.sessions.sweep([leader.member], NOW_MS) == []
        if is_own:
            link.seq = INT_MAX - 0xFFFE
        else:
            link.replay.accept(INT_MAX - 0xFFFE)
        assert leader.sessions.sweep([leader.member], NOW_MS) == [leader.member], is_own
