"""A bundle holds what helps, and nothing that names a person, a place or a key."""

from __future__ import annotations

import errno
import json
import os
import platform
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.host.test_trace import burst, log

from pressel import cli
from pressel.bundle.contents import contents
from pressel.bundle.history import drawn
from pressel.bundle.page import read, render
from pressel.bundle.pseudonyms import FILE, Pseudonyms
from pressel.cli import bundle as commands
from pressel.doctor.finding import Finding
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


DELAY = "audio.playout_delay_ms"


def sources(folder: Path) -> tuple[Any, ...]:
    member = {
        "node": 2, "name": S["a name"], "device": S["a device"], "address": S["an address"],
        "build": f"0.3 {S['an SSID']}", "group": 1, "silent_ms": 20,
        "table_advice": S["a text"], "settings_version": 4, "key": S["a key"],
        "badge": {
            "access_point": S["an access point"], "signal_dbm": -71, "ssid": S["an SSID"],
            "ago_ms": 1, "channel": 6, "battery_percent": 9, "starts": 1, "restart": S["a text"],
            "heap_free_bytes": None, "stall_ms": 1, "joins": 1, "delay_ms": 60,
            "round_trip_ms": None, "unanswered": 0,
        },
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
    settings: dict[str, Any] = {
        "version": 4,
        "values": {"wifi.password": S["a password"]},
        "who": S["a user"],
    }
    settings["values"][f"{DELAY}@{S['a device']}"] = 90
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
    gone = {"name": S["another name"], "device": S["a key"], "group": 1, "silent_ms": 20_000}
    relay = {"name": S["a host"], "listeners": 0, "load_percent": 99, "round_trip_ms": 80}
    floor = {"group": 1, "state": "floor taken", "talker": S["a name"], "lease": 7, "queue": []}
    status = {
        "term": 3, "address": S["an address"], "uptime_s": 1.0, "members": [member],
        "floors": [{**floor, "queue": [S["another name"]]}], "voice_in": 0, "voice_out": 0,
        "refused": {}, "away": [{**gone, "battery_percent": 7}],
        "relays": [{**relay, "serves": False}],
    }  # fmt: skip
    bad = [
        burst(
            place=number, talker=S["another name"], device="02",
            hearings=[HearingState(name=S["a name"], device=S["a device"], played=100,
                                   concealed=20, late=0)],
        )
        for number in range(2, 6)
    ]  # fmt: skip
    return figures, settings, status, [told, *bad], list(all_lines(lines))


FINDING = Finding("disk", "fault", f"0.1 GB free for /home/{S['a user']}", f"rm {S['a host']}")

CLUSTER = {
    "host": S["a key"], "state": "leader", "term": 3, "leader": S["a host"], "quorum": 2,
    "badges_address": S["an address"], "hosts_address": S["an address"], "keeps_term": 3,
    "peers": [{"name": S["a host"], "host": S["a key"], "address": S["an address"],
               "silent_ms": 99_000}],
    "elections": {}, "convergence_ms": None, "channel": {}, "left": [S["a text"]],
}  # fmt: skip

PAST = {
    "every_s": 60.0,
    "columns": ["host.term", "status.members", "status.refused.tag", "status.refused.replay",
                f"status.refused.{S['an address']}", S["a name"], "wifi.ssid", "host.state"],
    "rows": [
        [NOW_S - 240, 3, 1, 0, 0, 1, 1, S["a password"], 1],
        [NOW_S - 180, 3, 2, 4, 0, 1, 1, S["a password"], 1],
        [NOW_S - 120, 3, None, None, 0, 1, 1, S["a password"], 1],
        [NOW_S - 60, 3, 9, 5, 0, S["a text"], 1, S["a password"], 1],
        [NOW_S, 3, 9, 1, 0, S["a text"], 1, S["a password"], 1],
        [S["a name"], 3],
    ],
}  # fmt: skip


def made(folder: Path) -> dict[str, Any]:
    figures, settings, status, bursts, lines = sources(folder)
    names = Pseudonyms(folder)
    told = figures, settings, status, bursts, lines, names, NOW_S
    return contents(*told, [FINDING], CLUSTER, PAST)


def test_no_secret_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "release", lambda: f"6.8.0-{S['a user']}-{S['a host']}")
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
    assert found["settings"]["values"] == {f"{DELAY}@{found['badges'][0]['badge']}": 90}
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
    assert found["relays"][0]["load_percent"] == 99
    assert found["versions"]["pressel"] and found["computer"]["cores"]


