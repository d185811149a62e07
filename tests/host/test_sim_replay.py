"""Replays: the timeline on a terminal, and the sequence chart."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pressel import cli
from pressel.errors import UsageError
from pressel.sim import replay as replays
from pressel.sim.choice import Choice
from pressel.sim.replay import chart as charts
from pressel.sim.replay import replay
from pressel.sim.replay.chart import render_chart
from pressel.sim.replay.columns import lines
from pressel.sim.replay.nodes import nodes_of
from pressel.sim.replay.tape import Message, Tape
from pressel.sim.replay.words import TYPES
from ptt.media import dsp
from ptt.wire import messages

WIDTH = 120


@pytest.fixture(autouse=True)
def real_coder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world puts its stand-in for the coder into this process; others here need the real one."""
    for name in ("ima_encode", "ima_decode", "fade", "copy"):
        monkeypatch.setattr(dsp, name, getattr(dsp, name))


def text(tape: Tape, is_all: bool = False) -> list[str]:
    return [line.plain for line in lines(tape, WIDTH, is_all)]


def chart_facts(page: str) -> dict[str, Any]:
    found = re.search(r"^const D = (.*);$", page, re.MULTILINE)
    assert found
    return json.loads(found[1])


def message(number: int, **changed: Any) -> Message:
    facts: dict[str, Any] = {
        "sent_us": number * 1000, "due_us": number * 1000 + 500, "source": 0, "destination": 1,
        "name": "HELLO", "size_bytes": 60, "is_voice": False,
    }  # fmt: skip
    return Message(**{**facts, **changed})


def tape_of(*found: Message, to_us: int = 10_000_000) -> Tape:
    tape = Tape(Choice("burst"), "why", [0, 1], 0, to_us)
    tape.messages = list(found)
    return tape


# --- what is on a tape ---


def test_a_replay_is_the_same_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sim", "run", "mixed", "--participants", "6", "--seed", "3", "--json"]) == 0
    digest = json.loads(capsys.readouterr().out)["digest"]
    assert replay(Choice("mixed", participants=6, seed=3), nodes=[1, 2]).digest == digest


def test_a_replay_that_ends_early_has_no_digest() -> None:
    tape = replay(Choice("one-talker", participants=3), 5.0, 6.0)
    assert tape.digest is None
    assert all(5_000_000 <= each.due_us <= 6_000_000 for each in tape.messages)
    assert all(5_000_000 <= each.at_us <= 6_000_000 for each in tape.marks)
    assert all(5_000_000 <= each.from_us < each.to_us <= 6_000_000 for each in tape.spans)


def test_a_request_and_its_grant_are_told_in_order() -> None:
    tape = replay(Choice("one-talker", participants=3), 4.9, 6.0)
    talker = next(each.node for each in tape.marks if each.words == "presses")
    named = [each for each in tape.messages if each.name in ("FLOOR_REQUEST", "FLOOR_GRANT")]
    request, grant = named[:2]
    assert (request.source, request.destination) == (talker, 0)
    assert (grant.source, grant.destination) == (0, talker)
    assert 5_000 <= request.due_us - request.sent_us <= 20_200  # one hop of the clean profile
    assert request.due_us <= grant.sent_us
    assert {each.kind for each in tape.spans} >= {"says", "hears", "holds the floor"}


def test_lost_and_refused_messages_say_why() -> None:
    tape = replay(Choice("mixed", "hostile", 8, seed=2))
    assert {"network", "burst"} <= {each.lost for each in tape.messages}
    assert any(each.refused for each in tape.messages)


@pytest.mark.parametrize(
    ("scenario", "kind"),
    [("leader-kill", "down"), ("roam", "roaming"), ("partition", "cut off"), ("mixed", "paused")],
)
def test_faults_are_spans(scenario: str, kind: str) -> None:
    tape = replay(Choice(scenario, participants=8, seed=2))
    spans = [each for each in tape.spans if each.kind == kind]
    assert spans and all(each.to_us > each.from_us for each in spans)


def test_nodes_that_are_not_named_are_left_out() -> None:
    tape = replay(Choice("burst", participants=9), 5.0, 20.0, [3])
    assert tape.nodes == [0, 3] and tape.others == 8
    assert {each.source for each in tape.messages} == {0, 3}


def test_the_old_app_is_told_too() -> None:
    tape = replay(Choice("one-talker", participants=4, protocol="v1"), 4.0, 7.0)
    assert 0 not in tape.nodes
    assert {"TAKEN", "voice"} <= {each.name for each in tape.messages}
    with pytest.raises(UsageError, match="no node 0; it has 1 to 4"):
        replay(Choice("one-talker", participants=4, protocol="v1"), nodes=[0])


def test_nodes_in_words() -> None:
    assert nodes_of("0,3, 7-9", 9) == [0, 3, 7, 8, 9]
    for wrong in ("", "a", "3-", "-3", "9-7", "10", "1,,2", "²"):
        with pytest.raises(UsageError):
            nodes_of(wrong, 9)


def test_message_types_are_those_of_the_table() -> None:
    assert {getattr(messages, name): name for name in TYPES.values()} == TYPES
    assert set(TYPES) == {kind for kind, sender in enumerate(messages.SENDERS) if sender}


