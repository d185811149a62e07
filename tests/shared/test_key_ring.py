"""Which of the keys that have come is the newest, and which one we talk under."""

from tests.shared.aes import block_cipher

from ptt.badge.key_ring import KeyRing
from ptt.base.numbers import KEY_ADOPT_MS

NOW_MS = 5000
A, B, C = (bytes([n]) * 16 for n in (1, 2, 3))


def ring_with(*keys):
    """`keys`: (epoch, key), in the order in which they came."""
    ring = KeyRing(block_cipher)
    for epoch, key in keys:
        assert ring.put(1, epoch, key, NOW_MS)
    return ring


def talks_under(ring, now_ms):
    ring.own_cipher(1, now_ms)
    return ring.epoch


def test_a_key_that_was_overtaken_is_stale():
    ring = ring_with((7, A), (8, B))
    assert not ring.put(1, 7, A, NOW_MS)
    assert not ring.put(1, 8, B, NOW_MS)
    assert ring.is_newest(1, 8)


def test_the_leader_of_another_term_may_count_lower_than_its_rival():
    """Two took over from one state, and the later one begins fewer epochs beyond it."""
    ring = ring_with((68, A), (102, B))
    ring.begin_term()
    assert ring.put(1, 101, C, NOW_MS)
    assert ring.is_newest(1, 101)
    assert ring.cipher(1, 102) is not None  # what is on its way
    assert talks_under(ring, NOW_MS + 1) == 101  # nobody else has the rival's key
    assert not ring.put(1, 100, A, NOW_MS)  # in this term numbers count again


def test_in_another_term_the_same_key_is_still_no_news():
    ring = ring_with((68, A))
    ring.begin_term()
    assert not ring.put(1, 68, A, NOW_MS)
    assert ring.put(1, 67, B, NOW_MS)


def test_we_talk_under_the_key_before_until_all_have_the_newest():
    ring = ring_with((7, A), (8, B))
    assert talks_under(ring, NOW_MS + KEY_ADOPT_MS - 1) == 7
    assert talks_under(ring, NOW_MS + KEY_ADOPT_MS) == 8


def test_epochs_begin_again_behind_the_last():
    ring = ring_with((65535, A), (0, B))
    assert ring.is_newest(1, 0)
    assert talks_under(ring, NOW_MS + 1) == 65535
