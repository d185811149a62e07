"""States of a leader and a participant in which vectors are tried; tests/vectors/README.md
describes them. Each call makes a fresh engine with nothing left to send or to tell."""

from tests.shared.clear import ClearLeader, clear_participant

from ptt.wire import codec, envelope, messages, voice

LEADER = ("leader", 1)
ADDRESSES = {
    "leader": LEADER,
    "member 2": ("member", 2),
    "member 3": ("member", 3),
    "stranger": ("stranger", 0),
}
NOW_MS = 100000
TERM = 7
SESSIONS = {2: 0x0A0B0C0D, 3: 0x01020304}
DEVICES = {2: b"\x00\x01\x02\x03\x04\x05\x06\x07", 3: b"\x10\x11\x12\x13\x14\x15\x16\x17"}
NAMES = {2: b"Ann", 3: b"Ben"}
NONCE = 0x11223344


def datagram(kind, values, session, source):
    data = bytearray(400)
    end = codec.encode(data, envelope.HEADER_BYTES, kind, values)
    envelope.seal_header(data, end, kind, session, source, 1, 1000)
    return bytes(data[0:end])


def drain(engine):
    """(type, destination) of all that waits to be sent, and the kinds of all events."""
    sent = []
    while True:
        outgoing = engine.poll_transmit()
        if outgoing is None:
            break
        assert envelope.check_whole(outgoing.data) == 0
        sent.append((envelope.msg_type(outgoing.data), outgoing.destination))
    kinds = []
    while True:
        event = engine.next_event()
        if event is None:
            return sent, kinds
        kinds.append(event[0])


# --- the leader ---


def leader_empty():
    return ClearLeader(TERM, 1)


def leader_idle():
    leader = leader_empty()
    for node in sorted(SESSIONS):
        member = leader.members.add(DEVICES[node], SESSIONS[node])
        assert member is not None and member.node == node
        member.address = ("member", node)
        member.nonce = NONCE
        member.name = NAMES[node]
        member.groups = (1,)
        leader.members.heard(member, NOW_MS)
        member.settings.sent = member.settings.acknowledged = leader.settings.settings.version
    return leader


def say(leader, node, kind, values):
    leader.receive_datagram(datagram(kind, values, SESSIONS[node], node), ("member", node), NOW_MS)


def leader_taken():
    leader = leader_idle()
    say(leader, 2, messages.FLOOR_REQUEST, (1, 1))
    data = bytearray(voice.FRAMES_AT + 164)
    end = voice.write_fields(data, 1, messages.CODEC_IMA_ADPCM, 2, 1, 0, False, 1)
    envelope.seal_header(data, end, messages.VOICE_FRAME, SESSIONS[2], 2, 2, 1000)
    leader.receive_datagram(bytes(data), ("member", 2), NOW_MS)
    drain(leader)
    assert leader.floors[1].holder == 2 and leader.voice.packets_in == 1
    return leader


def leader_waiting():
    leader = leader_taken()
    say(leader, 3, messages.FLOOR_REQUEST, (1, 1))
    drain(leader)
    assert len(leader.floors[1].queue) == 1
    return leader


# --- the participant ---


def participant_searching():
    engine = clear_participant(DEVICES[2], NAMES[2], b"test", LEADER, 5)
    engine.start(NOW_MS)
    engine.join.nonce = NONCE
    drain(engine)
    return engine


def hear(engine, kind, values):
    engine.receive_datagram(datagram(kind, values, SESSIONS[2], 1), LEADER, NOW_MS)


def participant_joined():
    engine = participant_searching()
    values = (NONCE, 2, SESSIONS[2], TERM, messages.TABLE_HASH, 1, messages.CODEC_IMA_ADPCM)
    hear(engine, messages.WELCOME, values)
    drain(engine)
    assert engine.join.session == SESSIONS[2]
    return engine


def participant_asking():
    engine = participant_joined()
    engine.press(NOW_MS)
    drain(engine)
    assert engine.floor.request == 1
    return engine


def participant_talking():
    engine = participant_asking()
    hear(engine, messages.FLOOR_GRANT, (1, 1, TERM, 1, 2000, 60000))
    drain(engine)
    assert engine.floor.may_send()
    return engine


def participant_listening():
    engine = participant_joined()
    hear(engine, messages.FLOOR_TAKEN, (1, TERM, 1, 3, b"Ben"))
    drain(engine)
    assert engine.floor.talker == 3
    return engine


def participant_writing():
    engine = participant_joined()
    assert engine.keyboard.send(b"hello", NOW_MS)
    drain(engine)
    return engine


SCENES = {
    "leader empty": leader_empty,
    "leader idle": leader_idle,
    "leader taken": leader_taken,
    "leader waiting": leader_waiting,
    "participant searching": participant_searching,
    "participant joined": participant_joined,
    "participant asking": participant_asking,
    "participant talking": participant_talking,
    "participant listening": participant_listening,
    "participant writing": participant_writing,
}
