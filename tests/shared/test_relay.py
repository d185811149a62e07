"""The relay alone: what it sends on and to whom, and what it leaves."""

from ptt.base.clock import add
from ptt.base.numbers import INT_MAX
from ptt.cluster import host_messages, host_wire, member_record, records, relay_wire
from ptt.cluster.replica import State
from ptt.leader.relay_keys import relay_key
from ptt.link.derive import SessionKeys
from ptt.link.hmac import Hmac, HmacKey
from ptt.link.link import Link
from ptt.relay.relay import Relay
from ptt.wire import envelope, messages, refusal

TERM, NUMBER, SECRET = 7, 3, b"s" * 32
RANDOM = b"\x12\x34\x56\x78\x9a\xbc\xde\xf0"
WAITING_MAX = 64  # packets that nobody fetches
BURST_MS = 1000


def relay(is_asked=True):
    made = Relay(Hmac(), lambda count: RANDOM[:count], lambda data: data or None)
    if is_asked:
        made.on_ask([TERM, 0, NUMBER, SECRET], False)
    return made


def member(node, session=0, address=b"here"):
    """The record of one."""
    one = member_record.MemberRecord(node)
    one.session = session or 100 + node
    one.nonce = one.request = one.settings = one.entitlements = one.roster = one.asked = 0
    one.text_number = one.table_is = -1
    one.device, one.name, one.build = bytes(8), b"A", b""
    one.address, one.groups, one.secret = address, (1,), b""
    one.keys_s = one.features = 0
    return member_record.write_member(one)


def state(*nodes, term=TERM):
    made = State(term, 1)
    for node in nodes:
        made.records[records.MEMBER << 16 | node] = (member(node), 0)
    return made


def datagram(kind=messages.VOICE_FRAME, flags=envelope.FLAG_SEALED, payload=b"voice"):
    """As a leader gives it: with room for the tag."""
    end = envelope.HEADER_BYTES + len(payload)
    data = bytearray(end + envelope.TAG_BYTES * (flags & envelope.FLAG_SEALED))
    envelope.write_header(data, end, kind, 0, envelope.LEADER_NODE, 0, 5)
    data[envelope.FLAGS_AT] = flags
    data[envelope.HEADER_BYTES : end] = payload
    return data


def copies(nodes, data=None, term=TERM, number=NUMBER):
    return relay_wire.write(term, number, nodes, data or datagram())


def gone(made):
    """(session, sequence number, address) of all that goes out."""
    found = []
    while True:
        outgoing = made.poll_transmit()
        if outgoing is None:
            return found
        data = bytes(outgoing.data)
        found.append((envelope.session_id(data), envelope.seq(data), outgoing.destination))


def next_copy(made):
    outgoing = made.poll_transmit()
    assert outgoing is not None
    return outgoing


def refused(made, data, by, reason):
    before = made.refusals[reason]
    made.on_copies(data, by, 0)
    assert made.refusals[reason] == before + 1
    assert gone(made) == [] and made.packets == 0 and not made.is_busy(0)


def test_each_listener_gets_its_own_copy():
    made = relay()
    made.on_copies(copies([2, 3]), state(2, 3), 0)
    made.on_copies(copies([3]), state(2, 3), 20)
    assert made.packets == 3 and made.refusals[refusal.ACCEPTED] == 2
    assert gone(made) == [(102, 1, b"here"), (103, 1, b"here"), (103, 2, b"here")]


def test_a_copy_is_sealed_under_the_listeners_own_key():
    made = relay()
    made.on_copies(copies([2]), state(2), 0)
    outgoing = next_copy(made)
    hmac = Hmac()
    key = HmacKey(relay_key(hmac, SECRET, NUMBER, 102))
    badge = Link(hmac, False)
    badge.begin(102, SessionKeys(key, key, b""), 0)
    badge.load(outgoing.data)
    assert badge.open(outgoing.data, 0) == refusal.ACCEPTED
    assert bytes(outgoing.data[envelope.HEADER_BYTES :][:5]) == b"voice"


def test_it_answers_with_its_load():
    made = relay(is_asked=False)
    start = 1 + int.from_bytes(RANDOM[:4], "big") % INT_MAX
    assert host_wire.decode(made.on_ask([TERM, 9, NUMBER, SECRET], False))[1][4] == 0
    for load, told in ((-1, 0), (0, 0), (42, 42), (100, 100), (101, 100)):
        for is_leaving in (False, True):
            made.load_percent = load
            kind, fields = host_wire.decode(made.on_ask([TERM, 9, NUMBER, SECRET], is_leaving))
            assert kind == host_messages.RELAY_LOAD
            assert fields == [TERM, 9, NUMBER, start, told, int(is_leaving)]


def test_what_is_not_the_leaders_now_is_stale():
    """Before it was asked it has no term, and does not take 0 for one."""
    made = relay()
    refused(made, copies([2]), None, refusal.STALE)
    refused(made, copies([2]), state(2, term=TERM + 1), refusal.STALE)
    refused(made, copies([2], term=TERM - 1), state(2), refusal.STALE)
    refused(made, copies([2], number=NUMBER + 1), state(2), refusal.STALE)
    unasked = relay(is_asked=False)
    made.stop()
    for term, number in ((TERM, NUMBER), (1, 0), (0, 1), (1, 1)):
        for one in (unasked, made):
            by = state(2, term=term)
            refused(one, copies([2], term=term, number=number), by, refusal.STALE)
    made.on_ask([TERM, 0, NUMBER, b"t" * 32], False)
    made.on_copies(copies([2]), state(2), 0)
    assert gone(made) == [(102, 1, b"here")]


