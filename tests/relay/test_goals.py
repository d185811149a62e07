"""The sentences below the table of `make bench-relay`."""

from .goals import MURMUR, PLAIN, PRESSEL, judged


def test_each_goal_is_kept_or_missed() -> None:
    missed, kept, _ = judged({PRESSEL: 10.1, PLAIN: 17.9, MURMUR: 10.0})
    assert missed == "Pressel: 1.01 times Murmur; at most 1 times Murmur is the goal: MISSED."
    assert kept.endswith(
        "1.79 times Murmur; at most 1.8 times Murmur is the goal: kept; the wish is 1.5."
    )
    assert judged({PRESSEL: 7.2, PLAIN: 15.0, MURMUR: 10.0})[0].endswith("kept, and the wish, too.")


def test_without_murmur_nothing_is_claimed() -> None:
    lines = judged({PRESSEL: 1.0, PLAIN: 2.0})
    assert not any("kept" in line or "MISSED" in line for line in lines)
    assert any("mumble-server" in line for line in lines)
