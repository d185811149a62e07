"""The table of events beside the code that tells and reports them."""

from __future__ import annotations

import ast
from pathlib import Path

import pressel
from pressel.schema.events import event_table
from pressel.schema.sentences import event_fields, sentence
from ptt.base import events
from ptt.cluster import election_events, election_rules

HOST = Path(pressel.__file__).parent
REPORTS = ("_report", "report", "_tell", "tell")  # what a process calls to report an event


def reported() -> set[str]:
    """The names of events that the host's code reports, each a literal where it is called."""
    found = set()
    for room in ("node", "legacy", "enrol"):
        for file in (HOST / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                name = getattr(node.args[0], "value", None)
                if called in REPORTS and isinstance(name, str) and len(node.args) == 2:
                    found.add(name)
    return found


def test_every_event_that_a_process_reports_has_a_row_and_every_row_an_event() -> None:
    assert reported() == set(event_table().host)


def test_events_of_engines_are_numbered_as_the_table_says() -> None:
    assert tuple(event_table().engine) == events.NAMES
    assert tuple(event_table().election) == election_events.EVENT_NAMES


def test_triggers_of_an_election_have_words() -> None:
    words = event_table().words["trigger"]
    assert {word.number: key.replace("_", " ") for key, word in words.items()} == dict(
        enumerate(election_rules.TRIGGERS)
    )


def test_a_log_has_the_word_and_a_sentence_the_text() -> None:
    def who(node: int) -> str:
        return {3: "Ann"}[node]

    fields = event_fields("floor_freed", (3, 7, 1), who)
    assert fields == {"talker": "Ann", "lease": 7, "cause": "talk limit"}
    assert sentence("floor_freed", fields) == "Ann done, lease 7: talked longer than allowed"
    fields = event_fields("member_joined", 3, who)
    assert fields == {"node": 3, "name": "Ann"}
    assert sentence("member_joined", fields) == "Ann joins"
    fields = event_fields("leader_lost", (b"\x01" * 8, 9))
    assert sentence("leader_lost", fields) == f"loses {'01' * 8}, term 9"


def test_advice_follows_the_sentence() -> None:
    fields = event_fields("stranger", (b"\x02" * 8, b"Zoe"))
    assert fields["device"] == "02" * 8
    assert sentence("stranger", fields).endswith("not known here; " + fields["advice"])


def test_what_another_build_wrote_is_said_as_far_as_it_goes() -> None:
    assert sentence("floor_granted", {"talker": "Ann"}) == "Ann talks, lease ?"
    assert sentence("denied", event_fields("denied", 99)) == (
        "no: for reason 99, which only a newer version knows"
    )
    assert sentence("brand_new", {"size": 3}) == "brand new: size 3"


def test_names_do_not_steer_a_terminal() -> None:
    fields = event_fields("stranger", (b"\x02" * 8, b"\x1b[2J"))
    assert "\x1b" not in sentence("stranger", fields)
    assert "\x1b" not in sentence("brand_new", {"name": "\x1b[2J"})
