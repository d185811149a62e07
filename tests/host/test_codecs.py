"""G.722 and Opus in a venue: who talks in what, who gets it coded anew, and what is heard."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.shared.failover_venue import Failover
from tests.shared.keys import opened, opened_with
from tests.shared.venue import Badge, Venue

from pressel.audio import codecs as host
from pressel.audio.wav import read_speech
from pressel.node.bursts import NAMED_MAX, Bursts
from pressel.node.recoder import Recoder
from ptt import twins
from ptt.base import events, features
from ptt.base.numbers import FRAME_SAMPLES, LAST_REPEATS
from ptt.leader import coding, rests
from ptt.leader.settings_in_force import Settings
from ptt.media import dsp, g722
from ptt.media.codecs import IMA, Codec
from ptt.wire import envelope, messages, refusal, voice

OPUS, G722, IMA_ADPCM = messages.CODEC_OPUS, messages.CODEC_G722, messages.CODEC_IMA_ADPCM
SPEECH = Path("host/pressel/audio/speech/leisure.wav")
WORD_AT = 100  # frames: somebody speaks
PIECE = 3200  # samples
ALIKE = {G722: 0.99, OPUS: 0.8, IMA_ADPCM: 0.97}  # Opus keeps the sound, not the wave


class Coded(Venue):
    """Everybody has all codecs, but for the badges called `stock`, as on a stock ESP32, and
    `roomy`, as on an ESP32-S3; people speak a recording."""

    def __init__(
        self, badges: int = 3, stock: str = "", lacks_opus: str = "", roomy: str = ""
    ) -> None:
        self._stock = stock
        self._roomy = roomy
        self._lacks_opus = lacks_opus
        self.said = spoken()
        self.packets: list[tuple[Any, Any, bytes]] = []  # source, destination, voice packet
        self.heard: dict[str, list[array[int]]] = {}
        super().__init__(badges, 1, is_coded=True)
        self.run(1500)

    def make_leader(self, term: int, seed: int) -> Any:
        leader = super().make_leader(term, seed)
        leader.groups.coding.recoder = Recoder(leader.keys)
        return leader

    def equip(self, badge: Badge) -> None:
        self.heard[badge.name[0]] = []
        badge.speak = lambda is_coded: self._next_of(badge)
        if badge.name[0] in self._stock:
            return
        if badge.name[0] in self._roomy:
            badge.engine.playout.add_codec(g722.G722)
            badge.engine.burst.keep_sound(9)
            return
        host.equip(badge.engine)
        if badge.name[0] in self._lacks_opus:
            badge.engine.playout.codecs._codecs.pop(OPUS)

    def _next_of(self, badge: Badge) -> array[int]:
        frame = self.said[(WORD_AT + badge.count) % len(self.said)]
        badge.count += badge.engine.floor.wants_speech()
        return frame

    def pass_sound(self, badge: Badge) -> None:
        engine = badge.engine
        if badge.hears_itself:
            engine.write_microphone(badge.speak(True), self.now_ms)
        pcm = engine.read_speaker(self.now_ms)
        if pcm is not None:
            self.heard[badge.name[0]].append(array("h", pcm))

    def put_in_force(self, version: int, codec: int, **other: Any) -> None:
        self.leader.publish(Settings(version, codec=codec, **other), self.now_ms)
        self.collect_leader()
        self.run(300)

    def send(self, data: bytes, source: Any, destination: Any) -> None:
        if data[1] == messages.VOICE_FRAME:
            self.packets.append((source, destination, data))
        super().send(data, source, destination)

    def talk(self, name: str = "A", duration_ms: int = 1200, wait_ms: int = 1500) -> int:
        """How many frames it had."""
        self.packets = []
        for heard in self.heard.values():
            heard.clear()
        self.badge(name).count = 0
        self.press(name)
        self.run(duration_ms)
        self.release(name)
        self.run(wait_ms)
        _, sent, dropped = self.badge(name).last(events.SENT)
        assert dropped == 0
        return sent

    def codecs_from(self, name: str) -> set[int]:
        address = self.badge(name).address
        return {data[voice.CODEC_AT] for source, _, data in self.packets if source == address}

    def codecs_to(self, name: str) -> set[int]:
        address = self.badge(name).address
        return {data[voice.CODEC_AT] for _, to, data in self.packets if to == address}

    def likeness(self, name: str, talker: str = "A") -> float:
        """Of what `name` has heard to what was said: the median of pieces of 0.2 s, each at the lag
        at which it is most alike, since a frame of a pause may have been left out."""
        said = joined(self.said[WORD_AT : WORD_AT + self.badge(talker).count])
        heard = joined(self.heard[name])
        found = []
        for at in range(0, len(heard) - 2 * PIECE, PIECE):
            piece = heard[at : at + PIECE]
            starts = range(max(0, at - 400), min(at + 400, len(said) - PIECE))
            found.append(max(likeness(said[start:], piece, 0) for start in starts))
        return float(np.median(found))


def spoken() -> list[array[int]]:
    pcm = np.asarray(read_speech(SPEECH))
    count = len(pcm) // FRAME_SAMPLES
    return [array("h", pcm[n * FRAME_SAMPLES :][:FRAME_SAMPLES].tobytes()) for n in range(count)]


def joined(frames: list[array[int]]) -> Any:
    return np.concatenate([np.frombuffer(frame, np.int16) for frame in frames]).astype(float)


def likeness(said: Any, heard: Any, lag: int) -> float:
    count = min(len(said), len(heard) - lag)
    one, other = said[:count], heard[lag : lag + count]
    return float(one @ other / np.sqrt((one @ one) * (other @ other) + 1.0))


@pytest.fixture(autouse=True)
def _has_codecs() -> Iterator[None]:
    if not host.host_codecs():
        pytest.skip("PyAV is not installed")
    yield


def heard_whole(venue: Coded, names: str, sent: int) -> None:
    for name in names:
        played, concealed, late = venue.badge(name).last(events.HEARD)[2:5]
        assert (played, concealed, late) == (sent, 0, 0), name


# --- who talks in what ---


@pytest.mark.parametrize(("lacks", "best"), [("", OPUS), ("C", G722)])
def test_all_talk_in_the_best_that_all_have(lacks: str, best: int) -> None:
    venue = Coded(lacks_opus=lacks)
    for name in "AB":  # the first burst of each, and what it said before it knew
        sent = venue.talk(name)
        listeners = "ABC".replace(name, "")
        heard_whole(venue, listeners, sent)
        assert {data[voice.CODEC_AT] for _, _, data in venue.packets} == {best}
        for listener in listeners:
            assert venue.likeness(listener, name) > ALIKE[best]
    assert venue.leader.groups.coding.packets == 0


def test_badges_with_room_and_computers_talk_in_g722() -> None:
    """The first words, too, which were coded before the grant named a codec."""
    dsp.use(twins)
    venue = Coded(roomy="AB")
    for name in "AC":
        sent = venue.talk(name)
        listeners = "ABC".replace(name, "")
        heard_whole(venue, listeners, sent)
        assert {data[voice.CODEC_AT] for _, _, data in venue.packets} == {G722}
        for listener in listeners:
            assert venue.likeness(listener, name) > ALIKE[G722]
    assert venue.leader.groups.coding.packets == 0


@pytest.mark.parametrize(("leave_out", "codec"), [(rests.AUTOMATIC, OPUS), (rests.ON, IMA_ADPCM)])
def test_a_better_codec_is_worth_more_than_pauses_that_are_left_out_by_themselves(
    leave_out: int, codec: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opus takes half of what IMA-ADPCM does, and G.722 as much: pauses are an eighth of it."""
    monkeypatch.setattr("ptt.leader.rests.plan.frames_in_packet", lambda listeners: 2)
    venue = Coded()
    for member in venue.leader.members.all():
        member.features |= features.PAUSES
    venue.put_in_force(2, coding.AUTO, leave_out_pauses=leave_out)
    venue.talk()
    assert venue.codecs_from("A") == {codec}
    assert venue.badge("A").engine.burst.may_rest == (codec == IMA_ADPCM)