# --- on a terminal ---


def test_a_line_an_event_a_column_a_node() -> None:
    shown = text(replay(Choice("one-talker", participants=3), 4.9, 7.0))
    assert any(re.search(r"├─? ?FLOOR_REQUEST|FLOOR_REQUEST \d+ ─*┤", line) for line in shown)
    assert any("● presses" in line for line in shown)
    assert any(re.search(r"═ voice \d+ ═", line) for line in shown)
    assert sum("voice" in line for line in shown) <= 8  # one for each way, not one a packet
    assert not any("HEARTBEAT" in line for line in shown)
    times = [float(line[:8]) for line in shown if re.match(r" *\d+\.\d{3}  ", line)]
    assert times == sorted(times)


def test_arrows_keep_to_the_page() -> None:
    tape = replay(Choice("one-talker", participants=9), 4.0, 8.0, most=5)
    arrows = [line for line in text(tape) if "▶" in line or "◀" in line]
    assert arrows and max(map(len, arrows)) <= WIDTH


def test_all_shows_heartbeats_and_each_voice_packet() -> None:
    tape = replay(Choice("one-talker", participants=3), 5.0, 7.0)
    shown = text(tape, is_all=True)
    assert any("HEARTBEAT" in line for line in shown)
    assert sum("VOICE_FRAME" in line for line in shown) > 50


def test_a_lost_message_ends_in_a_cross() -> None:
    (line,) = [each for each in text(tape_of(message(1, lost="burst"))) if "HELLO" in each]
    assert "HELLO burst" in line and "✕│" in line and "▶" not in line


def test_a_quiet_time_says_so() -> None:
    assert any("nothing happened" in line for line in text(tape_of()))


class Never:
    """A checker that is never content: once within the run, and once at its end."""

    protocols = ("v2",)

    def __init__(self, world: Any) -> None:
        self._world = world
        world.loop.at(5_500_000, lambda _: world.violate("never", "B1 [red]sang"))

    def finish(self) -> None:
        self._world.violate("never", "at the end")


def test_a_violation_is_told_where_it_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "CHECKERS", (Never,))
    tape = replay(Choice("one-talker", participants=3), 5.0, 6.0)
    assert "   5.500  !! never: B1 [red]sang" in text(tape)
    assert "never: B1 [red]sang" in render_chart(tape, None)
    assert cli.main(["sim", "replay", "one-talker", "--participants", "3", "--to", "6"]) == 4


def test_what_is_judged_at_the_end_needs_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "CHECKERS", (Never,))
    choice = Choice("one-talker", participants=3)
    assert [each["what"] for each in replay(choice, 5.0, 6.0).violations] == ["B1 [red]sang"]
    assert replay(choice, 5.0).violations[-1]["what"] == "at the end"


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sim", "replay", "one-talker", "--participants", "3", "--to", "7", "--json"]
    assert cli.main(words) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["what"] for row in rows} == {"message", "mark", "span", "end"}
    assert rows[-1] == {"what": "end", "digest": None, "left_out": 0}


# --- the chart ---


class Page(HTMLParser):
    """Which elements a page has, and what it would fetch."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link"):
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href") and not (value or "").startswith("data:"):
                self.fetched.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_chart_is_one_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "chart.html"
    words = ["sim", "replay", "mixed", "--participants", "6", "--html", str(file)]
    assert cli.main(words) == 0
    page = file.read_text("utf-8")
    parsed = Page(page)
    assert parsed.open == [] and parsed.fetched == []
    assert "http://www.w3.org/2000/svg" in page  # a name, and the only address in it
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", page) == []
    facts = chart_facts(page)
    assert facts["nodes"][0] == "leader"
    assert {name for name, _, _ in facts["types"]} <= set(TYPES.values())
    assert {"down", "roaming"} <= {facts["kinds"][span[3]] for span in facts["spans"]}


def test_voice_and_heartbeats_are_there_and_put_away_at_first() -> None:
    facts = chart_facts(render_chart(replay(Choice("one-talker", participants=3), 5, 7), None))
    shown = {name: is_on for name, _, is_on in facts["types"]}
    assert shown["VOICE_FRAME"] is False and shown["HEARTBEAT"] is False
    assert shown["FLOOR_REQUEST"] is True


def test_a_chart_is_bounded_and_says_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "MESSAGES_MOST", 10)
    monkeypatch.setattr(charts, "VOICE_MOST", 5)
    voice = {"name": "VOICE_FRAME", "is_voice": True}
    tape = tape_of(*(message(n) for n in range(50)), *(message(n, **voice) for n in range(50)))
    tape.others = 3
    page = render_chart(tape, "abc")
    facts = chart_facts(page)
    assert len(facts["messages"]) == 15
    assert "3 of the run&#39;s nodes; everything after 0.010 s; voice packets after 0.005 s" in page


def test_names_cannot_break_out_of_the_page() -> None:
    tape = tape_of(message(1, lost="</script><script>alert(1)</script>"))
    tape.why = "<b>bold</b>"
    page = render_chart(tape, "<i>")
    assert "<script>alert" not in page and "<b>bold" not in page and "<i>" not in page
