"""The shared medium: order, queues, retries, multicast, beacons, accounts, repeatability."""

from __future__ import annotations

import itertools

import pytest

from pressel.errors import UsageError
from pressel.sim.wifi.channel import Channel
from pressel.sim.wifi.phy import CCMP_BYTES, PHYS, exchange_us, frame_us, multicast_us
from ptt.base.prng import Prng

N = PHYS["n"]
VOICE_BYTES = 186
BEACON_US = 102_400
DATA_US = frame_us(N, 39000, VOICE_BYTES, CCMP_BYTES)


def make_channel(seed: int = 1, stations: int = 10, rssi_dbm: int = -40, **facts: int) -> Channel:
    channel = Channel({"rate_kbps": 39000, **facts}, Prng(seed))
    for station in range(stations):
        channel.join(station, rssi_dbm)
    return channel


def test_a_frame_on_an_idle_channel_takes_access_and_itself() -> None:
    channel = make_channel()
    delays = [
        channel.unicast(tick * 5000, 0, VOICE_BYTES, True) - tick * 5000 for tick in range(2000)
    ]
    usual = [delay for delay in delays if delay <= 28 + 15 * 9 + DATA_US]
    assert min(usual) == 28 + DATA_US
    assert max(usual) == 28 + 15 * 9 + DATA_US
    assert sum(usual) / len(usual) == pytest.approx(28 + 67.5 + DATA_US, rel=0.02)
    assert len(usual) > 1950  # the others waited for a beacon


def test_frames_go_one_after_the_other_in_order() -> None:
    channel = make_channel()
    arrivals = [channel.unicast(0, station, VOICE_BYTES, True) for station in range(10)]
    gaps = [late - early for early, late in itertools.pairwise(arrivals)]
    assert min(gaps) >= 28 + DATA_US + 10 + 34  # DIFS, data, SIFS, ACK


def test_a_fan_out_costs_what_the_estimate_says() -> None:
    channel = make_channel(stations=100)
    done_us = [channel.unicast(0, station, VOICE_BYTES, True) for station in range(100)][-1]
    assert done_us == pytest.approx(100 * exchange_us(N, 39000, VOICE_BYTES, CCMP_BYTES), rel=0.05)


def test_the_access_points_queue_is_bounded_and_counted() -> None:
    channel = make_channel(ap_queue_frames=5)
    arrivals = [channel.unicast(0, 0, VOICE_BYTES, True) for _ in range(8)]
    assert [arrival < 0 for arrival in arrivals] == [False] * 5 + [True] * 3
    assert channel.last_loss == "queue"
    assert channel.lost_in_queue == 3
    assert channel.multicast(0, VOICE_BYTES, [1, 2]) == [(1, -1), (2, -1)]
    assert channel.unicast(arrivals[4] + 100, 0, VOICE_BYTES, True) > 0  # it has drained


def test_stations_have_queues_of_their_own() -> None:
    channel = make_channel(station_queue_frames=2, ap_queue_frames=1)
    assert [channel.unicast(0, 3, VOICE_BYTES, False) > 0 for _ in range(3)] == [True, True, False]
    assert channel.unicast(0, 4, VOICE_BYTES, False) > 0
    assert channel.unicast(0, 3, VOICE_BYTES, True) > 0


@pytest.mark.parametrize("share", [0, 300_000, 700_000])
def test_losses_after_all_retries(share: int) -> None:
    channel = make_channel(interference_ppm=share, retry_limit=4)
    tries = 4000
    lost = sum(channel.unicast(n * 20_000, 0, VOICE_BYTES, True) < 0 for n in range(tries))
    p = share / 1e6
    assert lost / tries == pytest.approx(p**4, abs=0.02)
    assert channel.lost_by_retries == lost
    assert channel.attempts / tries == pytest.approx(1 + p + p**2 + p**3, rel=0.05)
    assert (channel.airtime_us["retries"] > 0) == (share > 0)
    assert channel.last_loss == ("retries" if lost else "")


