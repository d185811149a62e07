"""What is heard in place of frames that are missing: the voice's own period, without a step."""

from array import array

from ptt.media.concealer import Concealer
from ptt.media.time_scale import TimeScale
from ptt.media.voice_period import period

SAMPLES = 320
PERIOD = 123  # 130 Hz


def voice(first, count=SAMPLES, lag=PERIOD):
    """A vowel: a pulse a period that dies away, made of integers alone."""
    pcm = array("h", bytes(count * 2))
    for n in range(count):
        place = (first + n) % lag
        level = 12000 - place * 12000 // lag
        pcm[n] = level if place // 9 & 1 else -level // 2
    return pcm


def hum(first, count=SAMPLES, lag=PERIOD):
    """A triangle: the steepest of its steps is known."""
    pcm = array("h", bytes(count * 2))
    for n in range(count):
        place = (first + n) % lag
        pcm[n] = (place if 2 * place < lag else lag - place) * 16000 // lag
    return pcm


def steepest(pcm):
    return max(abs(pcm[n + 1] - pcm[n]) for n in range(len(pcm) - 1))


def loudness(pcm):
    return sum(abs(sample) for sample in pcm) // len(pcm)


def listened(frames, sound=voice):
    concealer = Concealer()
    concealer.begin()
    for number in range(frames):
        concealer.hear(sound(number * SAMPLES))
    return concealer


def made_up(concealer, count):
    frames = []
    for _ in range(count):
        pcm = array("h", bytes(SAMPLES * 2))
        concealer.conceal(pcm)
        frames.append(pcm)
    return frames


def test_the_period_of_a_voice():
    for lag in (40, 41, 97, PERIOD, 200, 255, 256):
        found = period(voice(0, 640, lag), 512)
        assert found % lag == 0, (lag, found)


def test_of_a_voice_that_changes_the_newest_period_counts():
    for lag in (60, 97, 140):
        sound = voice(0, 360, lag * 3 // 2) + voice(0, 280, lag)
        found = period(sound, 512)
        assert found % lag == 0, (lag, found)


def test_the_period_of_silence_is_some_period():
    assert 40 <= period(array("h", bytes(1280)), 512) <= 256


def test_a_lost_frame_of_a_vowel_is_the_vowel():
    (made,) = made_up(listened(3), 1)
    wanted = voice(3 * SAMPLES)
    differences = array("h", [one - other for one, other in zip(made, wanted)])
    assert loudness(differences) * 4 < loudness(wanted)  # it fades a little


def test_a_high_voice_goes_on_with_more_than_one_period():
    """One alone, again and again, buzzes."""
    sound = voice(0, 3 * SAMPLES, 64)
    for n in range(len(sound)):
        sound[n] = sound[n] * (20 + n // 64) // 34  # each period is louder than the one before
    concealer = Concealer()
    concealer.begin()
    for at in range(0, len(sound), SAMPLES):
        concealer.hear(sound[at : at + SAMPLES])
    (made,) = made_up(concealer, 1)
    levels = [loudness(made[at : at + 64]) for at in (0, 64, 128, 192, 256)]
    assert levels != sorted(levels, reverse=True), levels


def test_it_fades_to_silence_within_80_ms():
    frames = made_up(listened(3), 6)
    levels = [loudness(frame) for frame in frames]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] * 10 > loudness(voice(0)) * 8
    assert levels[3] > 0
    assert levels[4:] == [0, 0]


def test_no_clicks_at_either_end_nor_within():
    """What follows is another voice, from anywhere in its period."""
    for missing in (1, 2, 3, 5, 30):
        for lag in (41, 123, 250):
            concealer = listened(3, hum)
            frames = made_up(concealer, missing)
            after = hum(60, lag=lag)
            limit = (
                steepest(hum(0, 640)) + steepest(after) + 8000 // 16
            )  # what 1 ms of blending adds
            concealer.hear(after)
            heard = hum(2 * SAMPLES)
            for frame in frames:
                heard += frame
            heard += after
            assert steepest(heard) <= limit, (missing, lag, steepest(heard), limit)


def test_after_a_loss_the_rest_is_as_it_was_said():
    concealer = listened(3)
    made_up(concealer, 2)
    after = voice(5 * SAMPLES)
    concealer.hear(after)
    assert after[32:] == voice(5 * SAMPLES)[32:]
    again = voice(6 * SAMPLES)
    concealer.hear(again)
    assert again == voice(6 * SAMPLES)


def test_another_talker_is_not_made_of_the_one_before():
    concealer = listened(3)
    concealer.begin()
    (made,) = made_up(concealer, 1)
    assert loudness(made) == 0


def test_the_loudest_sound_stays_in_range():
    """Steps from one end of the range to the other."""
    concealer = Concealer()
    for _ in range(3):
        concealer.hear(array("h", [32767 if n // 50 & 1 else -32768 for n in range(SAMPLES)]))
    made_up(concealer, 3)  # array 'h' refuses what is out of range


def through(frames, is_late):
    """What comes out of a time scale for `frames` of a hum, as one array."""
    scale = TimeScale()
    out = array("h")
    number = 0
    while number < frames:
        if scale.wants():
            scale.put(hum(number * SAMPLES))
            number += 1
        if is_late and scale.may_shorten():
            if scale.wants_more():
                scale.put(hum(number * SAMPLES))
                number += 1
            scale.shorten()
        out += scale.take()
    while scale.count:
        out += scale.take()
    return out


def test_in_time_nothing_is_changed():
    assert through(5, False) == hum(0, 5 * SAMPLES)


def test_late_speech_takes_less_time_and_has_no_step():
    out = through(50, True)
    assert len(out) < 44 * SAMPLES
    spoken = out[0 : len(out) - SAMPLES]  # the last may be filled up with silence
    assert steepest(spoken) <= steepest(hum(0, 640)) + 8  # whole periods went
    assert abs(loudness(spoken) - loudness(hum(0, len(spoken)))) < 50


def test_what_is_left_at_the_end_is_heard():
    scale = TimeScale()
    scale.put(hum(0))
    scale.put(hum(SAMPLES))
    scale.shorten()
    left = scale.count
    assert 0 < left < 2 * SAMPLES
    scale.take()
    last = scale.take()
    assert scale.count == 0
    assert loudness(last[0 : left - SAMPLES]) > 0
    assert loudness(last[left - SAMPLES :]) == 0
