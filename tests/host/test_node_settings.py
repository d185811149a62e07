"""The settings at a host: changed by one operator after the other, kept on disk, followed."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.shared.keys import Directory

from pressel.errors import PresselError, UsageError
from pressel.node.desk import settings_past
from pressel.node.desk.mends import MENDS_MAX, Mends
from pressel.node.desk.venue_settings import VenueSettings
from pressel.node.kept_settings import load_kept, store_kept
from pressel.registry import proved
from pressel.registry.store import Registry
from pressel.schema.settings import load_settings, parse_value, settings
from pressel.schema.settings import settings as all_settings
from ptt.base import features
from ptt.base.numbers import INT_MAX
from ptt.cluster import records
from ptt.cluster.replica import State
from ptt.leader.leader import Leader
from ptt.leader.settings_in_force import Settings

TALK, DELAY = "floor.talk_ms", "audio.playout_delay_ms"
DEFAULTS = {name: row.default for name, row in settings().items()}


class Stage:
    """A host that leads, or with `replica` stands by."""

    def __init__(self, folder: Path, replica: Settings | None = None) -> None:
        self.folder = folder
        Registry(folder).close()
        self.told: list[str] = []
        self.disk_is_full = False
        self.is_ousted = False  # while something waits for the disk
        self.state: State | None = None
        self.leader: Leader | None = None
        self.settings = VenueSettings(
            folder, lambda: self.leader, lambda: self.state, lambda: None, self._in_thread,
            self._with_registry,
            lambda event, fields: self.told.append(
                " ".join([f"{event}:", *map(str, fields.values())])
            ),
        )  # fmt: skip
        if replica is None:
            kept = self.settings.kept
            self.leader = Leader(1, 1, Directory(), os.urandom, kept)
        else:
            self.follow(replica)

    def follow(self, replica: Settings) -> None:
        body = records.write_settings(replica.values(), replica.own)
        self.state = State(1, 1)
        self.state.records[records.SETTINGS << 16] = (body, 0)

    async def _in_thread(self, call: Any, *values: Any) -> Any:
        await asyncio.sleep(0)
        if self.disk_is_full:
            raise UsageError("the disk is full")
        if self.is_ousted:
            self.leader = None
        return call(*values)

    def _with_registry(self, act: Any) -> Any:
        with Registry(self.folder) as registry:
            return act(registry)

    def set(self, name: str, value: Any, base: int, why: str = "") -> dict[str, Any]:
        return self.set_all({name: value}, base, why)

    def set_all(self, values: Any, base: int, why: str = "") -> dict[str, Any]:
        fields = {"values": values, "base": base, "why": why, "who": "ann"}
        return asyncio.run(self.settings.set(fields))

    def history(self) -> list[dict[str, Any]]:
        return self.settings.history({})

    def keep(self) -> None:
        asyncio.run(self.settings.keep(0))


def test_a_change_is_in_force_has_the_next_version_and_is_on_disk(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    answer = stage.set(TALK, 90_000, 1)
    assert (answer["version"], answer["values"]) == (2, {**DEFAULTS, DELAY: 60, TALK: 90_000})
    assert stage.leader is not None and stage.leader.floors[1].talk_ms == 90_000
    assert Stage(tmp_path).settings.show({})["values"][TALK] == 90_000


def test_what_nobody_knows_has_no_value_of_its_own(tmp_path: Path) -> None:
    """Whichever way it was asked for; what is there already may stay, and go."""
    stage = Stage(tmp_path)
    with Registry(tmp_path) as registry:
        registry.enrol("00000000000000a1", "Ann")
    for whose, why in (
        (
            "00000000000000a2",
            "no device 00000000000000a2 is known, so it has no value of audio.gain",
        ),
        (
            "esp32-devkti",
            "no board is called 'esp32-devkti', so it has no audio.gain; did you mean",
        ),
    ):
        with pytest.raises(UsageError, match=why):
            stage.set(f"audio.gain@{whose}", 0, 1)
    stage.set_all({"audio.gain@00000000000000a1": 0, "audio.gain@esp32-devkit": 0}, 1)
    assert stage.leader is not None
    stray = {**stage.leader.settings.settings.own, "gone": {14: 0}, bytes(8): {14: 0}}
    stage.leader.publish(Settings(3, own=stray), 0)
    stage.set(DELAY, 70, 3)
    stage.set_all({"audio.gain@gone": None, f"audio.gain@{16 * '0'}": None}, 4)
    assert stage.settings.show({})["version"] == 5


def test_who_leads_tells_the_engine_which_board_each_badge_is(tmp_path: Path) -> None:
    """At once when it is asked to write it down, and when it begins to lead."""
    stage = Stage(tmp_path)
    with Registry(tmp_path) as registry:
        registry.enrol("00000000000000a1", "Ann")
    fields = {"id": "00000000000000a1", "board": "esp32c3-devkit", "who": "ann"}
    asyncio.run(stage.settings.set_board(fields))
    device = bytes.fromhex("00000000000000a1")
    assert stage.leader is not None
    assert stage.leader.settings.boards == {device: "esp32c3-devkit"}
    again = Stage(tmp_path)
    again.keep()
    assert again.leader is not None
    assert again.leader.settings.boards == {device: "esp32c3-devkit"}


def test_who_comes_second_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set(TALK, 90_000, 1)
    with pytest.raises(PresselError, match="of version 2, not 1 any more"):
        stage.set(DELAY, 80, 1)
    assert stage.settings.show({})["values"] == {**DEFAULTS, DELAY: 60, TALK: 90_000}


def test_of_two_at_once_one_is_refused(tmp_path: Path) -> None:
    stage = Stage(tmp_path)

    async def both() -> list[Any]:
        changes = ({"values": {TALK: 90_000}, "base": 1}, {"values": {DELAY: 80}, "base": 1})
        return await asyncio.gather(*map(stage.settings.set, changes), return_exceptions=True)

    first, second = asyncio.run(both())
    assert first["version"] == 2
    assert isinstance(second, PresselError)
    assert stage.settings.show({})["values"] == {**DEFAULTS, DELAY: 60, TALK: 90_000}


def test_the_same_value_again_is_no_change(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert stage.set(TALK, 60_000, 1)["version"] == 1
    assert not (tmp_path / proved.SETTINGS).exists()


def test_several_at_once_are_one_version_or_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    with pytest.raises(UsageError, match="cannot be 999 ms"):
        stage.set_all({DELAY: 80, TALK: 999}, 1)
    assert stage.settings.show({})["version"] == 1
    answer = stage.set_all({DELAY: 80, TALK: 90_000}, 1)
    assert (answer["version"], answer["values"]) == (2, {**DEFAULTS, DELAY: 80, TALK: 90_000})


def test_the_history_tells_who_changed_what_and_why(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set_all({DELAY: 80, TALK: 90_000}, 1, "for the concert")
    stage.set(DELAY, 60, 2)
    first, second = stage.history()
    assert (first["version"], first["who"], first["why"]) == (2, "ann", "for the concert")
    assert first["was"] == {DELAY: 60, TALK: 60_000}
    assert first["now"] == {**DEFAULTS, DELAY: 80, TALK: 90_000}
    assert (second["version"], second["was"], second["why"]) == (3, {DELAY: 80}, "")
    with Registry(tmp_path) as registry:
        (what, _) = [each.texts["what"] for each in registry.about_venue()]
    assert what == f"{DELAY} 80 ms (was 60 ms), {TALK} 90000 ms (was 60000 ms)"


@pytest.mark.parametrize("now", ["{", "[]", '{"floor.talk_ms": 5}', '{"floor.talk_ms": "5"}'])
def test_what_another_host_wrote_and_means_nothing_is_passed_over(tmp_path: Path, now: str) -> None:
    stage = Stage(tmp_path)
    stage.set(TALK, 90_000, 1)
    with Registry(tmp_path) as registry:
        registry.record("settings set", "", {"version": 3}, {"now": now, "was": "{}"})
    assert [each["version"] for each in stage.history()] == [2]


@pytest.mark.parametrize("why", ["two\nlines", "x" * 201, "\x1b[2J"])
def test_a_reason_is_a_sentence(tmp_path: Path, why: str) -> None:
    with pytest.raises(UsageError, match="a reason is one line"):
        Stage(tmp_path).set(TALK, 90_000, 1, why)


def test_a_host_of_the_former_version_may_ask(tmp_path: Path) -> None:
    fields = {"setting": TALK, "value": 90_000, "base": 1}
    assert asyncio.run(Stage(tmp_path).settings.set(fields))["version"] == 2


@pytest.mark.parametrize("values", [{}, None, [TALK, 5]])
def test_a_change_names_settings(tmp_path: Path, values: Any) -> None:
    with pytest.raises(UsageError, match="name at least one"):
        Stage(tmp_path).set_all(values, 1)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (TALK, 999, "cannot be 999 ms; it goes from 1000 to 1300000 ms"),
        (TALK, "60000", "knows no setting"),
        (TALK, True, "knows no setting"),
        ("floor.silence_ms", 1, "knows no setting"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, name: str, value: Any, words: str) -> None:
    stage = Stage(tmp_path)
    with pytest.raises(UsageError, match=words):
        stage.set(name, value, 1)
    assert stage.settings.show({})["version"] == 1


def test_what_the_disk_does_not_take_is_not_told_to_badges(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.disk_is_full = True
    with pytest.raises(UsageError, match="disk is full"):
        stage.set(TALK, 90_000, 1)
    assert stage.settings.show({})["version"] == 1


def test_what_a_host_that_was_ousted_refused_does_not_come_into_force_later(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set(TALK, 70_000, 1)
    stage.is_ousted = True
    with pytest.raises(UsageError, match="another term"):
        stage.set(TALK, 90_000, 2)
    assert stage.settings.kept.values()[:3] == (2, 60, 70_000)
    assert load_kept(tmp_path).values()[:3] == (2, 60, 70_000)
    assert [each["version"] for each in stage.history()] == [2]


def test_a_host_that_stands_by_keeps_what_its_leader_has(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Settings(4, 100, 30_000))
    assert stage.settings.show({})["values"] == {**DEFAULTS, DELAY: 100, TALK: 30_000}
    assert stage.settings.show({})["badges"] is None
    stage.keep()
    assert load_kept(tmp_path).values()[:3] == (4, 100, 30_000)
    stage.follow(Settings(3, 60, 60_000))  # of a leader that has not heard of them
    stage.keep()
    assert load_kept(tmp_path).values()[:3] == (4, 100, 30_000)
    stage.follow(Settings(4, 120, 30_000))  # two leaders of a split had the same thought
    stage.keep()
    assert load_kept(tmp_path).values()[:3] == (4, 120, 30_000)
    stage.disk_is_full = True
    stage.follow(Settings(5, 60, 60_000))
    stage.keep()
    stage.keep()
    assert stage.told == ["settings_file: the disk is full"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "damaged"),
        ("[]", "damaged"),
        ('{"version": 2, "values": {}}', "no proof"),
        ({"version": 0, "values": {}}, "version 0"),
        ({"version": 2}, "damaged"),
        ({"version": 2, "values": {"floor.talk_ms": 5}}, "cannot be 5 ms"),
        ({"version": 2, "values": {"floor.talk_ms": "long"}}, "is no number"),
    ],
)
def test_a_damaged_file_is_told_and_the_defaults_hold(
    tmp_path: Path, content: str | dict[str, Any], words: str
) -> None:
    with Registry(tmp_path):
        pass
    if isinstance(content, dict):
        proved.store(tmp_path, proved.SETTINGS, content)
    else:
        (tmp_path / proved.SETTINGS).write_text(content)
    stage = Stage(tmp_path)
    (told,) = stage.told
    assert told.startswith("settings_file: ") and words in told and str(tmp_path) in told
    assert stage.settings.show({})["values"] == {**DEFAULTS, DELAY: 60, TALK: 60_000}


def test_what_a_newer_host_kept_is_passed_over(tmp_path: Path) -> None:
    with Registry(tmp_path):
        store_kept(tmp_path, Settings(3, 80, 5000))
    told = proved.load(tmp_path, proved.SETTINGS)
    told["values"]["relay.shift"] = 9
    proved.store(tmp_path, proved.SETTINGS, told)
    assert load_kept(tmp_path).values()[:3] == (3, 80, 5000)


@pytest.mark.parametrize(
    ("text", "value"),
    [("90000", 90_000), (" 90000 ms ", 90_000), ("90s", 90_000), ("2min", 120_000)],
)
def test_values_may_have_a_unit(text: str, value: int) -> None:
    assert parse_value(TALK, all_settings()[TALK], text) == value


@pytest.mark.parametrize("text", ["", "ninety", "90.5s", "1h", "0x10", "90 s s", "-5", "999"])
def test_what_is_no_value_is_told(text: str) -> None:
    with pytest.raises(UsageError, match=TALK):
        parse_value(TALK, all_settings()[TALK], text)


def test_a_setting_is_found_by_its_name_alone() -> None:
    assert load_settings().find("talk_ms")[0] == TALK
    with pytest.raises(UsageError, match=r"did you mean 'floor\.talk_ms'"):
        load_settings().find("floor.talk")


def test_the_status_tells_of_each_badge_what_it_said(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    leader = stage.leader
    assert leader is not None
    said = ((2, False), (2, True), (1, False), (0, False))
    for session, (version, refused) in enumerate(said, 1):
        member = leader.members.add(bytes([session]) * 8, session)
        assert member is not None
        member.name = b"ABCD"[session - 1 : session]
        member.settings.acknowledged, member.settings.refused = version, refused
    stage.set(DELAY, 80, 1)
    answer = asyncio.run(stage.settings.status({}))
    assert [(each["name"], each["version"], each["state"]) for each in answer["members"]] == [
        ("A", 2, "applied"), ("B", 2, "refused"), ("C", 1, "waiting"), ("D", 0, "waiting")
    ]  # fmt: skip
    assert (answer["badges"], answer["applied"], answer["refused"]) == (4, 1, 1)
    assert [each["why"].partition(";")[0] for each in answer["members"]] == [
        "", "its build cannot do one of the values", "", ""
    ]  # fmt: skip
    can_change = leader.members.all()[1]
    can_change.features = features.NETWORKS | features.SECRET_TEXTS
    assert "build" in asyncio.run(stage.settings.status({}))["members"][1]["why"]
    can_change.settings.failed = 7
    leader.settings.settings.network = 7
    assert "found no leader" in asyncio.run(stage.settings.status({}))["members"][1]["why"]


def test_a_host_that_does_not_lead_has_no_status(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        asyncio.run(Stage(tmp_path, Settings(3)).settings.status({}))


def test_a_host_that_leads_puts_in_force_what_the_log_tells(tmp_path: Path) -> None:
    """Who led before told the others, and this host was cut off just then."""
    stage = Stage(tmp_path)
    stage.set(TALK, 90_000, 1)
    stage.leader = Leader(2, 1, Directory(), os.urandom, Settings(1))
    stage.keep()
    now = stage.leader.settings.settings
    assert (now.version, now.talk_ms) == (2, 90_000)
    assert [each["version"] for each in stage.history()] == [2]


def test_what_the_log_tells_is_in_force_before_anything_is_set(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set(TALK, 90_000, 1)
    stage.leader = Leader(2, 1, Directory(), os.urandom, Settings(1))
    with pytest.raises(PresselError, match="of version 2, not 1"):
        stage.set(DELAY, 80, 1)
    stage.set(DELAY, 80, 2)
    assert stage.settings.show({})["values"] == {**DEFAULTS, DELAY: 80, TALK: 90_000}


def test_what_another_host_has_written_since_is_looked_at(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.keep()
    now = {**DEFAULTS, TALK: 90_000}
    with Registry(tmp_path) as registry:
        told = {"now": json.dumps(now), "was": "{}"}
        registry.record("settings set", "", {"version": 4}, told)
        registry.record("settings set", "", {"version": 3}, {**told, "now": json.dumps(DEFAULTS)})
        registry.record("settings set", "", {"version": INT_MAX + 1}, told)
    stage.keep()
    assert stage.settings.show({})["version"] == 1
    stage.settings.look_again()
    stage.disk_is_full = True
    stage.keep()
    stage.disk_is_full = False
    stage.keep()
    assert stage.settings.show({})["version"] == 4
    assert stage.settings.show({})["values"] == now


# --- of one group ---

IN_3 = "floor.talk_ms@3"


def test_a_group_has_its_own_until_that_is_taken_away(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set_all({IN_3: 5000, f"{DELAY}@3": 80}, 1)
    answer = stage.set(TALK, 90_000, 2)
    assert answer["values"] == {**DEFAULTS, TALK: 90_000, IN_3: 5000, f"{DELAY}@3": 80}
    assert stage.leader is not None
    stage.leader.groups.open(3)
    assert [stage.leader.floors[group].talk_ms for group in (1, 3)] == [90_000, 5000]
    assert Stage(tmp_path).settings.show({})["values"] == answer["values"]
    answer = stage.set(IN_3, None, 3)
    assert answer["values"] == {**DEFAULTS, TALK: 90_000, f"{DELAY}@3": 80}
    assert [stage.leader.floors[group].talk_ms for group in (1, 3)] == [90_000, 90_000]
    assert Stage(tmp_path).settings.show({})["values"] == answer["values"]


def test_the_history_tells_what_a_group_had(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set(IN_3, 5000, 1)
    stage.set(IN_3, None, 2)
    first, second = stage.history()
    assert (first["was"], first["now"]) == ({IN_3: None}, {**DEFAULTS, IN_3: 5000})
    assert (second["was"], second["now"]) == ({IN_3: 5000}, DEFAULTS)
    with Registry(tmp_path) as registry:
        what = [each.texts["what"] for each in registry.about_venue()]
    assert what == [
        "floor.talk_ms in group 3 5000 ms (was as the venue)",
        "floor.talk_ms in group 3 as the venue (was 5000 ms)",
    ]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"relay.packet_frames@3": 1}, "knows no setting"),
        ({"floor.talk_ms@128": 5000}, "knows no setting"),
        ({"floor.talk_ms@03": 5000}, "knows no setting"),
        ({IN_3: 999}, "floor.talk_ms in group 3 cannot be 999 ms"),
        ({TALK: None}, "only what a group, board or badge has of its own can go"),
        ({f"{TALK}@{group}": 5000 for group in range(1, 18)}, "at most 16 groups"),
    ],
)
def test_what_no_group_can_have_is_refused(tmp_path: Path, values: Any, why: str) -> None:
    stage = Stage(tmp_path)
    with pytest.raises(UsageError, match=why):
        stage.set_all(values, 1)
    assert stage.settings.show({})["version"] == 1


def test_sixteen_groups_have_theirs_and_the_seventeenth_none(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set_all({f"{TALK}@{group}": 5000 for group in range(1, 17)}, 1)
    with pytest.raises(UsageError, match="at most 16 groups"):
        stage.set(f"{TALK}@17", 5000, 2)


def test_a_change_says_beforehand_whom_it_touches(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set(f"{DELAY}@3", 80, 1)
    assert stage.leader is not None
    for number, groups in enumerate([(1,), (1, 3), (3,), (4,)], 1):
        member = stage.leader.members.add(bytes([number]) * 8, number)
        assert member is not None
        member.name, member.groups = b"badge %d" % number, groups

    def touched(values: Any) -> dict[str, list[str]]:
        return asyncio.run(stage.settings.touched({"values": values}))

    assert touched({f"{DELAY}@3": 200}) == {DELAY: ["badge 2", "badge 3"]}
    assert touched({f"{DELAY}@3": 20}) == {DELAY: ["badge 2", "badge 3"]}
    assert touched({DELAY: 70}) == {DELAY: ["badge 1", "badge 4"]}
    assert touched({"floor.preemption@3": 0}) == {"floor.preemption": ["badge 2", "badge 3"]}
    assert len(touched({"relay.packet_frames": 1})["relay.packet_frames"]) == 4
    assert touched({DELAY: 60}) == {}
    assert touched({f"{DELAY}@9": 60}) == {DELAY: []}
    with pytest.raises(UsageError, match="no board is called 'esp32-devkti'"):
        touched({"audio.gain@esp32-devkti": 0})  # as the change itself would be refused


def test_what_groups_have_is_taken_over_from_the_log(tmp_path: Path) -> None:
    """Who led before may have told other hosts only."""
    stage = Stage(tmp_path)
    stage.set(IN_3, 5000, 1)
    store_kept(tmp_path, Settings(1))
    again = Stage(tmp_path)
    again.keep()
    assert again.settings.show({})["values"] == {**DEFAULTS, IN_3: 5000}


# --- two hosts have led ---


def wrote(stage: Stage, term: int, version: int, values: dict[str, int]) -> None:
    """A host that led in `term` made this change."""
    with Registry(stage.folder) as registry:
        registry.log.term = term
        texts = {"now": json.dumps({**DEFAULTS, **values}), "was": "{}"}
        registry.record("settings set", "", {"version": version}, texts)


def test_a_leader_that_was_cut_off_outvotes_nobody(tmp_path: Path) -> None:
    """However often it changed something meanwhile: who led later had a majority."""
    stage = Stage(tmp_path)
    for version in (2, 3, 4):
        wrote(stage, 5, version, {TALK: 80_000 + version})
    wrote(stage, 6, 2, {TALK: 70_000})
    stage.keep()
    now = stage.settings.show({})
    assert (now["version"], now["values"][TALK]) == (5, 70_000)
    assert [each["version"] for each in stage.history()] == [2, 2, 3, 4, 5]
    why = "version 2 holds: its leader led later than that of version 4"
    assert stage.history()[-1]["why"] == why
    again = Stage(tmp_path)
    again.keep()
    assert again.settings.show({})["version"] == 5


def test_of_two_equal_versions_that_of_the_later_term_holds(tmp_path: Path) -> None:
    """Also where the other one is in force: badges have that under the same number."""
    Stage(tmp_path)
    store_kept(tmp_path, Settings(2, 60, 80_000))
    stage = Stage(tmp_path)
    wrote(stage, 5, 2, {TALK: 80_000})
    wrote(stage, 6, 2, {TALK: 70_000})
    stage.keep()
    now = stage.settings.show({})
    assert (now["version"], now["values"][TALK]) == (3, 70_000)


def test_what_standbys_were_told_holds_although_no_log_tells_it(tmp_path: Path) -> None:
    """Its leader died between the two."""
    Stage(tmp_path)
    store_kept(tmp_path, Settings(3, 60, 90_000))
    stage = Stage(tmp_path)
    wrote(stage, 6, 2, {TALK: 70_000})
    stage.keep()
    now = stage.settings.show({})
    assert (now["version"], now["values"][TALK]) == (3, 90_000)


# --- a file that somebody else has changed while the host runs ---


def _gone(file: Path) -> None:
    file.unlink()


def _changed(file: Path) -> None:
    file.write_text(file.read_text("utf-8").replace("90000", "33000"), "utf-8")


def _older(file: Path) -> None:
    proved.store(file.parent, proved.SETTINGS, {"version": 1, "values": {TALK: 70_000}})


@pytest.mark.parametrize("is_leader", [True, False])
@pytest.mark.parametrize(
    ("spoil", "words"),
    [(_gone, "was gone"), (_changed, "was changed"), (_older, "held version 1")],
)
def test_what_somebody_did_to_the_file_is_told_and_undone(
    tmp_path: Path, spoil: Callable[[Path], None], words: str, is_leader: bool
) -> None:
    stage = Stage(tmp_path) if is_leader else Stage(tmp_path, Settings(2, talk_ms=90_000))
    if is_leader:
        stage.set(TALK, 90_000, 1)
    for _ in range(2):
        stage.keep()
    assert stage.told == []
    spoil(tmp_path / proved.SETTINGS)
    stage.disk_is_full = True
    stage.keep()
    stage.keep()
    assert stage.told == ["settings_file: the disk is full"]
    stage.disk_is_full = False
    for _ in range(2):
        stage.keep()
    (told,) = stage.told[1:]
    assert told.startswith("settings_mended: ") and words in told and str(tmp_path) in told
    (mend,) = asyncio.run(stage.settings.mends.all())
    assert words in mend["why"] and mend["host"] == ""
    if is_leader:
        assert asyncio.run(stage.settings.status({}))["mended"] == [mend]
    assert load_kept(tmp_path).values()[:3] == (2, 60, 90_000)
    os.utime(tmp_path / proved.SETTINGS)  # touched, and as it was
    stage.keep()
    assert len(stage.told) == 2


def test_a_file_that_cannot_be_read_stays_for_whoever_looks_into_it(tmp_path: Path) -> None:
    """What it says is worth more than the defaults, which hold meanwhile."""
    Registry(tmp_path).close()
    (tmp_path / proved.SETTINGS).write_text("{")
    stage = Stage(tmp_path)
    stage.keep()
    assert (tmp_path / proved.SETTINGS).read_text() == "{" and len(stage.told) == 1


# --- a leader of the former version, which knows no `recording.kept_min` ---

KEPT = "recording.kept_min"


@pytest.mark.parametrize("is_in_log", [True, False])
def test_what_a_former_host_does_not_know_it_does_not_end(tmp_path: Path, is_in_log: bool) -> None:
    if is_in_log:
        Stage(tmp_path).set_all({KEPT: 480, f"{KEPT}@3": 15}, 1)
    else:
        Registry(tmp_path).close()
        store_kept(tmp_path, Settings(2, kept_min=480, own={3: {11: 15}}))
    stage = Stage(tmp_path, Settings(3, talk_ms=90_000))
    for _ in range(2):
        stage.keep()
        assert stage.settings.kept_minutes() == (480, {3: 15})
        assert load_kept(tmp_path).talk_ms == 90_000
        assert load_kept(tmp_path).kept_min == 480
    again = Stage(tmp_path)
    again.leader = Leader(2, 1, Directory(), os.urandom, Settings(3, talk_ms=90_000))
    assert again.settings.kept_minutes() == (480, {3: 15})  # before the log is looked at
    again.keep()
    assert again.settings.kept_minutes() == (480, {3: 15})
    assert load_kept(tmp_path).kept_min == 480
    again.set_all({KEPT: 0, f"{KEPT}@3": None}, again.settings.show({})["version"])
    assert again.settings.kept_minutes() == (0, {})
    again.keep()
    assert (again.settings.kept_minutes(), load_kept(tmp_path).kept_min) == ((0, {}), 0)


def test_a_change_by_a_former_host_ends_no_setting_that_it_does_not_know(tmp_path: Path) -> None:
    Stage(tmp_path).set_all({KEPT: 480, f"{KEPT}@3": 15}, 1)
    with Registry(tmp_path) as registry:
        registry.log.term = 2
        now = {TALK: 90_000, DELAY: 60}
        registry.record(settings_past.SET, "", {"version": 3}, settings_past.texts({}, now, ""))
    stage = Stage(tmp_path)
    stage.leader = Leader(3, 1, Directory(), os.urandom, Settings(3, talk_ms=90_000))
    stage.keep()
    assert stage.leader.settings.settings.kept_min == 480
    assert stage.settings.kept_minutes() == (480, {3: 15})
    assert stage.leader.settings.settings.talk_ms == 90_000


# --- for how long names of people are kept ---

NAMES = "people.names_days"


def test_all_hosts_keep_names_for_as_long_as_the_venue_says(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "a")
    assert stage.settings.names_days() == 0
    stage.set(NAMES, 90, 1)
    assert stage.settings.names_days() == 90
    standby = Stage(tmp_path / "b", Settings(2, names_days=90))
    assert standby.settings.names_days() == 90
    standby.keep()
    for former in (Settings(3, talk_ms=90_000), Settings(3, names_days=90)):
        standby.follow(former)  # the first is of a host that does not know the setting
        assert standby.settings.names_days() == 90


def test_a_host_that_hears_no_leader_forgets_nobody(tmp_path: Path) -> None:
    """It may have been off for a month in which the venue decided otherwise."""
    Stage(tmp_path).set(NAMES, 1, 1)
    stage = Stage(tmp_path)
    stage.leader = None
    assert stage.settings.names_days() is None


def test_a_standby_follows_the_end_of_a_setting_by_the_log(tmp_path: Path) -> None:
    Stage(tmp_path).set(KEPT, 480, 1)
    stage = Stage(tmp_path, Settings(3))
    stage.keep()
    assert stage.settings.kept_minutes() == (480, {})
    with Registry(tmp_path) as registry:
        now = {**DEFAULTS, KEPT: 0}
        registry.record(settings_past.SET, "", {"version": 3}, settings_past.texts({}, now, ""))
    stage.settings.look_again()
    stage.keep()
    assert (stage.settings.kept_minutes(), load_kept(tmp_path).kept_min) == ((0, {}), 0)


def test_who_has_heard_nothing_of_a_setting_but_from_a_former_host_ends_nothing(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, Settings(3, talk_ms=90_000))
    assert stage.settings.kept_minutes() is None


def test_what_other_hosts_have_mended_is_asked_and_checked() -> None:
    """The newest of each, by time; what is no such list, or does not come, counts for nothing."""
    said = {"time_s": 5, "why": "it was\x1b[2Jgone"}
    answers: dict[bytes, Any] = {
        b"a": {"answer": [{"host": "x", "time_s": n, "why": str(n)} for n in range(2000, 2020)]},
        b"b": {"answer": [said]},
        b"c": {"error": "a former version", "exit": 1},
        b"d": {"answer": [{**said, "time_s": 1 << 62}]},
        b"e": None,
        b"f": [],
        b"g": {"answer": [{**said, "why": "x" * 100_000}]},
    }

    async def ask(host: bytes, body: bytes) -> bytes | None:
        assert json.loads(body)["ask"] == "settings mended"
        if host == b"h":
            raise TimeoutError
        return None if answers[host] is None else json.dumps(answers[host]).encode()

    mends = Mends(lambda: [*answers, b"h"], ask, bytes.decode, lambda: 1000.5)
    mends.add("it held version 1")
    told = asyncio.run(mends.all())
    assert [(each["host"], each["time_s"]) for each in told[:2]] == [("b", 5), ("", 1000)]
    assert [each["time_s"] for each in told[2:]] == list(range(2012, 2020))
    assert {each["host"] for each in told[2:]} == {"a"} and "\x1b" not in told[0]["why"]
    for n in range(50):
        mends.add(str(n))
    assert len(mends.own({})) == MENDS_MAX
