"""Who hears: revoked badges, other groups, private calls, and key streams that must not repeat."""

from __future__ import annotations

from typing import Any

from tests.hostile.stage import Attacked, joined
from tests.shared.failover_venue import talking
from tests.shared.fixed_roster import FixedRoster
from tests.shared.keys import Chance, device_key, opened_by
from tests.shared.test_venue_groups import device

from ptt.badge.key_ring import KeyRing
from ptt.base import events
from ptt.base.numbers import CALL_GROUP_FIRST, KEY_ADOPT_MS
from ptt.cluster.device_record import DeviceRecord
from ptt.leader.group_keys import GroupKeys
from ptt.leader.roster import Grants
from ptt.link import derive
from ptt.link.hmac import Hmac
from ptt.wire import envelope, messages, voice
from ptt.wire.offsets import GROUP_KEY_END, GROUP_KEY_EPOCH_AT, GROUP_KEY_WRAPPED_AT


def shut_out(venue: Attacked, name: str) -> Any:
    engine = venue.badge(name).engine
    venue.directory.revoked.add(engine.device)
    venue.leader.look_at_directory(venue.now_ms)
    venue.collect_leader()
    return engine


def test_a_revoked_badge_hears_nothing_after_two_seconds_and_nobody_else_misses_a_frame() -> None:
    venue = joined()
    venue.press("A")
    venue.run(600)
    revoked = shut_out(venue, "C")
    venue.seen.clear()
    venue.run(4000)
    mine = [
        d for d, source, _ in venue.seen if d[1] == messages.VOICE_FRAME and source[0] == "badge"
    ]
    late = mine[len(mine) // 2 :]
    assert late and all(revoked.voice_keys.ring.cipher(1, data[2]) is None for data in late)
    assert not [
        to
        for _, source, to in venue.seen
        if source == venue.leader_address and to == ("badge", 2) and _[3]
    ]
    venue.release("A")
    venue.run(1500)
    (_, _, played, concealed, late_frames, _, _) = venue.badge("B").last(events.HEARD)
    assert played > 150 and concealed == 0 and late_frames == 0


def test_a_revoked_badge_is_not_let_in_again() -> None:
    venue = joined()
    shut_out(venue, "C")
    venue.run(20000)
    assert [member.name for member in venue.leader.members.all()] == [b"A0", b"B0"]


def test_who_loses_a_group_hears_it_no_more() -> None:
    table: dict[bytes, Grants] = {}
    venue = Attacked(3, roster=FixedRoster(table, Grants((2, 3))))
    venue.run(2000)
    engine = venue.badge("C").engine
    table[engine.device] = Grants((3,))
    venue.leader.look_at_directory(venue.now_ms)
    venue.collect_leader()
    venue.run(2000)
    venue.seen.clear()
    venue.talk("A")
    spoken = [
        d for d, source, _ in venue.seen if d[1] == messages.VOICE_FRAME and source[0] == "badge"
    ]
    assert spoken
    for data in spoken:
        assert voice.group(data) == 2
        assert engine.voice_keys.ring.cipher(2, data[2]) is None


def devices(*groups: tuple[int, ...]) -> list[DeviceRecord]:
    """Those of A, B, C ..., with these groups."""
    return [
        DeviceRecord(device(n), device_key(device(n)), b"x", each, False, 0)
        for n, each in enumerate(groups)
    ]


def with_devices(*groups: tuple[int, ...]) -> tuple[Attacked, dict[bytes, Grants]]:
    table = {device(n): Grants(each) for n, each in enumerate(groups)}
    venue = Attacked(len(groups), roster=FixedRoster(table))
    venue.leader.keep_devices(1, devices(*groups), venue.now_ms)
    venue.leader.look_at_directory(venue.now_ms)
    venue.run(2000)
    return venue, table


def spoken_in(venue: Attacked, group: int) -> list[bytes]:
    """What a listener of the radio has of A's speech, after it was spoken."""
    venue.seen.clear()
    venue.talk("A")
    found = [d for d, source, _ in venue.seen if d[1] == messages.VOICE_FRAME if source[1] == 0]
    assert found and voice.group(found[0]) == group
    return found


def test_who_is_added_to_a_group_opens_nothing_of_before() -> None:
    """It recorded what was said in the group's epoch before it belonged to it."""
    venue, table = with_devices((2,), (2,), (3,))
    recorded = spoken_in(venue, 2)
    table[device(2)] = Grants((2, 3))
    venue.leader.look_at_directory(venue.now_ms)
    venue.collect_leader()
    venue.run(2000)
    ring = venue.badge("C").engine.voice_keys.ring
    assert ring.cipher(2, spoken_in(venue, 2)[-1][2]) is not None
    assert all(ring.cipher(2, data[2]) is None for data in recorded)


def test_a_device_that_is_added_while_it_is_away_opens_nothing_of_before() -> None:
    venue, table = with_devices((2,), (2,), (3,))
    engine = venue.badge("C").engine
    member = venue.leader.members.by_device(engine.device)
    assert member is not None
    venue.leader.drop(member, venue.now_ms)
    recorded = spoken_in(venue, 2)
    table[device(2)] = Grants((2, 3))
    venue.leader.keep_devices(2, devices((2,), (2,), (2, 3)), venue.now_ms)
    venue.leader.look_at_directory(venue.now_ms)
    engine.join.on_forgotten(venue.now_ms)
    venue.run(4000)
    assert engine.voice_keys.ring.cipher(2, spoken_in(venue, 2)[-1][2]) is not None
    assert all(engine.voice_keys.ring.cipher(2, data[2]) is None for data in recorded)


def test_a_stolen_badge_that_keeps_silent_is_shut_out_too() -> None:
    """It only listens, and is no member any more when it is revoked."""
    venue, _ = with_devices((2,), (2,), (2,))
    engine = venue.badge("C").engine
    ring = engine.voice_keys.ring
    member = venue.leader.members.by_device(engine.device)
    assert member is not None
    venue.loses = lambda data, source, destination: source == ("badge", 2)
    venue.leader.drop(member, venue.now_ms)
    venue.directory.revoked.add(engine.device)
    venue.leader.keep_devices(2, devices((2,), (2,)), venue.now_ms)
    venue.leader.look_at_directory(venue.now_ms)
    venue.collect_leader()
    venue.run(2000)
    assert all(ring.cipher(2, data[2]) is None for data in spoken_in(venue, 2))


def test_a_change_that_moves_nobodys_rights_changes_no_keys() -> None:
    venue, _ = with_devices((2,), (2,))
    before = venue.leader.keys.current(2)
    renamed = devices((2,), (2,))
    renamed[0].name = b"Ann"
    venue.leader.keep_devices(2, renamed, venue.now_ms)
    venue.leader.look_at_directory(venue.now_ms)
    assert venue.leader.keys.current(2) == before


def test_a_removed_host_does_not_know_the_next_keys() -> None:
    """It knows what the groups' keys come from, and the terms to come."""
    stolen = GroupKeys(Hmac(), Chance(1))
    kept = stolen.record()
    for term in (256, 512):
        leading, guessed = GroupKeys(Hmac(), Chance(2)), GroupKeys(Hmac(), Chance(3))
        leading.go_on_from(kept, term)
        guessed.go_on_from(kept, term)
        assert leading.epoch == guessed.epoch
        assert leading.key(2) != guessed.key(2)
    venue = joined(2)
    before = venue.leader.keys.record()
    venue.leader.change_keys(venue.now_ms)
    venue.collect_leader()
    venue.run(2000)
    assert venue.leader.keys.record()[2:] != before[2:]
    venue.talk("A")
    assert venue.badge("B").all(events.HEARD)


def test_another_groups_voice_cannot_be_opened() -> None:
    table: dict[bytes, Grants] = {}
    venue = Attacked(3, roster=FixedRoster(table, Grants((2,))))
    table[venue.badge("C").engine.device] = Grants((3,))
    venue.run(3000)
    outsider = venue.badge("C").engine.voice_keys.ring
    assert outsider.cipher(2, 1) is None
    own = outsider._of[3][0][1]
    assert own != venue.leader.keys.current(2)[1]


def test_a_private_call_is_private() -> None:
    venue = joined(4)
    a, b = venue.badge("A").engine, venue.badge("B").engine
    assert a.call(b.join.node, venue.now_ms)
    venue.collect(venue.badge("A"))
    venue.run(800)
    group = a.scan.call_group
    assert group >= CALL_GROUP_FIRST and b.scan.call_group == group
    key = venue.leader.keys.current(group)[1]
    assert a.voice_keys.ring._of[group][0][1] == b.voice_keys.ring._of[group][0][1] == key
    for name in "CD":
        assert group not in venue.badge(name).engine.voice_keys.ring._of
    assert key != venue.leader.keys.current(1)[1]
    first = key
    venue.release("A")
    a.hang_up(venue.now_ms)
    venue.collect(venue.badge("A"))
    venue.run(500)
    c, d = venue.badge("C").engine, venue.badge("D").engine
    venue.leader.calls._next = group  # the number again
    assert c.call(d.join.node, venue.now_ms)
    venue.collect(venue.badge("C"))
    venue.run(500)
    assert c.scan.call_group == group
    assert c.voice_keys.ring._of[group][0][1] != first


def test_no_key_stream_comes_twice_across_a_takeover() -> None:
    venue = talking(badges=3)
    heard: dict[tuple, bytes] = {}
    send = venue.send

    def watch(data: bytes, source: Any, destination: Any) -> None:
        if data[1] == messages.VOICE_FRAME and source[0] == "badge":
            engine = venue.badges[source[1]].engine
            cipher = engine.voice_keys.ring.cipher(voice.group(data), data[2])
            assert cipher is not None
            place = (
                engine.voice_keys.ring._key,
                voice.talker(data),
                voice.lease(data),
                voice.first(data),
            )
            assert heard.setdefault(place, data[38:-8]) == data[38:-8]
        send(data, source, destination)

    venue.send = watch  # pyright: ignore[reportAttributeAccessIssue]
    venue.run(500)
    before = venue.leader.keys.current(1)
    venue.kill()
    venue.run(300)
    venue.take_over()
    venue.run(3000)
    epoch, key = venue.leader.keys.current(1)
    assert epoch > before[0] and key != before[1]
    assert len({place[0] for place in heard}) == 2  # the talker went over to the new key
    venue.release("A")
    venue.run(1000)


def test_changes_that_the_standby_missed_silence_nobody_after_a_takeover() -> None:
    """The new leader has not heard of the talker's epoch, which is not one to come."""
    venue = talking(badges=3)
    venue.host_loses.loses = lambda data: True
    for _ in range(3):
        venue.leader.keys.change(venue.now_ms)
        venue.collect_leader()
        venue.run(1500)
    venue.kill()
    venue.run(300)
    venue.host_loses.loses = None
    venue.take_over()
    lease = venue.badge("A").engine.floor.lease
    before = len(venue.badge("B").heard_of(lease))
    venue.run(3000)
    assert venue.leader.refusals.as_dict().get("key", 0) == 0
    assert len(venue.badge("B").heard_of(lease)) > before + 100


def test_a_leader_that_counts_from_lower_gives_keys_that_are_taken() -> None:
    """So many changes went past the standby that it begins below the epoch that badges have."""
    venue = talking(badges=3)
    venue.host_loses.loses = lambda data: True
    for _ in range(70):
        venue.leader.keys.change(venue.now_ms)
        venue.collect_leader()
        venue.run(60)
    venue.kill()
    venue.run(300)
    venue.host_loses.loses = None
    venue.take_over()
    venue.release("A")
    venue.run(3000)
    venue.press("A")
    venue.run(3000)
    lease = venue.badge("A").engine.floor.lease
    assert lease and len(venue.badge("B").heard_of(lease)) > 100


def test_a_key_that_waits_while_the_member_gets_other_keys_is_the_groups() -> None:
    """A badge that answers two challenges at a busy leader gets keys twice. It would unwrap the
    first by what seals it, and play noise."""
    venue, _ = with_devices((2,))
    leader = venue.leader
    member = leader.members.all()[0]
    while leader.poll_transmit():
        pass
    leader.keys.give(member, venue.now_ms)
    keys = derive.session_keys(Hmac(), bytes(32), 1, member.session)
    member.link.begin(member.session, keys, venue.now_ms)
    epoch, key = leader.keys.current(2)
    found = []
    while (outgoing := leader.poll_transmit()) is not None:
        data = bytes(outgoing.data)
        if data[1] == messages.GROUP_KEY:
            seq = envelope.seq(data)
            wrapped = data[GROUP_KEY_WRAPPED_AT:GROUP_KEY_END]
            assert wrapped != key
            found.append(derive.wrap(Hmac(), keys.wrap, member.session, seq, wrapped))
            assert envelope.get16(data, GROUP_KEY_EPOCH_AT) == epoch
    assert key in found


def test_epochs_begin_again_and_no_key_does() -> None:
    keys = GroupKeys(Hmac(), Chance(1))
    keys.epoch = 0xFFFF
    ring = KeyRing(lambda key: key)
    before = keys.key(1)
    assert ring.put(1, keys.epoch, before, 0)
    keys.go_on_from(keys.record(), 1)
    assert keys.epoch < 100
    assert ring.put(1, keys.epoch, keys.key(1), 0)  # it is the newer one
    assert not ring.put(1, 0xFFFF, before, 0)
    keys.epoch = 0xFFFF
    assert keys.key(1) != before


def test_no_two_that_take_over_from_one_leader_agree() -> None:
    """After a split both sides speak under leases of one number; their keys are others."""
    record = GroupKeys(Hmac(), Chance(1)).record()
    seen = {}
    for term in (256, 257, 258, 320, 512, 513):
        keys = GroupKeys(Hmac(), Chance(1))
        keys.go_on_from(record, term)
        for group in (1, 2, CALL_GROUP_FIRST):
            place = (term, group)
            assert seen.setdefault(keys.key(group), place) == place
    keys = GroupKeys(Hmac(), Chance(1))
    keys.go_on_from(record, 512)
    assert seen[keys.key(2)] == (512, 2)  # and it can be made again


def test_a_talker_may_miss_one_of_two_takeovers_in_a_row() -> None:
    """Its epoch is one of before to the second, not one to come: its voice is relayed."""
    for first in range(256, 512):
        keys = GroupKeys(Hmac(), Chance(1))
        spoken = keys.epoch & 255
        for term in (first, 1023):
            keys.go_on_from(keys.record(), term)
        assert not keys.is_to_come(spoken), first


def test_a_key_of_another_leader_takes_the_place_of_one_of_the_same_epoch() -> None:
    ring = KeyRing(lambda key: key)
    assert ring.put(1, 40, b"former", 0)
    assert ring.put(1, 72, b"of one", 5000)
    assert ring.put(1, 72, b"of the other", 10_000)
    assert ring.cipher(1, 72) == b"of the other"
    assert ring.cipher(1, 40) == b"former"
    assert ring.own_cipher(1, 10_000 + KEY_ADOPT_MS) == b"of the other"


def test_the_leaders_own_view_agrees() -> None:
    """What `voice_key` says opens what was said."""
    venue = joined(is_coded=True)
    venue.press("A")
    venue.run(300)
    data = next(
        d for d, source, _ in venue.seen if d[1] == messages.VOICE_FRAME and source[0] == "badge"
    )
    assert opened_by(data, venue.leader)[voice.FRAMES_AT + 3] == 0  # as every ADPCM frame has it
    assert data[voice.FRAMES_AT : voice.FRAMES_AT + 8] != opened_by(data, venue.leader)[38:46]
