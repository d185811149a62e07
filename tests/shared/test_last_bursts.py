from ptt.base.last_bursts import LastBursts


class Burst:
    def __init__(self, lease):
        self.lease = lease


def two():
    """Of group 2, in which one has been forgotten, and of group 1, whose one has ended."""
    kept = LastBursts()
    for group, lease in ((2, 20), (2, 21), (2, 22), (1, 10)):
        kept.begin(group, Burst(lease))
    kept.end(1)
    return kept


def leases(bursts):
    return [(group, burst.lease) for group, burst in bursts]


def test_the_last_one_and_the_one_before_are_found_by_their_leases():
    kept = two()
    found = [kept.of(2, lease) for lease in (20, 21, 22)]
    assert found[0] is None and [each.lease for each in found[1:]] == [21, 22]
    assert kept.of(1, 10).lease == 10 and kept.of(1, 22) is None and kept.of(3, 22) is None


def test_one_that_has_ended_is_the_one_before():
    kept = two()
    assert kept.last(1) is None and kept.last(2).lease == 22 and kept.last(3) is None
    assert leases(kept.last_ones()) == [(2, 22)]
    assert leases(kept.all()) == [(1, 10), (2, 21), (2, 22)]
    assert kept.end(1) is None and leases(kept.all()) == [(1, 10), (2, 21), (2, 22)]
    assert kept.begin(1, Burst(11)) is None and leases(kept.all())[:1] == [(1, 10)]


def test_whoever_is_forgotten_is_given_back():
    kept = two()
    assert kept.begin(2, Burst(23)).lease == 21
    assert kept.end(2).lease == 22
    kept.clear()
    assert kept.all() == []