def test_one_stock_badge_keeps_its_group_at_ima_and_the_grant_is_as_before() -> None:
    venue = Coded(stock="C")
    grants: list[int] = []
    venue.loses = lambda data, source, destination: (
        data[1] == messages.FLOOR_GRANT and grants.append(envelope.payload_end(data)) is not None
    )
    sent = venue.talk()
    heard_whole(venue, "BC", sent)
    assert {data[voice.CODEC_AT] for _, _, data in venue.packets} == {IMA_ADPCM}
    assert set(grants) == {envelope.HEADER_BYTES + 17}


@pytest.mark.parametrize("wanted", [G722, OPUS])
def test_as_the_venue_wants_a_stock_badge_gets_it_coded_anew(wanted: int) -> None:
    venue = Coded(stock="C")
    venue.put_in_force(2, wanted)
    sent = venue.talk()
    heard_whole(venue, "BC", sent)
    assert venue.codecs_from("A") == venue.codecs_to("B") == {wanted}  # it coded once
    assert venue.codecs_to("C") == {IMA_ADPCM}
    assert min(venue.likeness("B"), venue.likeness("C")) > ALIKE[wanted]
    sent = venue.talk("C")  # which talks as it can
    assert {data[voice.CODEC_AT] for _, _, data in venue.packets} == {IMA_ADPCM}
    heard_whole(venue, "AB", sent)
    assert venue.leader.groups.coding.packets > 0


