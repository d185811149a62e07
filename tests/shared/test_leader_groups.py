"""What a member says of a group that it is not in, or in a codec that nobody speaks."""

from tests.shared.clear import ClearLeader
from tests.shared.datagrams import datagram, drain, voice_packet
from tests.shared.fixed_roster import FixedRoster
from tests.shared.venue import LEADER, Venue

from ptt.base.numbers import CALL_GROUP_FIRST
from ptt.leader.roster import Grants
from ptt.wire import messages
from ptt.wire.messages import CALL_ENDED, CODEC_IMA_ADPCM, CODEC_PCM16, HEARTBEAT

NOW_MS = 5000
FOREIGN = 5


class Stage:
    """A leader with two members, who are in `groups`."""

    def __init__(self, groups=(1, 2)):
        self.leader = ClearLeader(1, 1, roster=FixedRoster({}, Grants(groups)))
        for number in range(2):
            values = (b"device-%d" % number, 7, messages.TABLE_HASH, 2, b"x", b"y", 0)
            self.give(datagram(messages.HELLO, values), number)
        drain(self.leader)

    def give(self, data, number=0):
        """Why it was refused, or "accepted"."""
        before = self.leader.refusals.as_dict()
        self.leader.receive_datagram(data, ("badge", number), NOW_MS)
        after = self.leader.refusals.as_dict()
        (reason,) = [name for name in after if after[name] != before.get(name, 0)]
        return reason

    def beat(self, group, roster=None):
        member = self.leader.members.all()[0]
        said = member.roster if roster is None else roster
        values = (NOW_MS, group, 1, 0, 0, 0, said)
        return self.give(datagram(HEARTBEAT, values, member.session, member.node))

    def said(self):
        """(kind, group) of what goes out."""
        return [
            (data[1], data[28] if data[1] == HEARTBEAT else 0) for data, _ in drain(self.leader)
        ]


def test_a_heartbeat_is_answered_with_the_group_that_it_asks_about():
    stage = Stage()
    for group in (1, 2):
        assert stage.beat(group) == "accepted"
        assert stage.said() == [(HEARTBEAT, group)]


def test_one_that_asks_about_a_foreign_group_is_refused_and_not_answered():
    stage = Stage()
    for group in (0, FOREIGN):
        assert stage.beat(group) == "field"
        assert stage.said() == []


def test_who_has_not_heard_of_its_groups_is_told_them():
    stage = Stage()
    assert stage.beat(FOREIGN, roster=0) == "field"
    assert stage.said() == [(messages.WELCOME, 0)]


def test_who_asks_about_a_call_that_is_over_is_told_so():
    stage = Stage()
    assert stage.beat(CALL_GROUP_FIRST) == "field"
    assert stage.said() == [(CALL_ENDED, 0)]


def test_who_is_in_no_group_asks_about_none():
    stage = Stage(())
    assert stage.beat(0) == "accepted"
    assert stage.said() == [(HEARTBEAT, 0)]
    assert stage.beat(1) == "field"
    assert stage.said() == []


def test_a_badge_in_no_group_stays_a_member():
    venue = Venue(badges=1, roster=FixedRoster({}, Grants(()))).run(8000)
    assert [member.name for member in venue.leader.members.all()] == [b"A0"]
    assert "lost" not in venue.badge("A").kinds()


def test_a_badge_believes_no_word_of_a_foreign_group():
    venue = Venue(badges=1, is_clear=True).run(1500)
    engine = venue.badge("A").engine
    values = (0, FOREIGN, 1, 3, 9, 0)
    data = datagram(HEARTBEAT, values, engine.join.session, 1)
    engine.receive_datagram(data, LEADER, venue.now_ms)
    assert engine.refusals.as_dict().get("field") == 1


def test_voice_in_a_codec_that_was_not_agreed_on_is_not_passed_on():
    stage = Stage()
    talker = stage.leader.members.all()[0]
    request = datagram(messages.FLOOR_REQUEST, (1, 1), talker.session, talker.node)
    assert stage.give(request) == "accepted"
    lease = stage.leader.floors[1].lease
    drain(stage.leader)
    for codec, why, copies in ((CODEC_PCM16, "field", 0), (CODEC_IMA_ADPCM, "accepted", 1)):
        data = voice_packet(talker.node, lease, talker.session, talker.node, 1, codec)
        assert stage.give(data) == why
        assert len(drain(stage.leader)) == copies
