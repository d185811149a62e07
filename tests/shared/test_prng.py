"""The generator gives the same numbers on every runtime, for ever: seeds name test runs."""

from ptt.base.prng import Prng

INT_MAX = 0x3FFFFFFF


def numbers(seed, limit, count):
    prng = Prng(seed)
    return [prng.below(limit) for _ in range(count)]


def xorshift32(x):
    """Marsaglia's (13, 17, 5), written with arithmetic instead of shifts."""
    x ^= x * 8192 % 4294967296
    x ^= x // 131072
    return x ^ x * 32 % 4294967296


def test_fixed_numbers_of_a_seed():
    assert numbers(1, INT_MAX, 4) == [270369, 67634689, 499951815, 307599695]
    assert numbers(12345, 100, 8) == [30, 7, 4, 42, 23, 50, 68, 60]


def test_it_is_xorshift32():
    for seed in (1, 2, 77, 0x80000000, 0xFFFFFFFF):
        x = seed
        for number in numbers(seed, INT_MAX, 20):
            x = xorshift32(x)
            assert number == x % INT_MAX


def test_a_seed_of_any_size():
    assert numbers(1 << 32 | 5, 100, 5) == numbers(5, 100, 5)
    assert numbers(-1, 100, 5) == numbers(0xFFFFFFFF, 100, 5)


def test_seed_0_is_not_stuck():
    for seed in (0, 1 << 32):
        assert len(set(numbers(seed, INT_MAX, 20))) == 20


def test_below_stays_below():
    for limit in (1, 2, 3, 100, INT_MAX):
        for number in numbers(limit, limit, 200):
            assert 0 <= number < limit


def test_all_numbers_come():
    assert set(numbers(3, 10, 300)) == set(range(10))