def test_only_sealed_voice_and_probes_go_on():
    made = relay()
    refused(made, copies([2], datagram(messages.TEXT_MESSAGE)), state(2), refusal.TYPE)
    refused(made, copies([2], datagram(flags=0)), state(2), refusal.TYPE)
    longer = datagram() + b"\x00"
    refused(made, copies([2], longer), state(2), refusal.FIELD)
    made.on_copies(copies([2], datagram(messages.RELAY_PROBE)), state(2), 0)
    assert gone(made) == [(102, 1, b"here")]
    assert not made.is_busy(0)  # a probe is no speech


def test_who_is_not_in_the_journal_or_has_no_address_is_left_out():
    made = relay()
    by = state(2, 3)
    by.records[records.MEMBER << 16 | 3] = (member(3, address=b""), 0)
    made.on_copies(copies([2, 3, 4]), by, 0)
    assert gone(made) == [(102, 1, b"here")] and made.packets == 1
    made.on_copies(copies([3, 4]), by, 2000)
    assert gone(made) == [] and made.packets == 1 and not made.is_busy(2000)
    assert made.refusals[refusal.ACCEPTED] == 2


def test_it_is_busy_until_a_second_after_voice():
    made = relay()
    for now_ms in (0, 5, INT_MAX - 10):
        assert not made.is_busy(now_ms)
        made.on_copies(copies([2]), state(2), now_ms)
        assert made.is_busy(now_ms)
        assert made.is_busy(add(now_ms, BURST_MS - 1))
        assert not made.is_busy(add(now_ms, BURST_MS))
        made = relay()


def test_numbers_go_on_when_somebody_moves_and_begin_anew_with_a_session():
    made = relay()
    by = state(2)
    for record, expected in (
        (member(2), (102, 1, b"here")),
        (member(2, address=b"there"), (102, 2, b"there")),
        (member(2, session=500), (500, 1, b"here")),
    ):
        by.records[records.MEMBER << 16 | 2] = (record, 0)
        made.on_copies(copies([2]), by, 0)
        assert gone(made) == [expected]


def test_who_comes_back_in_its_session_begins_anew_only_if_forgotten():
    """Who has gone is forgotten when somebody new comes; until then its numbers go on."""
    made = relay()
    made.on_copies(copies([2]), state(2), 0)
    made.on_copies(copies([2, 3]), state(3), 0)
    assert set(made._links) == {3}
    assert gone(made) == [(102, 1, b"here"), (103, 1, b"here")]


def test_another_secret_means_other_ways():
    """Under another number or secret nothing that waits is sent, and numbers begin anew."""
    for ask in ([TERM, 0, NUMBER + 1, SECRET], [TERM, 0, NUMBER, b"t" * 32]):
        made = relay()
        made.on_copies(copies([2]), state(2), 0)
        made.on_ask(ask, False)
        assert gone(made) == []
        made.on_copies(copies([2], number=ask[2]), state(2), 0)
        assert gone(made) == [(102, 1, b"here")]


def test_a_key_that_it_had_is_not_taken_again():
    """A question that was overtaken, or asked before it led: its numbers would begin anew."""
    made = relay()
    made.on_ask([TERM, 0, NUMBER + 1, b"t" * 32], False)
    made.on_copies(copies([2], number=NUMBER + 1), state(2), 0)
    assert host_wire.decode(made.on_ask([TERM, 0, NUMBER, SECRET], False))[1][2] == NUMBER + 1
    made.on_copies(copies([2], number=NUMBER + 1), state(2), 0)
    assert gone(made) == [(102, 1, b"here"), (102, 2, b"here")]
    made.stop()
    assert host_wire.decode(made.on_ask([TERM, 0, NUMBER + 1, b"t" * 32], False))[1][2] == 0


def test_asked_the_same_again_all_goes_on():
    made = relay()
    made.on_copies(copies([2]), state(2), 0)
    made.on_ask([TERM, 55, NUMBER, SECRET], True)
    made.on_copies(copies([2]), state(2), 0)
    assert gone(made) == [(102, 1, b"here"), (102, 2, b"here")]


def test_so_many_wait_and_the_oldest_goes():
    made = relay()
    for _ in range(WAITING_MAX):
        made.on_copies(copies([2]), state(2), 0)
    assert [seq for _, seq, _ in gone(made)] == list(range(1, WAITING_MAX + 1))
    for _ in range(WAITING_MAX + 2):
        made.on_copies(copies([2]), state(2), 0)
    first = WAITING_MAX + 3  # two were thrown away
    assert [seq for _, seq, _ in gone(made)] == list(range(first, first + WAITING_MAX))


def test_a_packet_is_fetched_whole_or_copy_by_copy():
    made = relay()
    assert made.poll_copies() is None
    for _ in range(3):
        made.on_copies(copies([2, 3]), state(2, 3), 0)
    whole = made.poll_copies()
    assert whole is not None
    assert [link.session for link in whole.links] == [102, 103] and whole.seqs == [1, 1]
    assert next_copy(made).destination == b"here"
    assert made.poll_copies() is None  # one of its copies has gone already
    assert [seq for _, seq, _ in gone(made)] == [2, 3, 3]
    assert made.poll_copies() is None