@pytest.mark.parametrize("many", [{"multicast_group": 1}, {"own_listeners": 10}])
def test_what_goes_to_many_is_ima(many: dict[str, int]) -> None:
    venue = Coded()
    venue.put_in_force(2, OPUS, **many)
    venue.talk()
    assert {data[voice.CODEC_AT] for _, _, data in venue.packets} == {IMA_ADPCM}


def test_a_host_that_cannot_code_anew_grants_ima() -> None:
    venue = Coded()
    venue.leader.groups.coding.recoder = Recoder(venue.leader.keys, codecs=())
    heard_whole(venue, "BC", venue.talk())
    assert {data[voice.CODEC_AT] for _, _, data in venue.packets} == {IMA_ADPCM}


# --- a codec lasts as long as its burst ---


def test_a_setting_that_changes_amid_a_burst_holds_for_the_next() -> None:
    venue = Coded()
    venue.packets = []
    venue.press("A")
    venue.run(400)
    venue.put_in_force(2, IMA_ADPCM)
    venue.run(400)
    venue.release("A")
    venue.run(1500)
    assert {data[voice.CODEC_AT] for _, _, data in venue.packets} == {OPUS}
    heard_whole(venue, "BC", venue.badge("A").last(events.SENT)[1])
    venue.talk()
    assert {data[voice.CODEC_AT] for _, _, data in venue.packets} == {IMA_ADPCM}


def test_a_talker_that_changes_the_codec_amid_a_burst_is_refused() -> None:
    venue = Coded()
    venue.press("A")
    venue.run(400)
    member = venue.leader.members.all()[0]
    lease = venue.badge("A").engine.floor.lease
    rules = venue.leader.groups.coding
    assert rules.passes(member, 1, lease, OPUS)
    assert not rules.passes(member, 1, lease, IMA_ADPCM)
    assert not rules.passes(member, 1, lease, G722)
    listener = venue.badge("B").engine.playout
    assert listener.may_take(lease, OPUS) and not listener.may_take(lease, IMA_ADPCM)
    data = bytearray(400)
    voice.write_fields(data, 1, IMA_ADPCM, member.node, lease, 900, False, 1)
    envelope.put16(data, envelope.LENGTH_AT, 14 + IMA.frame_bytes)
    assert venue.leader.voice.on_voice(member, data, venue.now_ms) == refusal.FIELD


