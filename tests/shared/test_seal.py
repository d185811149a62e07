"""Session keys, key streams, the comparison of tags, and the replay window."""

from tests.shared.aes import block_cipher
from tests.shared.raising import raised

from ptt.link.ctr import KeyStream
from ptt.link.derive import session_keys, session_secret
from ptt.link.hmac import Hmac, HmacKey, equal, is_tag
from ptt.link.replay import ReplayWindow

KEY = bytes(range(32))
BADGE_NONCE = b"badge nonce 0123"
LEADER_NONCE = b"leader nonce 012"


def keys(key=KEY, badge=BADGE_NONCE, leader=LEADER_NONCE, term=3, session=77):
    secret = session_secret(Hmac(), key, badge, leader)
    made = session_keys(Hmac(), secret, term, session)
    return (made.up.inner, made.down.inner, made.wrap)


def test_each_part_of_a_join_changes_every_key():
    usual = keys()
    others = (
        keys(key=bytes(32)),
        keys(badge=LEADER_NONCE),
        keys(leader=BADGE_NONCE),
        keys(term=4),
        keys(session=78),
    )
    for other in others:
        for index in range(3):
            assert other[index] != usual[index]
    assert keys() == usual


def test_the_directions_have_different_keys():
    up, down, wrap = keys()
    assert up != down
    assert wrap not in (up, down)


def test_a_tag_longer_than_the_buffer_is_our_own_bug():
    raised(ValueError, Hmac(bytearray(74)).digest, HmacKey(KEY), bytes(11), 11)
    raised(ValueError, Hmac(bytearray(74)).digest, HmacKey(KEY), bytes(3), 4)


def test_tags_are_compared_whole():
    tag = bytes(range(32))
    assert equal(b"xx" + tag, 2, tag, 8) and is_tag(b"xx" + tag, 2, tag)
    for index in range(8):
        wrong = bytearray(tag)
        wrong[index] ^= 1
        assert not equal(wrong, 0, tag, 8) and not is_tag(wrong, 0, tag)


def stream(epoch=1, talker=2, lease=3, number=4, key=bytes(16)):
    made = KeyStream()
    made.make(block_cipher(key), epoch, talker, lease, number)
    return bytes(made.bytes)


def test_each_frame_has_its_key_stream():
    made = [
        stream(),
        stream(epoch=257),
        stream(talker=258),
        stream(lease=0x3FFFFFFF),
        stream(number=0xFFFF),
        stream(key=bytes(range(16))),
    ]
    blocks = [each[at : at + 16] for each in made for at in range(0, len(each), 16)]
    assert len(set(blocks)) == len(blocks) == 6 * 11
    assert stream() == made[0]


def test_a_key_stream_is_made_of_counted_blocks():
    block = bytearray(16)
    block[0:10] = b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a"
    expected = bytearray()
    for index in range(11):
        block[15] = index
        expected += block
    block_cipher(bytes(range(16))).encrypt(expected, expected)
    assert stream(0x0102, 0x0304, 0x05060708, 0x090A, bytes(range(16))) == expected


def test_a_number_is_new_once():
    window = ReplayWindow()
    for seq in (1, 2, 5, 4, 68, 3 + 64, 6):
        assert window.is_new(seq), seq
        window.accept(seq)
        assert not window.is_new(seq), seq
    assert window.highest == 68


def test_what_is_too_old_is_not_new():
    window = ReplayWindow()
    window.accept(100)
    assert not window.is_new(36)
    assert window.is_new(37)
    assert not window.is_new(0)
    assert not window.is_new(-5)


def test_a_number_that_was_only_asked_about_stays_new():
    window = ReplayWindow()
    assert window.is_new(9)
    assert window.is_new(9)
    assert window.highest == 0


def test_the_window_is_a_set_of_the_last_64():
    """Against the plain model, with jumps of every length."""
    for jump in range(1, 140):
        window = ReplayWindow()
        came = set()
        for seq in (10, 12, 70, 71, 71 + jump, 71 + jump - 3):
            if window.is_new(seq):
                window.accept(seq)
                came.add(seq)
        for seq in range(1, 300):
            expected = seq > max(came) or (seq > max(came) - 64 and seq not in came)
            assert window.is_new(seq) == expected, (jump, seq)