def test_a_hopeless_frame_takes_every_attempt_with_growing_backoff() -> None:
    channel = make_channel(interference_ppm=1_000_000, beacon_interval_us=10**9)
    for tick in range(500):
        assert channel.unicast(tick * 100_000, 0, VOICE_BYTES, True) == -1
    attempts_us = 7 * (28 + DATA_US + 10 + 34)
    backoff_us = sum(min(16 << stage, 1024) - 1 for stage in range(7)) * 9 / 2
    taken = channel.airtime_us
    assert taken["unicast"] + taken["retries"] == pytest.approx(
        500 * (attempts_us + backoff_us), rel=0.03
    )


def test_collisions_come_with_other_senders() -> None:
    alone, crowd = make_channel(), make_channel()
    for tick in range(1000):
        for _ in range(10):
            alone.unicast(tick * 20_000, 0, VOICE_BYTES, True)
        for station in range(10):
            crowd.unicast(tick * 20_000, station, VOICE_BYTES, False)
    assert alone.attempts == 10_000
    assert 11_500 < crowd.attempts < 16_000  # with 1 to 10 at once, 0 to 39 % collide
    assert crowd.lost_by_retries < 20


def test_weak_stations_are_slow_and_the_weakest_lose() -> None:
    channel = Channel({}, Prng(1))
    rates = []
    for station, rssi in enumerate((-50, -70, -75, -80, -85)):
        channel.join(station, rssi)
        rates.append(channel.rate_kbps(station))
    assert rates == [65000, 39000, 26000, 19500, 6500]
    channel.set_rssi(0, -95)
    assert channel.rate_kbps(0) == 6500
    assert channel.unicast(0, 0, VOICE_BYTES, True) == -1
    channel.set_rssi(0, -50)
    assert channel.unicast(50_000, 0, VOICE_BYTES, True) > 0


def test_multicast_goes_at_once_when_all_are_awake() -> None:
    channel = make_channel()
    heard = channel.multicast(1000, VOICE_BYTES, range(10))
    assert [station for station, _ in heard] == list(range(10))
    assert {at for _, at in heard} == {heard[0][1]}
    assert heard[0][1] - 1000 <= multicast_us(N, 6000, VOICE_BYTES, CCMP_BYTES) + 68


def test_multicast_waits_for_the_beacon_when_one_sleeps() -> None:
    channel = make_channel()
    channel.set_sleeping(7, True)
    least_us = multicast_us(N, 6000, VOICE_BYTES, CCMP_BYTES) - 68  # without its backoff
    first, second = (channel.multicast(at, VOICE_BYTES, [1])[0][1] for at in (1000, 21_000))
    assert BEACON_US < first < second < BEACON_US + 3000
    assert second - first >= least_us
    assert channel.unicast(30_000, 1, VOICE_BYTES, True) < 31_000  # others are not delayed
    after = channel.unicast(BEACON_US, 1, VOICE_BYTES, True)
    assert after > second  # but what was held goes first
    channel.set_sleeping(7, False)
    awake = channel.multicast(BEACON_US + 20_000, VOICE_BYTES, [1])[0][1]
    assert awake < BEACON_US + 21_000


