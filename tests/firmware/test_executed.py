"""The measure of coverage itself: what counts as a statement, and as run."""

from tests.firmware.executed import measure, merge, report, total_percent

SOURCE = '''\
"""Docstring."""
from ptt.base.compat import TYPE_CHECKING, const
if TYPE_CHECKING:
    from typing import Any
_HIDDEN = const(5)
SEEN = const(6)
def f(a,
      b):
    """Docstring."""
    if (a and
            b):
        return g(
            a,
        )
    elif b:
        return 2
    try:
        b = 3
    except OSError:
        b = 4
    return b
'''
STATEMENTS = {2, 6, 7, 10, 12, 15, 16, 18, 20, 21}


def test_statements():
    assert measure("x", SOURCE, set()).statements == STATEMENTS


def test_what_ran():
    covered = measure("x", SOURCE, {2, 6, 7, 11, 13, 18, 21})
    assert covered.ran == {2, 6, 7, 10, 12, 18, 21}
    assert covered.missing == "15-16, 20"
    assert covered.percent == 70.0


def test_a_file_that_never_ran():
    covered = measure("x", SOURCE, set())
    assert covered.missing == "2-21"
    assert covered.percent == 0.0


def test_an_empty_file_is_covered():
    assert measure("x", '"""Docstring."""\n', set()).percent == 100.0


def test_traces_are_merged():
    assert merge([{"x": [1, 2]}, {"x": [2, 3], "y": [1]}]) == {"x": {1, 2, 3}, "y": {1}}


def test_the_report_has_a_line_a_file_and_a_sum():
    two = "a = 1\nb = 2\n"
    files = [measure("lib/b.py", two, {1}), measure("lib/a.py", two, {1, 2})]
    assert total_percent(files) == 75.0
    assert report("it", files).splitlines() == [
        "it on MicroPython  lines    ran         missing",
        "lib/a.py               2      2   100 %",
        "lib/b.py               2      1    50 %  2",
        "together               4      3    75 %",
    ]