def test_how_figures_went_is_in_it(tmp_path: Path) -> None:
    kept = made(tmp_path)["history"]
    assert kept["columns"] == {
        "host.term": [3], "status.members": [1, 2, None, 9, 9],
        "status.refused.tag": [0, 4, None, 5, 1], "status.refused.replay": [0],
        "host.state": [1],
    }  # fmt: skip
    shown = {each.name: each for each in drawn(kept)}
    assert set(shown) == {"status.members", "status.refused.tag"}
    tags = shown["status.refused.tag"]  # counted anew at the end
    assert (tags.is_rise, tags.least, tags.most, tags.last) == (True, 0, 4, 0)
    assert "status.members: 1 to 9" in render(made(tmp_path))
    figures, settings, status, bursts, lines = sources(tmp_path)
    told = figures, settings, status, bursts, lines, Pseudonyms(tmp_path), NOW_S
    since = contents(*told, past=PAST, since_s=NOW_S - 60)
    assert since["history"]["at"] == [int(NOW_S) - 60, int(NOW_S)]
    assert contents(*told)["history"] is None


def test_a_bundle_says_what_needs_a_person_as_the_console_does(tmp_path: Path) -> None:
    found = made(tmp_path)
    name, host = found["badges"][0]["badge"], found["relays"][0]["host"]
    titles = [each["title"] for each in found["needs"]["todo"]]
    for title in (
        f"{name} hears badly", f"{name} is hard to understand", f"Relay {host} is slow or busy",
        f"No sign of host {host}", f"Low battery: {name} (9 %)", f"{name}: another release",
        "Something is wrong with this host's disk",
    ):  # fmt: skip
        assert title in titles
    assert [each for each in titles if each.endswith("cannot be heard")]
    assert name in found["needs"]["why"] and f"{name} hears badly" in render(found)


def test_a_bundle_without_a_leader_says_so(tmp_path: Path) -> None:
    figures, settings, _, bursts, lines = sources(tmp_path)
    names = Pseudonyms(tmp_path)
    found = contents(figures, settings, None, bursts, lines, names, NOW_S, (), CLUSTER)
    assert found["needs"]["todo"][0]["title"] == "No leader answers" and found["badges"] == []
    assert found["needs"]["todo"][1]["title"].startswith("No sign of host host-")
    assert "No leader answers" in render(found)


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


def test_a_file_that_cannot_be_written_costs_no_bundle_and_not_the_former_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Pseudonyms(tmp_path)
    first = names.of("badge", S["a device"])
    assert names.keep() == ""
    second = names.of("badge", "02")

    def full(handle: int, *_: Any, **__: Any) -> Any:
        os.close(handle)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    assert "No space left" in names.keep() and names.who(second) == "02"
    monkeypatch.undo()
    again = Pseudonyms(tmp_path)
    assert again.who(first) == S["a device"] and again.who(second) is None
    assert again.of("badge", "02") == second
    assert [each.name for each in tmp_path.iterdir()] == [FILE]


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


def test_what_is_viewed_may_be_damaged_or_hostile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "b.html"
    found = made(tmp_path)
    found["needs"]["todo"][0]["title"] = "\x1b]0;mine\x07"
    file.write_text(render(found))
    assert cli.main(["bundle", "view", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown and "hears badly" in shown
    for part in ("needs", "health", "made_at", "versions"):
        wrong = json.dumps({**found, part: [7]})
        file.write_text(f'<script type="application/json" id="bundle">{wrong}</script>')
        assert cli.main(["bundle", "view", str(file)]) == 2, part
        assert "damaged" in capsys.readouterr().err


def test_what_is_recorded_is_what_happened_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures, settings, status, (before, *_), _ = sources(tmp_path)
    told = {"figures": figures, "settings": settings, "status": status, "host status": CLUSTER}
    bursts = [before]

    def reproduce() -> str:
        bursts.append(burst(at=time.time(), burst=99))
        return "\n"

    monkeypatch.setattr(commands.sockets, "find", lambda *_: tmp_path)
    asked = lambda _, verb, **fields: told[verb]  # noqa: E731
    monkeypatch.setattr(commands.sockets, "ask", asked)
    told["history"] = {**PAST, "place": 6, "newest": 6}
    told["host computers"] = {"": []}
    monkeypatch.setattr(commands, "all_bursts", lambda _: bursts)
    monkeypatch.setattr(commands, "TOLD_S", 0)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(readline=reproduce))
    own = ["bundle", "make", str(tmp_path / "b.html"), "--record", "--state", str(tmp_path)]
    assert cli.main([*own, "--minutes", "5"]) == 2
    assert cli.main(own) == 0
    found = read(tmp_path / "b.html")
    assert [each["burst"] for each in found["bursts"]] == [99]
    assert found["history"]["at"] == []
    assert found["recorded"]["from_s"] <= found["bursts"][0]["at"] <= found["recorded"]["to_s"]
