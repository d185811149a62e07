"""Our playout beside Speex's jitter buffer and a constant delay, on the same traces."""

from __future__ import annotations

from tests.bench import playout


def results(kind: str) -> tuple[playout.Result, playout.Result, playout.Result]:
    bursts = playout.trace_of(kind)[:12]
    return (
        playout.ours(bursts, is_smooth=False),
        playout.ours(bursts, is_smooth=True),
        playout.speex(bursts),
    )


def test_on_a_calm_path_the_delay_is_what_a_clairvoyant_takes() -> None:
    plain, smooth, _ = results("calm")
    best = playout.clairvoyant(playout.trace_of("calm")[:12], 0.001)
    assert plain.late < 0.005
    assert smooth.late < 0.005
    assert max(plain.delay_ms, smooth.delay_ms) <= best.delay_ms + 5


def test_on_rough_paths_plain_loses_less_than_speex_and_smooth_is_earlier() -> None:
    for kind in ("rough", "stress"):
        plain, smooth, speex = results(kind)
        assert plain.late <= speex.late, kind
        assert smooth.late < 0.024, kind  # of 0.010 that may be; 0.017 in 40 bursts
        assert smooth.delay_ms < 0.92 * speex.delay_ms, kind


def test_on_short_tailed_paths_smooth_is_as_early_as_a_clairvoyant() -> None:
    for kind in ("clean", "busy"):
        plain, smooth, _ = results(kind)
        best = playout.clairvoyant(playout.trace_of(kind)[:12], 0.0)
        assert smooth.late < 0.02, kind
        assert smooth.delay_ms <= best.delay_ms + 2 < plain.delay_ms, kind


def test_catching_up_in_speech_makes_the_delay_shorter() -> None:
    plain, smooth, _ = results("wifi")
    assert smooth.delay_ms < plain.delay_ms
    assert smooth.late < 0.015


def test_a_constant_delay_leaves_as_many_late_as_it_is_told() -> None:
    found = playout.clairvoyant([[0, 20, 40, 160, 80]], 0.2)  # the fourth comes 100 ms late
    assert (found.late, found.delay_ms) == (0.2, 0)


def test_a_delay_a_burst_is_shorter_where_bursts_differ() -> None:
    quick: playout.Burst = [0, 20, 40, 60]
    slow: playout.Burst = [100, 120, 140, 160]
    bursts = [quick, slow]
    assert playout.clairvoyant_a_burst(bursts, 0.0) == playout.Result(0.0, 50.0)
    assert playout.clairvoyant(bursts, 0.0).delay_ms == 100
    one_late: playout.Burst = [0, 20, 140, 60]  # its third comes 100 ms late
    assert playout.clairvoyant_a_burst([one_late, slow], 0.0).delay_ms == 100
    assert playout.clairvoyant_a_burst([one_late, slow], 0.2) == playout.Result(1 / 8, 400 / 7)
