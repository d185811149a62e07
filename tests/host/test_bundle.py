"""A bundle holds what helps, and nothing that names a person, a place or a key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.host.test_trace import burst, log

from pressel.bundle.contents import contents
from pressel.bundle.page import read, render
from pressel.bundle.pseudonyms import FILE, Pseudonyms
from pressel.errors import PresselError, UsageError
from pressel.node.burst_state import HearingState
from pressel.node.ways import DEAF
from pressel.trace.logs import all_lines

NOW_S = 1005.0
# What stands in every source below, and must stand nowhere in a bundle.
SECRETS = {
    "a name": "Annabelle Kowalski", "another name": "Ben Oduya", "a device": "50deadbeef000001",
    "a key": "f0e1d2c3b4a5968778695a4b3c2d1e0f", "a password": "hunter2 hunter2",
    "an SSID": "Trattoria Sole Staff", "a MAC": "ac:de:48:00:11:22", "an address": "10.44.55.66",
    "an access point": "9c:d7",
    "a text": "risotto for nine", "a host": "kitchen-box.example", "a user": "m.rossi",
}  # fmt: skip
S = SECRETS


def sources(folder: Path) -> tuple[Any, ...]:
    member = {
        "node": 2, "name": S["a name"], "device": S["a device"], "address": S["an address"],
        "build": f"0.3 {S['an SSID']}", "group": 1, "silent_ms": 20,
        "table_advice": S["a text"], "settings_version": 4, "key": S["a key"],
        "badge": {"access_point": S["an access point"], "signal_dbm": -71, "ssid": S["an SSID"]},
        "microphone": {"spoken": 90, "clipped_percent": 30, "windy_percent": 2, "x": S["a text"]},
        "way": {"is_many": False, "why": DEAF.format(3), "probes": 3, "relay": S["a host"],
                "relay_why": S["a text"]},
    }  # fmt: skip
    figures = {
        "host": {"state": "leader", "term": 3, "elections": {"attempts": 2, S["a host"]: 1},
                 "peers": [S["a host"]], "channel": {"forged": 1, S["a MAC"]: 2}},
        "status": {"members": 1, "floors": [{"group": 1, "queue": 0, "taken": 1,
                   "talker": S["a name"]}], "refused": {"tag": 3, S["an address"]: 1}},
        "wifi": {"ssid": S["an SSID"], "password": S["a password"]},
    }  # fmt: skip
    settings = {"version": 4, "values": {"wifi.password": S["a password"]}, "who": S["a user"]}
    hearing = HearingState(name=S["another name"], device="02", played=90, concealed=10, late=1)
    told = burst(talker=S["a name"], device=S["a device"], hearings=[hearing], cause=S["a text"])
    lines = log(
        folder / f"{S['a host']}.log",
        {"event": "floor_granted", "talker": S["a name"], "lease": 7, "at": 1.0},
        {"event": "text", "origin": "person", "from": S["a name"], "text": S["a text"], "at": 2.0},
        {"event": "stranger", "device": S["a device"], "name": S["an SSID"], "at": 3.0},
        {"event": "asked", "who": S["a user"], "what": f"device add: {S['a name']}", "at": 4.0},
        {"event": "waits", "device": S["a device"], "name": S["a name"], "code": "ACDE", "at": 5.0},
        {"event": "ready", "address": S["an address"], "port": 47800, "at": 6.0},
        {
            "event": "floor_freed",
            "talker": S["a name"],
            "lease": 7,
            "cause": S["a text"],
            "at": 7.0,
        },
        {"event": "attempt_failed", "term": 3, "why": "no quorum", "ssid": S["an SSID"], "at": 8.0},
        {"event": "voters", "hosts": S["a host"], "at": 9.0},
    )
    return figures, settings, [member], [told], list(all_lines(lines))


def made(folder: Path) -> dict[str, Any]:
    figures, settings, members, bursts, lines = sources(folder)
    return contents(figures, settings, members, bursts, lines, Pseudonyms(folder), NOW_S)


def test_no_secret_is_in_it(tmp_path: Path) -> None:
    page = render(made(tmp_path)).lower()
    for what, secret in SECRETS.items():
        for form in (secret, secret.replace(" ", ""), secret.encode().hex()):
            assert form.lower() not in page, what
        for part in secret.split():
            assert len(part) < 5 or part.lower() not in page, f"{what}: {part}"


def test_what_helps_is_in_it(tmp_path: Path) -> None:
    found = made(tmp_path)
    assert found["figures"]["status.refused"] == {"tag": 3}
    assert found["figures"]["host.elections.attempts"] == 2
    assert found["settings"]["version"] == 4
    (badge,) = found["badges"]
    assert badge["badge"] == found["bursts"][0]["talker"]
    assert badge["microphone"]["clipped_percent"] == 30 and badge["report"]["signal_dbm"] == -71
    assert badge["access_point"].startswith("point-") and badge["way"]["why"] == DEAF.format(3)
    assert badge["way"]["relay"].startswith("host-") and badge["way"]["relay_why"] == ""
    assert "cut off 30 %" in render(found)
    assert found["bursts"][0]["hearings"][0]["concealed"] == 10
    events = {each["event"]: each for each in found["events"]}
    assert events["attempt_failed"]["why"] == "no quorum"
    assert events["ready"]["port"] == 47800
    assert events["floor_granted"]["lease"] == 7
    assert events["stranger"]["device"] == found["badges"][0]["badge"]
    assert found["versions"]["pressel"] and found["computer"]["cores"]


def test_pseudonyms_stay_and_can_be_undone_only_here(tmp_path: Path) -> None:
    names = Pseudonyms(tmp_path)
    first = names.of("badge", S["a device"])
    names.keep()
    again = Pseudonyms(tmp_path)
    assert again.of("badge", S["a device"]) == first
    assert again.who(first) == S["a device"]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    elsewhere = Pseudonyms(tmp_path / "other")
    assert elsewhere.of("badge", S["a device"]) != first
    assert elsewhere.who(first) is None
    assert names.of("badge", "") == ""
    (tmp_path / FILE).write_text("[]")
    with pytest.raises(PresselError, match="damaged"):
        Pseudonyms(tmp_path)


def test_a_page_is_read_back_and_runs_nothing(tmp_path: Path) -> None:
    found = made(tmp_path)
    page = tmp_path / "b.html"
    page.write_text(render(found))
    assert read(page) == json.loads(json.dumps(found))
    text = page.read_text()
    assert text.count("<script") == 1 and 'type="application/json"' in text
    assert "http://" not in text and "https://" not in text
    for wrong in ("", "<p>", '<script type="application/json" id="bundle">{</script>'):
        page.write_text(wrong)
        with pytest.raises(UsageError):
            read(page)
