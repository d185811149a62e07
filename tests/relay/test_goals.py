"""The sentences below the table of `make bench-relay`."""

from .goals import MANY, MURMUR, PLAIN, PRESSEL, judged

REST = {PRESSEL: 4.1, PLAIN: 4.0, MANY: 0.5, MURMUR: 2.0}


def test_each_goal_is_kept_or_missed() -> None:
    missed, kept, many = judged({PRESSEL: 10.1, PLAIN: 17.9, MANY: 0.9, MURMUR: 10.0}, REST)
    assert missed == (
        "Pressel: 1.01 times Murmur (0.75 without what is there at rest); at most 1 times Murmur "
        "is the goal: MISSED."
    )
    assert kept.endswith("at most 1.8 times Murmur is the goal: kept; the wish is 1.5.")
    assert many.startswith("Pressel, multicast: 0.09 times Murmur (0.05 without")
    line = judged({PRESSEL: 7.2, PLAIN: 15.0, MURMUR: 10.0}, REST)[0]
    assert line.endswith("kept, and the wish, too.")


def test_without_murmur_nothing_is_claimed() -> None:
    lines = judged({PRESSEL: 1.0, PLAIN: 2.0}, REST)
    assert not any("kept" in line or "MISSED" in line for line in lines)
    assert any("mumble-server" in line for line in lines)
