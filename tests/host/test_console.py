"""The pages of the console, asked over a socket as a browser asks them: what they show."""

from __future__ import annotations

import json
import re
import time

from tests.host.console_stage import (
    DEVICE,
    PAGES,
    SCRIPT,
    Stage,
    stage,
)

from pressel.console.static_files import STATIC

__all__ = ["stage"]


def test_every_page_shows_names_as_text(stage: Stage) -> None:
    browser = stage.browser("own")
    for page in (*PAGES, "/audit?verify=yes"):
        status, text = browser.open(page)
        assert status == 200, page
        assert SCRIPT not in text and "onclick" not in text and " style=" not in text
        assert not re.search(r"<script(?! src=\"/static/)", text)
    assert "&lt;script&gt;" in browser.open("/")[1]
    assert "10.0 % lost" in browser.open(f"/badges/{DEVICE}")[1]
    wifi = browser.open("/wifi")[1]
    assert "slow or busy: the leader does its work" in wifi and "too little said to tell" in wifi


def test_what_a_badge_reports_is_shown_where_it_explains_something(stage: Stage) -> None:
    stage.host.talked_s = time.time()
    browser = stage.browser("talk")
    live, badge, wifi = (browser.open(page)[1] for page in ("/", f"/badges/{DEVICE}", "/wifi"))
    assert "Low battery:" in live and "(9 %)" in live
    assert "too far from its access point, at -78 dBm" in live
    for words in (
        "ab:cd, channel 6",
        "9 %, nearly empty",
        "in 2 % of what it says, wind or cloth in 3 %; between words -51 dB of full scale",
        "the last time: its program hung",
        "9,000 bytes",
    ):
        assert words in badge, words
    assert "channel 6" in wifi and "(weak)" in wifi and "10.0 %" in wifi and "1 too far" in wifi
    stage.host.badge |= {"signal_dbm": -60}
    assert browser.post("/text", text="x")[0] == 303  # what is shown next is read anew
    live, badge, wifi = (browser.open(page)[1] for page in ("/", f"/badges/{DEVICE}", "/wifi"))
    assert "not too far away, at -60 dBm" in live and "too far away" not in badge + wifi
    unknown = ("signal_dbm", "access_point", "channel", "battery_percent", "heap_free_bytes")
    stage.host.badge |= dict.fromkeys(unknown)
    assert browser.post("/text", text="x")[0] == 303
    live, badge, wifi = (browser.open(page)[1] for page in ("/", f"/badges/{DEVICE}", "/wifi"))
    assert "Low battery" not in live and "dBm" not in live
    assert "not measured" in badge and "not told" in wifi and "None" not in badge + wifi


def test_an_invitation_shows_its_code_once(stage: Stage) -> None:
    status, text = stage.browser("manage").post("/invite", groups="1, 2")
    assert status == 200 and "ACDE-FHJK" in text
    ((verb, fields),) = stage.host.asked
    assert verb == "device invite"
    assert fields["groups"] == [1, 2] and fields["for"] == "manage"
    assert stage.browser("talk").post("/invite", groups="1")[0] == 403


def test_a_bundle_is_a_file_without_names(stage: Stage) -> None:
    status, text = stage.browser("manage").post("/bundle")
    assert status == 200 and re.search(r"badge-[a-z2-7]{8}", text)
    assert "alert(1)" not in text and DEVICE not in text
    assert stage.browser("talk").post("/bundle")[0] == 403


def test_the_log_is_checked_and_found_in_words(stage: Stage) -> None:
    browser = stage.browser("manage")
    text = browser.open("/audit")[1]
    assert "renamed a badge: " in text and f'href="/badges/{DEVICE}"' in text
    assert "entry 7, host" in text and "All entries" not in text
    assert "All entries up to 7 hold." in browser.open("/audit?verify=yes")[1]
    assert stage.browser("talk").open("/audit")[0] == 403


