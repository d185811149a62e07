"""Who gets into the console, who may do what there, and what others cannot do to it."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.host.console_stage import (
    DEVICE,
    PAGES,
    PASSWORD,
    QUICK,
    Browser,
    HostStandIn,
    Stage,
    stage,
)
from tests.host.web import fetch, served

from pressel.console.accounts import Accounts
from pressel.console.door import Door
from pressel.console.guard import BODY_BYTES_MAX
from pressel.console.host_reader import HostReader
from pressel.console.server import settings
from pressel.console.sessions import TRIES

__all__ = ["stage"]


def test_nobody_sees_anything_without_logging_in(stage: Stage) -> None:
    stranger = stage.browser()
    for page in ("/live", "/floors", *PAGES):
        assert stranger.open(page)[0] == 303, page
    for act in (
        "/text", "/approve", "/deny", "/settings", "/settings/file", "/accounts",
        f"/badges/{DEVICE}", "/invite", "/bundle", "/changes", "/recordings/replay",
        "/recordings/export", "/recordings/delete",
    ):  # fmt: skip
        assert stranger.post(act, text="x")[0] == 303, act
    stranger.cookies = {"pressel": "x" * 43}
    assert stranger.open("/")[0] == 303
    assert stage.host.asked == [] and stage.host.looks == 0


def test_who_may_do_what(stage: Stage) -> None:
    """Each role may do its own and what those below it may, and nothing else."""
    acts = [
        ("talk", "/text", {"text": "hello"}),
        ("manage", "/approve", {"device": "0" * 15 + "2", "groups": "1, 2"}),
        ("manage", "/settings", {"name": "media.x", "value": "80", "base": "3"}),
        ("manage", "/changes", {"what": "abort"}),
        ("manage", f"/badges/{DEVICE}", {"what": "revoke"}),
        ("manage", f"/badges/{DEVICE}", {"what": "lend", "person": "Ann"}),
        ("manage", f"/badges/{DEVICE}", {"what": "return"}),
        ("talk", "/recordings/send", {"mark": "1-8", "to": " Ann "}),
        ("talk", "/recordings/stop", {}),
        ("manage", "/recordings/resend", {"mark": "1-7", "to": ""}),
        ("manage", "/recordings/delete", {"mark": "1-7"}),
        ("own", "/recordings/hold", {"mark": "1-7", "why": "a claim"}),
        ("own", "/recordings/release", {"mark": "1-8"}),
        ("own", "/accounts", {"name": "new", "role": "see", "password": PASSWORD}),
    ]
    order = ("see", "talk", "manage", "own")
    for role in order:
        browser = stage.browser(role)
        for needed, path, fields in acts:
            status, _ = browser.post(path, **fields)
            may = order.index(role) >= order.index(needed)
            assert status == (303 if may else 403), f"{role} {path}"
    verbs = [verb for verb, _ in stage.host.asked]
    assert verbs.count("text") == 3
    sent = [fields for verb, fields in stage.host.asked if verb.startswith("recordings ")]
    assert {"for": "talk", "id": "1-8", "to": ["Ann"]} in sent
    assert {"for": "own", "id": "1-7", "to": []} in sent
    assert verbs.count("device revoke") == 2
    assert {fields["for"] for _, fields in stage.host.asked} == {"talk", "manage", "own"}
    assert (
        "device approve",
        {"for": "own", "id": "0" * 15 + "2", "groups": [1, 2]},
    ) in stage.host.asked


def test_a_page_of_somebody_else_can_do_nothing(stage: Stage) -> None:
    browser = stage.browser("own")
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {},
        {"Origin": f"https://127.0.0.1:{stage.port}"},
    ):
        assert browser.post("/text", headers, text="x")[0] == 403, headers
    form, browser.form = browser.form, "x" * 32
    assert browser.post("/text", text="x")[0] == 403
    assert browser.open("/", Host="evil.example")[0] == 421
    assert stage.host.asked == []
    browser.form = form
    assert browser.post("/text", text="x")[0] == 303


def test_what_a_browser_is_told_to_forbid(stage: Stage) -> None:
    answer, _ = fetch(stage.port, "/login")
    policy = answer.headers["content-security-policy"] or ""
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["server"] is None


def test_what_is_too_large_is_refused(stage: Stage) -> None:
    browser = stage.browser("own")
    assert browser.post("/text", text="x" * BODY_BYTES_MAX)[0] == 413
    assert stage.host.asked == []


def test_wrong_passwords_cost_nothing_after_a_few(stage: Stage) -> None:
    looked = []
    stage.accounts.check = lambda name, password: looked.append(name)  # type: ignore[method-assign]
    browser = stage.browser()
    answers = [browser.post("/login", name="own", password="no")[0] for _ in range(30)]
    assert answers == [403] * TRIES + [429] * (30 - TRIES)
    assert len(looked) == TRIES


def test_many_at_once_are_sent_away(stage: Stage) -> None:
    """Passwords are looked at one by one, and few wait for it."""
    going, away = threading.Event(), threading.Event()
    stage.accounts.check = lambda *_: going.wait(20) and None  # type: ignore[method-assign]
    stage.door._tries.may_try = lambda *_: True  # type: ignore[method-assign]
    found: list[int] = []

    def try_it() -> None:
        found.append(stage.browser().post("/login", name="own", password="no")[0])
        if len(found) == 4:
            away.set()

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert away.wait(20)  # those that are sent away at once
    going.set()
    for thread in threads:
        thread.join()
    assert sorted(found) == [403] * 4 + [429] * 4


def test_logging_out_ends_the_session(stage: Stage) -> None:
    browser = stage.browser("see")
    kept = dict(browser.cookies)
    assert browser.post("/logout")[0] == 303
    browser.cookies = kept
    assert browser.open("/")[0] == 303


def test_a_new_password_and_a_removed_account_end_sessions(stage: Stage) -> None:
    one, two, owner = stage.browser("see"), stage.browser("talk"), stage.browser("own")
    owner.post("/accounts", name="see", role="manage", password="another long one")
    owner.post("/accounts/remove", name="talk")
    assert [one.open("/")[0], two.open("/")[0], owner.open("/")[0]] == [303, 303, 200]
    status, text = owner.post("/accounts/remove", name="own")
    assert status == 400 and "last account" in text


def test_the_first_account_needs_the_code(tmp_path: Path) -> None:
    door = Door(Accounts(tmp_path, QUICK), is_secure=False)
    reader = HostReader(HostStandIn())
    with served(settings(reader, door, frozenset({"127.0.0.1"}), tmp_path)) as port:
        browser = Browser(port)
        assert "Make the first account" in browser.open("/login")[1]
        wrong = {"name": "Olga", "password": PASSWORD, "code": "AAAA-AAAA"}
        assert browser.post("/first", **wrong)[0] == 403
        assert (
            browser.post("/first", **{**wrong, "code": door.code.lower(), "password": "x"})[0]
            == 400
        )
        right = {**wrong, "code": door.code.lower().replace("-", " ")}
        assert browser.post("/first", **right)[0] == 303
        assert browser.open("/accounts")[0] == 200
        assert Browser(port).post("/first", **{**right, "name": "Eve"})[0] == 403
    assert Accounts(tmp_path, QUICK).all() == {"Olga": "own"}