def test_multicast_waits_for_the_dtim_among_beacons() -> None:
    channel = make_channel(dtim_period=3)
    channel.set_sleeping(0, True)
    arrivals = [
        channel.multicast(beacon * BEACON_US + 5000, VOICE_BYTES, [1])[0][1] for beacon in range(5)
    ]
    assert [at // BEACON_US for at in arrivals] == [1, 4, 4, 4, 7]


def test_a_sleeping_station_gets_unicast_at_the_beacon_and_sends_at_once() -> None:
    channel = make_channel()
    channel.set_sleeping(2, True)
    assert BEACON_US < channel.unicast(50_000, 2, VOICE_BYTES, True) < BEACON_US + 2000
    assert channel.unicast(51_000, 2, VOICE_BYTES, False) < 52_000


def test_held_frames_fill_the_queue_until_the_beacon() -> None:
    channel = make_channel(ap_queue_frames=3)
    channel.set_sleeping(0, True)
    heard = [channel.multicast(at, VOICE_BYTES, [1])[0][1] > 0 for at in (0, 1, 2, 3)]
    assert heard == [True, True, True, False]
    assert channel.multicast(BEACON_US + 10_000, VOICE_BYTES, [1])[0][1] > 0


def test_a_station_that_leaves_asleep_holds_nothing_up() -> None:
    channel = make_channel()
    channel.set_sleeping(0, True)
    channel.leave(0)
    assert channel.multicast(0, VOICE_BYTES, [1])[0][1] < 1000
    with pytest.raises(KeyError):
        channel.unicast(0, 0, VOICE_BYTES, True)


def test_multicast_is_lost_by_each_receiver_for_itself_and_never_repeated() -> None:
    channel = make_channel(interference_ppm=200_000)
    heard = [channel.multicast(n * 20_000, VOICE_BYTES, range(10)) for n in range(1000)]
    lost = [sum(at < 0 for _, at in each) for each in heard]
    assert sum(lost) / 10_000 == pytest.approx(0.2, abs=0.02)
    assert len(set(lost)) > 4
    assert channel.last_loss == "air"
    assert channel.airtime_us["retries"] == 0


def runs(flags: list[bool]) -> list[int]:
    """Lengths of the runs of True."""
    return [len(list(group)) for is_true, group in itertools.groupby(flags) if is_true]


@pytest.mark.parametrize(("share", "end_percent"), [(0.05, 40), (0.05, 20), (0.1, 100)])
def test_multicast_is_lost_in_bursts_by_each_receiver_for_itself(
    share: float, end_percent: int
) -> None:
    channel = make_channel(multicast_loss_ppm=int(share * 1e6), burst_end_percent=end_percent)
    heard = [channel.multicast(n * 20_000, VOICE_BYTES, range(10)) for n in range(4000)]
    lost = [[each[station][1] < 0 for each in heard] for station in range(10)]
    assert sum(map(sum, lost)) / 40_000 == pytest.approx(share, rel=0.15)
    lengths = [length for flags in lost for length in runs(flags)]
    assert sum(lengths) / len(lengths) == pytest.approx(100 / end_percent, rel=0.15)
    assert lost[0] != lost[1]
    assert channel.last_loss == "burst"
    assert channel.unicast(90_000_000, 1, VOICE_BYTES, True) > 0, "unicast has its retries"


def test_an_access_point_whose_members_are_forgotten_sends_nothing() -> None:
    channel = make_channel(snooping_us=260_000_000)
    assert channel.multicast(0, VOICE_BYTES, [1, 2]) == [(1, -1), (2, -1)]
    assert channel.last_loss == "snooping"
    channel.report_group(1000, 1)
    assert all(at > 0 for _, at in channel.multicast(2000, VOICE_BYTES, [1, 2])), "the air is one"
    assert all(at > 0 for _, at in channel.multicast(259_000_000, VOICE_BYTES, [1, 2]))
    before = channel.airtime_us["multicast"]
    assert channel.multicast(260_001_000, VOICE_BYTES, [1, 2]) == [(1, -1), (2, -1)]
    assert channel.airtime_us["multicast"] == before
    channel.report_group(260_002_000, 2)
    assert channel.multicast(260_003_000, VOICE_BYTES, [1])[0][1] > 0
    channel.leave(2)
    assert channel.multicast(260_020_000, VOICE_BYTES, [1]) == [(1, -1)]
    with pytest.raises(KeyError):
        channel.report_group(260_021_000, 2)


def test_conversion_to_unicast_costs_a_transmission_each_and_repeats_what_is_lost() -> None:
    converts = make_channel(multicast_to_unicast=1, multicast_loss_ppm=300_000)
    plain = make_channel()
    heard = [converts.multicast(n * 20_000, VOICE_BYTES, range(10)) for n in range(200)]
    for n in range(200):
        plain.multicast(n * 20_000, VOICE_BYTES, range(10))
    assert all(at > 0 for each in heard for _, at in each)
    assert len({at for _, at in heard[0]}) == 10, "one after the other"
    assert converts.airtime_us["multicast"] == plain.airtime_us["unicast"] == 0
    assert converts.airtime_us["unicast"] > 4 * plain.airtime_us["multicast"]


def test_conversion_reaches_those_alone_who_are_known() -> None:
    channel = make_channel(multicast_to_unicast=1, snooping_us=1_000_000)
    channel.report_group(0, 3)
    heard = dict(channel.multicast(500_000, VOICE_BYTES, [2, 3]))
    assert heard[2] == -1 < heard[3]
    assert channel.multicast(1_000_000, VOICE_BYTES, [3]) == [(3, -1)]


@pytest.mark.parametrize(
    "facts", [{"multicast_loss_ppm": 1_000_000}, {"burst_end_percent": 101}, {"snooping_us": -1}]
)
def test_facts_of_multicast_that_make_no_sense(facts: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=next(iter(facts))):
        make_channel(**facts)


def test_beacons_cost_airtime_on_an_idle_channel() -> None:
    channel = make_channel()
    percent = channel.airtime_percent(0, 10 * BEACON_US)
    # 28 DIFS + 20 + 4 * 94 symbols + 6, every 102.4 ms
    assert channel.airtime_us["beacons"] == 10 * 430
    assert percent == pytest.approx(100 * 430 / BEACON_US, rel=0.11)


def busy_run(seed: int) -> tuple[Channel, list[int]]:
    channel = make_channel(seed, 20, -60, interference_ppm=50_000, rate_kbps=0)
    channel.set_sleeping(3, True)
    seen = []
    for tick in range(500):
        now_us = tick * 20_000
        seen.append(channel.unicast(now_us, 0, VOICE_BYTES, False))
        seen += [at for _, at in channel.multicast(now_us + 400, VOICE_BYTES, range(10))]
        seen += [channel.unicast(now_us + 900, n, VOICE_BYTES, True) for n in range(20)]
    return channel, seen


def test_accounts_add_up() -> None:
    channel, _ = busy_run(5)
    end_us = 12_000_000  # all that was queued and held is off the air by then
    whole = channel.airtime_percent(0, end_us)
    assert whole * end_us / 100 == pytest.approx(sum(channel.airtime_us.values()))
    parts = [channel.airtime_percent(at, at + 1_234_567) for at in range(0, end_us, 1_234_567)]
    assert sum(parts) * 1_234_567 / 100 == pytest.approx(sum(channel.airtime_us.values()))
    assert all(channel.airtime_us[kind] for kind in ("unicast", "retries", "multicast", "beacons"))


def test_a_channel_is_never_more_than_full() -> None:
    channel = make_channel(stations=100)
    for tick in range(200):
        for station in range(100):
            channel.unicast(tick * 20_000, station, VOICE_BYTES, True)
    assert 99 < channel.airtime_percent(0, 4_000_000) <= 100
    assert channel.lost_in_queue > 0


def test_an_empty_window_has_no_airtime() -> None:
    assert make_channel().airtime_percent(500, 500) == 0


def test_the_same_seed_gives_the_same_run() -> None:
    assert busy_run(5)[1] == busy_run(5)[1]
    assert busy_run(5)[1] != busy_run(6)[1]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"phy": "ac"}, 'no Wi-Fi network is called "ac"'),
        ({"ap_queue_frames": 0}, "ap_queue_frames is 0; it must be 1 or more"),
        ({"dtim_period": 1.5}, "give a whole number"),
        ({"beacon_interval_us": 5000}, "beacons fill the channel"),
        ({"rate_kbps": 54000}, "must be a rate of n"),
        ({"basic_rate_kbps": 39000}, "must be a basic rate of n"),
        ({"interference_ppm": 1_000_001}, "at most 1000000"),
    ],
)
def test_facts_that_make_no_sense(facts: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Channel(facts, Prng(1))


def test_other_keys_are_the_venues() -> None:
    Channel({"access_points": 3}, Prng(1)).join(1, -50)


def test_a_full_channel_with_held_multicast_is_still_only_full() -> None:
    channel = make_channel(stations=100)
    channel.set_sleeping(0, True)
    for tick in range(200):
        channel.multicast(tick * 20_000, VOICE_BYTES, [1])
        for station in range(1, 100):
            channel.unicast(tick * 20_000, station, VOICE_BYTES, True)
    windows = [channel.airtime_percent(at, at + 500_000) for at in range(0, 4_000_000, 500_000)]
    assert max(windows) <= 100
    assert min(windows) > 95


def test_multicast_that_meets_another_frame_is_lost_by_the_air() -> None:
    class Unlucky:
        def below(self, limit: int) -> int:
            return 0

    channel = Channel({}, Unlucky())
    channel.join(1, -50)
    channel.unicast(0, 1, 200, False)
    assert channel.multicast(0, 400, [1]) == [(1, -1)]
    assert channel.last_loss == "air"