def test_recordings_are_played_by_who_may_and_the_log_tells_of_old_ones(stage: Stage) -> None:
    """Of two, 1-7 is older than a quarter of an hour, and 1-8 is held."""
    shown = {role: stage.browser(role).open("/recordings")[1] for role in ("see", "talk", "own")}
    plays = re.compile(r'action="/recordings/(replay|play)"')
    sends = re.compile(r'action="/recordings/(send|resend)"')
    assert [sends.findall(text) for text in shown.values()] == [[], ["send"], ["send", "resend"]]
    assert [plays.findall(text) for text in shown.values()] == [[], ["replay"], ["replay", "play"]]
    assert "kept for 90 min, in group 3 not at all" in shown["see"]
    assert [re.findall(r'recordings/(delete|hold|release)"', shown["own"])] == [
        ["release", "delete", "hold"]
    ]
    for role, path, mark, asked in (
        ("talk", "replay", "1-8", ["recordings replay"] * 2),
        ("manage", "play", "1-7", ["recordings open", *["recordings piece"] * 2]),
        ("manage", "export", "1-7", ["recordings open", *["recordings piece"] * 2]),
    ):
        stage.host.asked.clear()
        status, sound = stage.browser(role).post(f"/recordings/{path}", mark=mark)
        assert status == 200 and sound.startswith("RIFF"), path
        assert [verb for verb, _ in stage.host.asked] == asked
        assert {fields["for"] for _, fields in stage.host.asked} == {role}
        assert stage.host.asked[0][1].get("purpose", "replay") == path
    for role, path in (("see", "replay"), ("talk", "play"), ("talk", "export")):
        assert stage.browser(role).post(f"/recordings/{path}", mark="1-8")[0] == 403
    stage.host.asked.clear()
    for mark in ("", "1", "../1", "1-7\r\nX: y", SCRIPT):
        status, text = stage.browser("own").post("/recordings/export", mark=mark)
        assert status == 400 and SCRIPT not in text
    assert stage.host.asked == []
    stage.host.kept |= {"replay_until_ms": 2500}  # 1-8 is of a time to come: no fresh one
    assert plays.findall(stage.browser("talk").open("/recordings")[1]) == []
    stage.host.kept |= {"minutes": 0}
    assert "Nothing is recorded." in stage.browser("see").open("/recordings")[1]


def test_the_page_tells_how_what_is_sent_to_badges_fares(stage: Stage) -> None:
    """It asks again while that is on its way, and only what is new is shown anew."""
    browser = stage.browser("talk")
    assert "/recordings/stop" not in browser.open("/recordings")[1]
    sent = {"id": "1-8", "talker": SCRIPT, "to": [SCRIPT, "B"], "at_ms": time.time() * 1000}
    for state, heard, why, words in (
        ("waits", None, "", "as soon as nobody talks to them"),
        ("plays", None, "", " hear what "),
        ("over", 2, "", "heard it."),
        ("over", 1, SCRIPT, "1 of 2 heard what"),
    ):
        stage.host.sent = {**sent, "state": state, "heard": heard, "why": why}
        for path in ("/recordings", "/recordings/sent"):
            text = browser.open(path)[1]
            assert words in text and SCRIPT not in text, path
            assert ("/recordings/stop" in text) == (state != "over"), path
            assert (f"sent?shown={state}" in text) == (state != "over"), path
        assert "/recordings/stop" not in stage.browser("see").open("/recordings")[1]
        assert browser.open(f"/recordings/sent?shown={state}")[0] == 204
    stage.host.sent["at_ms"] = 0
    assert "heard what" not in browser.open("/recordings")[1]  # that was long ago
    stage.host.sent = None  # of a leader that has died
    assert "leads no more" not in browser.open("/recordings")[1]
    assert "leads no more" in browser.open("/recordings/sent?shown=plays")[1]


def test_the_report_is_a_page_to_print_and_json(stage: Stage) -> None:
    browser = stage.browser("see")
    assert "KPI 4" in browser.open("/report")[1]
    status, text = browser.open("/report/print")
    assert status == 200 and "KPI 4" in text and SCRIPT not in text
    told = json.loads(browser.open("/report/json")[1])
    assert told[-1]["bursts"] == 1 and told[-1]["kpi3_ms"] is None


def test_no_leader_is_told_in_words(stage: Stage) -> None:
    browser = stage.browser("own")
    stage.host.is_gone = True
    for page in ("/badges", "/history", "/settings"):
        status, text = browser.open(page)
        assert status == 502 and "no host runs on this machine" in text
    text = browser.open("/")[1]
    assert "No leader answers" in text and "Waiting for you" not in text
    stage.host.cluster = {
        "host": "", "state": "follower", "term": 1, "leader": None, "quorum": 2,
        "badges_address": "", "hosts_address": None, "keeps_term": 0, "elections": {},
        "convergence_ms": None, "channel": {},
        "peers": [{"name": SCRIPT, "host": "", "address": None, "silent_ms": None}],
    }  # fmt: skip
    assert browser.open("/settings")[0] == 502  # the host was asked: what was seen before is old
    text = browser.open("/")[1]
    assert "No sign of host &lt;script&gt;" in text and "The hosts are split" in text


def test_one_look_at_the_host_serves_all_pages(stage: Stage) -> None:
    browsers = [stage.browser("see") for _ in range(5)]
    looks = stage.host.looks
    for browser in browsers:
        browser.open("/")
    assert stage.host.looks - looks <= 2


def test_all_static_files_are_there() -> None:
    for name, (file, _) in STATIC.items():
        assert file.stat().st_size > 100, name