def test_who_comes_amid_a_burst_hears_it_from_there() -> None:
    venue = Coded(4, stock="C", lacks_opus="D")
    for name in "CD":
        venue.badge(name).alive = False
    venue.run(7000)  # nobody knows them any more
    venue.packets = []
    venue.press("A")
    venue.run(500)
    for name in "CD":
        venue.badge(name).alive = True
        venue.badge(name).engine.start(venue.now_ms)
        venue.collect(venue.badge(name))
    venue.run(2000)
    venue.release("A")
    venue.run(1500)
    assert venue.codecs_from("A") == {OPUS}
    for name in "CD":
        assert venue.codecs_to(name) == {IMA_ADPCM}
        played, concealed = venue.badge(name).last(events.HEARD)[2:4]
        assert played > 50 and concealed == 0


SOUNDS = {
    "silence": array("h", bytes(2 * FRAME_SAMPLES)),
    "clipping": array("h", [32_767 if n % 40 < 20 else -32_768 for n in range(FRAME_SAMPLES)]),
}


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("wanted", [G722, OPUS])
def test_odd_sounds_are_heard_whole_coded_anew_or_not(wanted: int, sound: str) -> None:
    venue = Coded(stock="C")
    venue.put_in_force(2, wanted)
    venue.said = [SOUNDS[sound]] * (WORD_AT + 100)
    heard_whole(venue, "BC", venue.talk())
    for name in "BC":
        heard = joined(venue.heard[name])[FRAME_SAMPLES:]  # a coder begins from silence
        loud = np.sqrt(np.mean(heard**2))
        assert loud < 10 if sound == "silence" else 20_000 < loud <= 32_768, (name, loud)


@pytest.mark.parametrize("wanted", [G722, OPUS])
def test_a_burst_of_one_frame_is_heard_coded_anew_or_not(wanted: int) -> None:
    venue = Coded(stock="C")
    venue.put_in_force(2, wanted)
    sent = venue.talk(duration_ms=20)
    assert 1 <= sent <= 3
    heard_whole(venue, "BC", sent)


def test_it_is_said_once_for_whom_a_burst_is_coded_anew() -> None:
    venue = Coded(4, stock="C", lacks_opus="D")
    told: list[dict[str, Any]] = []
    bursts = Bursts(lambda: venue.leader, lambda: 1.0, lambda event, fields: told.append(fields))
    bursts.follow(venue.leader)
    venue.put_in_force(2, OPUS)
    venue.badge("D").alive = False
    venue.run(7000)  # nobody knows it any more
    venue.press("A")
    venue.run(500)
    venue.badge("D").alive = True
    venue.badge("D").engine.start(venue.now_ms)
    venue.collect(venue.badge("D"))
    venue.run(2000)
    venue.release("A")
    venue.run(1500)
    talker, first, later = (venue.badge(name).name for name in "ACD")
    shared = {"talker": talker, "lease": 1, "group": 1, "codec": "Opus", "count": 1}
    assert told == [{**shared, "listeners": first}, {**shared, "listeners": later}]
    venue.talk("C")  # in what all have
    found = [(each["codec"], each["coded_anew"]) for each in bursts.page({})["bursts"]]
    assert found == [("Opus", 2), ("IMA-ADPCM", 0)] and len(told) == 2


def test_a_crowd_that_lacks_a_codec_makes_one_short_line() -> None:
    told: list[Any] = []
    bursts = Bursts(lambda: None, report=lambda event, fields: told.append(fields["listeners"]))
    for count in (1, 2, NAMED_MAX, NAMED_MAX + 95):
        bursts.coded_anew(1, 7, 3, G722, list(range(10, 10 + count)))
    assert told == ["10", "10 and 11", "10, 11, 12, 13 and 14", "10, 11, 12, 13, 14 and 95 more"]


