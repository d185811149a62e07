"""Every vector of tests/vectors: what it reads as, and what engines do with it."""

from array import array
from binascii import unhexlify

from tests.shared import scenes, vectors
from tests.shared.clear import sender_of

from ptt.base import events
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.media import adpcm
from ptt.wire import codec, envelope, messages, refusal, voice
from ptt.wire.checksum import Checksum
from ptt.wire.refusal import Refused

TYPES = (
    "HELLO WELCOME HEARTBEAT NACK ROLE_ANNOUNCE SETTINGS_SNAPSHOT SETTINGS_ACK TEXT_MESSAGE "
    "TEXT_ACK FLOOR_REQUEST FLOOR_GRANT FLOOR_RELEASE FLOOR_QUEUED FLOOR_DENIED FLOOR_TAKEN "
    "FLOOR_IDLE FLOOR_REVOKED CALL_ENDED STANDBY VOICE_FRAME RECEIVER_REPORT BURST_RECEIPT "
    "UPDATE_OFFER UPDATE_WANT UPDATE_CHUNK UPDATE_STATE UPDATE_ORDER CHALLENGE ANSWER GROUP_KEY "
    "KEY_WANT REKEY REKEYED BADGE_REPORT MULTICAST MULTICAST_REPORT MULTICAST_VOICE "
    "MULTICAST_MISSED MULTICAST_HEARD MULTICAST_PROBE RELAY RELAY_REPORT RELAY_PROBE "
    "WIFI_NETWORK WIFI_STATE"
)
NAMES = {}
for type_name in TYPES.split():
    NAMES[getattr(messages, type_name)] = type_name


def reading(data):
    """What `data` reads as: the reason of its refusal, or what stands in it."""
    reason = envelope.check_whole(data)
    assert Checksum().check(data) == reason
    if reason != refusal.ACCEPTED:
        return refusal.NAMES[reason]
    if envelope.is_sealed(data):
        return refusal.NAMES[refusal.SEALED]
    kind = envelope.msg_type(data)
    if not sender_of(kind):
        return refusal.NAMES[refusal.TYPE]
    if kind == messages.VOICE_FRAME:
        reason = voice.check(data)
        if reason != refusal.ACCEPTED:
            return refusal.NAMES[reason]
    try:
        return codec.decode(kind, data, envelope.HEADER_BYTES, envelope.payload_end(data))
    except Refused as refused:
        return refusal.NAMES[refused.reason]


def check_reading(vector):
    wanted = vector["reads"]
    found = reading(vector["data"])
    if "refused" in wanted:
        assert found == wanted["refused"], found
        return
    data = vector["data"]
    assert not isinstance(found, str), found
    assert NAMES[envelope.msg_type(data)] == wanted["message"]
    assert envelope.session_id(data) == wanted["session"]
    assert envelope.source_node(data) == wanted["source"]
    assert envelope.seq(data) == wanted["seq"]
    assert envelope.timestamp_ms(data) == wanted["timestamp_ms"]
    fields = [vectors.value_of(value) for _, value in wanted["fields"]]
    layout = messages.LAYOUTS[envelope.msg_type(data)]
    fields += [
        row[3] for row in layout[len(fields) :]
    ]  # what an old build's vector knows nothing of
    assert found == fields, found
    if wanted["message"] == "VOICE_FRAME":
        check_voice(data, found)


def check_voice(data, fields):
    group, codec_number, talker, lease, first, marks, count, frame_bytes = fields
    assert voice.group(data) == group
    assert voice.codec(data) == codec_number
    assert voice.talker(data) == talker
    assert voice.lease(data) == lease
    assert voice.first(data) == first
    assert voice.is_last(data) == (marks == 1)
    assert voice.count(data) == count
    assert voice.frame_bytes(codec_number) == frame_bytes


def check_doing(vector, does):
    engine = scenes.SCENES[does["in"]]()
    before = engine.refusals.as_dict()
    source = scenes.ADDRESSES[does["from"]]
    engine.receive_datagram(vector["data"], source, scenes.NOW_MS)
    after = engine.refusals.as_dict()
    counted = [name for name in after if after[name] != before.get(name, 0)]
    where = "%s, from %s: " % (does["in"], does["from"])
    assert counted == [does["counted"]], where + str(counted)
    sent, kinds = scenes.drain(engine)
    places = {}
    for place in scenes.ADDRESSES:
        places[scenes.ADDRESSES[place]] = place
    sends = ["%s to %s" % (NAMES[kind], places[to]) for kind, to in sent]
    assert sends == does["sends"], where + str(sends)
    tells = [events.NAMES[kind] for kind in kinds]
    assert tells == does["tells"], where + str(tells)


def check_group(group):
    wrong = []
    for name in vectors.names(group):
        vector = vectors.load(group, name)
        try:
            check_reading(vector)
            for does in vector["does"]:
                check_doing(vector, does)
        except AssertionError as error:
            wrong.append("%s: %s" % (name, error))
    assert not wrong, "\n".join(wrong)


def test_valid():
    check_group("valid")


def test_malformed():
    check_group("malformed")


def test_what_build_2_0_sends():
    check_group("frozen/2.0")


def test_what_build_2_9_sends():
    check_group("frozen/2.15")


def test_there_is_a_vector_for_every_message():
    seen = set()
    for name in vectors.names("valid"):
        seen.add(vectors.load("valid", name)["reads"]["message"])
    assert seen == set(NAMES.values())
    assert len(NAMES) == len(messages.LAYOUTS)


def test_the_coder():
    encoder = adpcm.Encoder()
    pcm = array("h", bytes(FRAME_SAMPLES * 2))
    for frame in vectors.read("coder", "ima-adpcm")["frames"]:
        for index in range(FRAME_SAMPLES):
            low, high = unhexlify(frame["spoken"][index * 4 : index * 4 + 4])
            value = low | high << 8
            pcm[index] = value - 65536 if value > 32767 else value
        coded = bytearray(ADPCM_FRAME_BYTES)
        encoder.encode(pcm, coded, 0)
        assert bytes(coded) == unhexlify(frame["coded"])
        adpcm.decode(coded, 0, pcm)
        heard = bytearray()
        for sample in pcm:
            heard.append(sample & 255)
            heard.append(sample >> 8 & 255)
        assert bytes(heard) == unhexlify(frame["heard"])
