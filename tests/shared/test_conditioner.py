"""A microphone made fit to be coded: by integers that both runtimes count alike."""

from array import array

from ptt.microphone.conditioner import Conditioner
from ptt.microphone.filters import ONE_Q12, STATE_INTS, amplify, high_pass

SAMPLES = 320


def tone(period, level, first=0, constant=0):
    """A triangle of so many samples a period."""
    pcm = array("h", bytes(SAMPLES * 2))
    for n in range(SAMPLES):
        place = (first + n) % period
        side = place if 2 * place < period else period - place
        pcm[n] = side * 4 * level // period - level + constant
    return pcm


def noise(level, seed):
    pcm = array("h", bytes(SAMPLES * 2))
    for n in range(SAMPLES):
        seed = seed * 1103515245 + 12345 & 0x3FFFFFFF
        pcm[n] = (seed >> 12) % (2 * level + 1) - level
    return pcm


def heard(frames, conditioner=None, is_talking=True):
    """The conditioner after `frames`."""
    conditioner = conditioner or Conditioner()
    for pcm in frames:
        conditioner.hear(pcm, is_talking)
    return conditioner


def filtered(frames):
    """The last of `frames` as the high-pass leaves it."""
    state = array("i", [0] * STATE_INTS)
    left = array("h")
    for pcm in frames:
        high_pass(state, pcm)
        left = pcm
    return left


def loudness(pcm):
    return sum(abs(sample) for sample in pcm) // SAMPLES


def talk(seconds, level, room=20):
    """Words of 300 ms and pauses of 200 ms."""
    frames = []
    for number in range(seconds * 50):
        is_word = number % 25 < 15
        frames.append(tone(80, level, number * SAMPLES) if is_word else noise(room, number + 1))
    return frames


def test_a_constant_goes_and_voices_stay():
    pcm = filtered(tone(80, 4000, number * SAMPLES, 6000) for number in range(30))
    mean = sum(pcm) // SAMPLES
    assert abs(mean) < 100, mean
    assert 1850 < loudness(pcm) < 2000


def test_what_lies_below_voices_becomes_less():
    pcm = filtered(tone(1600, 4000, number * SAMPLES) for number in range(30))  # 10 Hz
    assert loudness(pcm) < 700


def test_soft_speech_becomes_louder_and_loud_speech_softer():
    soft = heard(talk(6, 300))
    assert soft.strength_q12 > 3 * ONE_Q12
    loud = heard(talk(3, 20000))
    assert loud.strength_q12 < ONE_Q12 // 3
    assert loud.clipped == loud.windy == 0


def test_usual_speech_stays_as_it_is():
    usual = heard(talk(4, 2400))
    assert 0.75 * ONE_Q12 < usual.strength_q12 < 1.33 * ONE_Q12


def test_the_strength_rests_in_pauses():
    talker = heard(talk(3, 300))
    strength = talker.strength_q12
    talker = heard([noise(20, seed) for seed in range(1, 150)], talker)
    assert abs(talker.strength_q12 - strength) * 50 < strength


def test_it_rests_while_nobody_talks():
    """Others speak beside the microphone."""
    talker = heard(talk(2, 300), None, False)
    assert talker.strength_q12 == ONE_Q12
    assert talker.talked == 0


def test_a_room_is_not_lifted():
    talker = heard([noise(300, seed) for seed in range(1, 150)])
    assert talker.strength_q12 <= ONE_Q12


def test_a_shout_after_soft_speech_is_bent_for_2_ms_at_most():
    talker = heard(talk(6, 300))
    assert talker.strength_q12 > 3 * ONE_Q12
    for number in range(10):
        pcm = tone(80, 24000, number * SAMPLES)
        talker.hear(pcm, True)
        whole = pcm[0 if number else 33 :]
        assert 12000 < max(whole) <= 23100 and min(whole) >= -23100, number


def test_what_the_microphone_cut_off_is_counted():
    frames = talk(4, 20000)
    for pcm in frames[10:14]:
        for n in range(SAMPLES):
            pcm[n] = 32767 if pcm[n] > 0 else -32768
    talker = heard(frames)
    assert talker.clipped == 4
    assert talker.talked == 200


