"""The scorecard of a venue that gives its bundles and no logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from tests.host.test_scorecard import NOON_S, burst, told

from pressel.bundle import contents
from pressel.bundle.pseudonyms import Pseudonyms
from pressel.cli.scorecard import scorecard as command
from pressel.scorecard import bundled
from pressel.scorecard.count import count
from pressel.trace.logs import Line

SHIFT = [
    line for n in range(30) for line in burst(10 * n, n, cause="revoked" if n == 9 else "released")
]
LINES = [
    told(0, "ready", boot=5),
    *SHIFT,
    told(301, "badge_restarted", device="02", name="Ann", why="its program hung"),
    told(302, "badge_restarted", device="02", name="Ann", why="its supply failed for a moment"),
    told(303, "lost_leadership", term=3, why="overslept"),
    told(304, "attempt_failed", term=4, why="no quorum"),
    told(305, "badge_empty", device="02", name="Ann", battery_percent=3),
    told(306, "stranger", device="1", name="x"),
    told(307, "ready", boot=6),
    told(308, "became_leader", term=5),
    Line("badge", "pending", {"value": 1}, ms=100),
    Line("badge", "heard", {"lease": 1, "played": 90, "concealed": 10, "late": 0}, ms=500),
]


def bundle(folder: Path, lines: list[Line], made_s: float = NOON_S + 400) -> dict[str, Any]:
    """As `pressel bundle make` writes it, of its log alone."""
    names = Pseudonyms(folder)
    events = [contents._line(line, names) for line in lines]
    names.keep()
    return {"format": 1, "made_at": int(made_s), "events": json.loads(json.dumps(events))}


def test_what_bundles_hold_counts_as_their_logs_do(tmp_path: Path) -> None:
    wanted = count("venue", LINES, 0.0, 1e18)
    assert (wanted.found["hangs"], wanted.found["crashes"], wanted.shifts) == (2, 1, 1)
    assert wanted.found["power_failures"] == 1
    first, second = bundle(tmp_path, LINES[:60]), bundle(tmp_path, LINES[20:])
    for made in ([bundle(tmp_path, LINES)], [first, second], [second, first, second]):
        found = count("venue", bundled.lines(made), 0.0, 1e18)
        assert (found.found, found.wanted, found.shifts) == (
            wanted.found, wanted.wanted, wanted.shifts,
        )  # fmt: skip


def test_what_happened_twice_in_one_moment_counts_twice(tmp_path: Path) -> None:
    line = told(1, "stranger", device="1", name="x")
    made = bundle(tmp_path, [line, line])
    assert len(list(bundled.lines([made, made]))) == 2


def test_a_bundle_that_cannot_be_counts_for_what_can() -> None:
    good = {"log": "a", "event": "badge_empty", "at": NOON_S}
    for events in (
        None, 3, {}, [None, 3, [], {}], [{"event": "no such"}], [{"event": []}],
        [{"event": "ready"}],
        [{**good, "at": "noon"}, {**good, "at": True}, {**good, "at": 1e300}, {**good, "at": -1},
         {**good, "at": float("nan")}, {"event": "heard", "ms": "x"}],
    ):  # fmt: skip
        (line,) = bundled.lines([{"events": events}, {}, {"events": [good]}])
        assert (line.source, line.event, line.fields) == ("a", "badge_empty", {})
        assert not bundled.is_cut({"events": events})


def test_the_command_takes_a_folder_of_bundles(tmp_path: Path) -> None:
    venue = tmp_path / "harbour"
    venue.mkdir()
    mark = '<script type="application/json" id="bundle">'
    many = [told(n, "stranger", device="1", name="x") for n in range(contents.LINES_MAX)]
    (venue / "a.html").write_text(f"{mark}{json.dumps(bundle(tmp_path, LINES))}</script>", "utf-8")
    result = CliRunner().invoke(command, [str(venue), "--json"])
    (card,) = json.loads(result.stdout)["venues"]
    assert (card["bursts"], card["marks"]["bundles"]["value"]) == (30, 1.0)
    assert card["marks"]["hangs"]["value"] == 2.0 and "last lines" not in result.stderr
    (venue / "b.html").write_text(f"{mark}{json.dumps(bundle(tmp_path, many))}</script>", "utf-8")
    assert "holds the last lines" in CliRunner().invoke(command, [str(venue)]).stderr
    (venue / "host.log").write_text("")  # logs say all that bundles say
    result = CliRunner().invoke(command, [str(venue), "--json"])
    assert json.loads(result.stdout)["venues"][0]["bursts"] == 0


def test_a_time_that_no_calendar_knows_is_passed_over(tmp_path: Path) -> None:
    log = tmp_path / "host.log"
    line = '{{"event": "floor_freed", "lease": 1, "cause": "released", "at": {}}}\n'
    log.write_text("".join(map(line.format, ("1e300", "-1e300", "1e999", "NaN", NOON_S))))
    result = CliRunner().invoke(command, [str(log), "--json"])
    assert json.loads(result.stdout)["venues"][0]["bursts"] == 1
