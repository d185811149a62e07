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


def lease_of(burst):
    return 0 if burst is None else burst.lease


def test_the_last_one_and_the_one_before_are_found_by_their_leases():
    kept = two()
    assert [lease_of(kept.of(2, lease)) for lease in (20, 21, 22)] == [0, 21, 22]
    assert [lease_of(kept.of(1, lease)) for lease in (10, 22)] == [10, 0]
    assert kept.of(3, 22) is None


def test_one_that_has_ended_is_the_one_before():
    kept = two()
    assert kept.last(1) is None and lease_of(kept.last(2)) == 22 and kept.last(3) is None
    assert leases(kept.last_ones()) == [(2, 22)]
    assert leases(kept.all()) == [(1, 10), (2, 21), (2, 22)]
    assert kept.end(1) is None and leases(kept.all()) == [(1, 10), (2, 21), (2, 22)]
    assert kept.begin(1, Burst(11)) is None and leases(kept.all())[:1] == [(1, 10)]


def test_whoever_is_forgotten_is_given_back():
    kept = two()
    assert lease_of(kept.begin(2, Burst(23))) == 21
    assert lease_of(kept.end(2)) == 22
    kept.clear()
    assert kept.all() == []