def test_one_sample_at_full_scale_is_speech():
    frames = talk(1, 2000)
    frames[5][7] = 32767
    talker = heard(frames)
    assert talker.clipped == 0


def test_wind_is_counted_and_a_deep_voice_is_none():
    windy = heard([tone(800, 9000, number * SAMPLES) for number in range(100)])
    assert windy.windy > 80
    assert windy.strength_q12 == ONE_Q12
    deep = heard([tone(160, 4000, number * SAMPLES) for number in range(100)])  # 100 Hz
    assert deep.windy == 0


def test_a_converters_constant_is_no_wind():
    held = heard([tone(80, 1000, number * SAMPLES, 9000) for number in range(100)])
    assert held.windy < 30  # while the filter settles


def test_turned_off_it_counts_and_leaves_the_strength():
    conditioner = Conditioner()
    conditioner.obey(0, 1)
    talker = heard(talk(2, 300), conditioner)
    assert talker.strength_q12 == ONE_Q12
    assert talker.talked == 100


def largest_step(frames):
    """From one sample to the next, over the joints of frames, too."""
    last = frames[0][0]
    largest = 0
    for pcm in frames:
        for sample in pcm:
            largest = max(largest, abs(sample - last))
            last = sample
    return largest


def test_turned_off_amid_speech_the_strength_goes_back_without_a_click():
    """From both sides, within two seconds; and on again it follows as before."""
    for level, is_louder in ((300, True), (9000, False)):
        spoken = talk(8, level)
        conditioner = heard(talk(8, level))
        before = conditioner.strength_q12
        assert (before > ONE_Q12) == is_louder and before != ONE_Q12
        conditioner.obey(0, 1)
        heard(spoken, conditioner)
        assert conditioner.strength_q12 == ONE_Q12
        plain = Conditioner()
        plain.obey(0, 1)
        untouched = talk(8, level)
        heard(untouched, plain)
        assert spoken[-1] == untouched[-1]
        louder = max(before, ONE_Q12)
        assert largest_step(spoken) <= largest_step(untouched) * louder // ONE_Q12 + 16
        conditioner.obey(1, 1)
        heard(talk(8, level), conditioner)
        assert abs(conditioner.strength_q12 - before) * 4 < before


def test_what_lies_below_voices_is_left_in_when_wanted():
    """A hum of 25 Hz: taken away and left in, and between them no step that it has not itself."""
    hum = [tone(640, 6000, number * SAMPLES) for number in range(60)]
    loud = loudness(hum[0] + hum[1])
    conditioner = Conditioner()
    conditioner.obey(0, 1)
    heard(hum[0:20], conditioner)
    assert loudness(hum[18] + hum[19]) < loud * 3 // 4
    conditioner.obey(0, 0)
    heard(hum[20:40], conditioner)
    assert loudness(hum[38] + hum[39]) > loud * 9 // 10
    conditioner.obey(0, 1)
    heard(hum[40:60], conditioner)
    assert loudness(hum[58] + hum[59]) < loud * 3 // 4
    assert largest_step(hum[18:24]) < 100 and largest_step(hum[38:44]) < 100  # its own: 38 to 76


def test_strength_goes_from_one_to_the_other():
    pcm = array("h", [1000] * SAMPLES)
    amplify(pcm, 4096, 8192, 8)
    assert pcm[0] == 1000 and pcm[128] == 1500 and pcm[256] == pcm[319] == 2000
    steps = [pcm[n + 1] - pcm[n] for n in range(SAMPLES - 1)]
    assert max(steps) <= 4 and min(steps) >= 0


def test_what_is_too_loud_is_bent():
    pcm = array("h", [-32768, 32767, 8000] + [0] * (SAMPLES - 3))
    amplify(pcm, 32767, 32767, 5)
    assert pcm[0] == -32768 and pcm[1] == 32767
    assert 24576 < pcm[2] < 40000


def test_every_input_is_taken():
    """The limits of the integers: the loudest square wave, and steps between its ends."""
    for period in (2, 3, 16, 320):
        talker = Conditioner()
        for number in range(30):
            pcm = array("h", bytes(SAMPLES * 2))
            for n in range(SAMPLES):
                pcm[n] = 32767 if (number * SAMPLES + n) % period * 2 < period else -32768
            talker.hear(pcm, True)
        assert talker.clipped == 30