def test_what_hello_says_of_codecs_is_what_a_host_believes() -> None:
    every = features.G722 | features.OPUS
    assert coding.features_of(features.PAUSES | every, 1 << IMA_ADPCM) == features.PAUSES
    assert coding.features_of(0, 0xFF) == every  # and codecs that nobody knows yet
    assert coding.features_of(features.PAUSES, 1 << OPUS) == features.PAUSES | features.OPUS
    venue = Coded(stock="C", lacks_opus="B")
    found = [member.features & every for member in venue.leader.members.all()]
    assert found == [every, features.G722, 0]


# --- what travels ---


def test_what_was_coded_anew_has_key_streams_of_its_own() -> None:
    """Of each frame there are two plain texts on the air, and nothing tells one from the other."""
    venue = Coded(stock="C")
    venue.put_in_force(2, G722)
    sent = venue.talk()
    streams: dict[bytes, tuple[int, int, int]] = {}
    talker = venue.badge("A").engine
    frames: dict[tuple[int, int], set[bytes]] = {}
    for _, _, data in venue.packets:
        clear = opened(data, talker)
        codec, size = voice.codec(data), voice.frame_bytes(voice.codec(data))
        for index in range(voice.count(data)):
            number = voice.first(data) + index
            at = voice.FRAMES_AT + index * size
            frames.setdefault((codec, number), set()).add(bytes(clear[at : at + size]))
            for block in range(size // 16):
                place = at + block * 16
                stream = bytes(
                    a ^ b for a, b in zip(data[place : place + 16], clear[place:], strict=False)
                )
                told = (codec, number, block)
                assert streams.setdefault(stream, told) == told, "a key stream comes twice"
    assert len(frames) == 2 * sent
    assert {len(texts) for texts in frames.values()} == {1}  # whatever came again is the same


def test_a_packet_that_comes_again_is_not_coded_again() -> None:
    venue = Coded(stock="C")
    venue.put_in_force(2, G722)
    venue.talk()
    own = [data for source, _, data in venue.packets if source == venue.badge("A").address]
    recoder = Recoder(venue.leader.keys)
    first = recoder.recode(1, own[0], 0)
    assert first is not None and recoder.recode(1, own[0], 0) == first
    last = own[-LAST_REPEATS - 1 :]
    assert len({bytes(data[24:-8]) for data in last}) == 1
    made = [(recoder.recode(1, data, 0) or b"")[envelope.HEADER_BYTES :] for data in last]
    assert made[0] and made == [made[0]] * len(last)
    assert recoder.recode(1, own[1], 0) is None  # it would be other plain text by now


class Keys:
    """Of a leader: its own, and what it knows of the one before."""

    def __init__(self, own: tuple[int, bytes], former: tuple[int, bytes] | None) -> None:
        self.own, self.before = own, former

    def current(self, group: int) -> tuple[int, bytes]:
        return self.own

    def former(self, group: int) -> tuple[int, bytes] | None:
        return self.before


def test_a_leader_hears_by_the_former_one_s_key_and_codes_by_its_own() -> None:
    venue = Coded(stock="C")
    venue.put_in_force(2, G722)
    venue.talk()
    said = [data for source, _, data in venue.packets if source == venue.badge("A").address]
    epoch, key = venue.leader.keys.current(1)
    by_the_same = Recoder(venue.leader.keys)
    recoder = Recoder(Keys((epoch + 300, bytes(16)), (epoch, key)))
    for data in said[:20]:
        made, same = recoder.recode(1, data, 0), by_the_same.recode(1, data, 0)
        assert made is not None and same is not None
        assert made[envelope.MARK_AT] == epoch + 300 & 255 != data[envelope.MARK_AT]
        frames = opened_with(made, epoch + 300, bytes(16))[voice.FRAMES_AT :]
        assert frames == opened_with(same, epoch, key)[voice.FRAMES_AT :]


@pytest.mark.parametrize("apart", [None, 1, -1, 255])
def test_a_leader_codes_nothing_that_others_have_keys_for(apart: int | None) -> None:
    venue = Coded(stock="C")
    venue.put_in_force(2, G722)
    venue.talk()
    data = next(data for source, _, data in venue.packets if source == venue.badge("A").address)
    epoch, key = venue.leader.keys.current(1)
    former = None if apart is None else (epoch + apart, key)
    assert Recoder(Keys((epoch + 33, bytes(16)), former)).recode(1, data, 0) is None


def test_keys_of_the_leader_before_are_of_use_until_ours_change() -> None:
    venue = Failover().run(1500)
    former = venue.leader.keys.current(1)
    assert venue.leader.keys.former(1) is None
    venue.kill()
    venue.run(300)
    venue.take_over()
    assert venue.leader.keys.former(1) == former != venue.leader.keys.current(1)
    venue.leader.keys.change(venue.now_ms)
    assert venue.leader.keys.former(1) is None


# --- the codecs themselves ---


def coded(codec: Codec, frames: list[array[int]]) -> list[bytes]:
    coder = codec.coder()
    coder.begin()
    made = []
    for frame in frames:
        out = bytearray(164)
        coder.encode(frame, out, 0)
        made.append(bytes(out[: codec.frame_bytes]))
    return made


def decoded(codec: Codec, frames: list[bytes]) -> list[array[int]]:
    decoder = codec.decoder()
    decoder.begin()
    found = []
    for frame in frames:
        pcm = array("h", bytes(2 * FRAME_SAMPLES))
        decoder.decode(frame, 0, pcm)
        found.append(pcm)
    return found


@pytest.mark.parametrize("number", [IMA_ADPCM, G722, OPUS])
def test_a_listener_that_joins_hears_the_same_after_80_ms(number: int) -> None:
    codec = {each.number: each for each in (IMA, *host.host_codecs())}[number]
    made = coded(codec, spoken()[:120])
    whole = joined(decoded(codec, made))
    for start in (37, 60, 83):
        begin = (start + 4) * FRAME_SAMPLES
        late = joined(decoded(codec, made[start:]))[4 * FRAME_SAMPLES :]
        assert likeness(whole[begin:], late, 0) > 0.99


@pytest.mark.parametrize("codec", [*host.host_codecs()], ids=lambda codec: codec.name)
def test_bytes_that_no_coder_made_do_no_harm(codec: Codec) -> None:
    noise = np.random.default_rng(1)
    frames = [noise.bytes(codec.frame_bytes) for _ in range(200)]
    frames += [bytes(codec.frame_bytes), b"\xff" * codec.frame_bytes]
    decoded(codec, frames)
    assert voice.frame_bytes(codec.number) == codec.frame_bytes


def test_another_decoder_plays_our_opus() -> None:
    """FFmpeg's own, which shares no line with the library that coded it."""
    import av

    codec = host.host_codecs()[1]
    said = spoken()[WORD_AT : WORD_AT + 100]
    made = coded(codec, said)
    other: Any = av.CodecContext.create("opus", "r")
    other.sample_rate, other.layout = 48_000, "mono"
    found = []
    for frame in made:
        for played in other.decode(av.Packet(frame)):
            found.append(played.to_ndarray().reshape(-1))
    theirs = np.concatenate(found)[::3].astype(float)
    ours = joined(decoded(codec, made))
    assert max(likeness(ours, theirs * 32767, lag) for lag in range(40)) > 0.99
    assert max(likeness(joined(said), ours, lag) for lag in range(200)) > ALIKE[OPUS]
