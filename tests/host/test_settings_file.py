"""Settings as a file: what is written is read again, and every mistake has its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressel import cli
from pressel.errors import UsageError
from pressel.schema.settings import settings
from pressel.schema.settings_file import load_file, render

DEFAULTS = {name: row.default for name, row in settings().items()}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(render(DEFAULTS, 7), "utf-8")
    assert load_file(file) == (DEFAULTS, 7)
    for row in settings().values():
        assert row.text in file.read_text("utf-8")


def test_what_groups_have_of_their_own_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    own = {"floor.talk_ms@3": 5000, "floor.preemption@12": 0, "audio.playout_delay_ms@3": 80}
    file.write_text(render({**DEFAULTS, **own}, 7), "utf-8")
    assert load_file(file) == ({**DEFAULTS, **own}, 7)
    assert "[at.3.floor]" in file.read_text("utf-8")
    file.write_text('[at.3]\nfloor = { talk_ms = "venue" }\n', "utf-8")
    assert load_file(file) == ({"floor.talk_ms@3": None}, None)


def test_units_may_be_given_and_most_be_left_out(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[floor]\ntalk_ms = "90s"\n', "utf-8")
    assert load_file(file) == ({"floor.talk_ms": 90_000}, None)


MISTAKES = {  # text: what is told behind the file's name
    "[floor]\n  talk_ms = 5\n": ":2:3: floor.talk_ms: this setting cannot be 5 ms; it goes from",
    "[floor]\ntalk_ms = 1.5\n": ":2:1: floor.talk_ms: must be a whole number, or text such as",
    "[floor]\ntalk_ms = true\n": ":2:1: floor.talk_ms: must be a whole number",
    '[floor]\ntalk_ms = "1h"\n': ":2:1: floor.talk_ms: '1h' is no value of this setting",
    "floor = { talk_ms = 5000, talk = 5 }\n": ":1:27: floor.talk: there is no such setting; did",
    "[flor]\ntalk_ms = 5000\n": ":2:1: flor.talk_ms: there is no such setting; did you mean",
    "talk_ms = 5000\n": ":1:1: talk_ms: there is no such setting",
    "[floor]\npreemption = 1\n": ':2:1: floor.preemption: must be "off" or "on"',
    '[floor]\npreemption = "no"\n': ":2:1: floor.preemption: 'no' is no value of this setting",
    "base = 0\n[floor]\ntalk_ms = 5000\n": ":1:1: base: must be a version",
    "[at.3.relay]\npacket_frames = 1\n": ":2:1: at.3.relay.packet_frames: relay.packet",
    "[at.128.floor]\ntalk_ms = 5000\n": ":2:1: at.128.floor.talk_ms: 128 is no talk group",
    "[at.X.floor]\ntalk_ms = 5000\n": ":2:1: at.X.floor.talk_ms: 'X' is no talk group",
    "[at.c3.floor]\ntalk_ms = 5000\n": ":2:1: at.c3.floor.talk_ms: no board has a value of floor",
    "[at.3]\ntalk_ms = 5000\n": ":2:1: at.3.talk_ms: there is no such setting",
    "[at]\n3 = 5\n": ":2:1: at.3: there is no such setting",
    "at = 5\n": ":1:1: at: there is no such setting",
    "[at.3.floor]\ntalk_ms = 5\n": ":2:1: at.3.floor.talk_ms: this setting cannot be 5 ms",
    '[floor]\ntalk_ms = "venue"\n': ":2:1: floor.talk_ms: 'venue' is no value of this setting",
    "[floor\n": ":1:7: is no TOML",
    "": ":1:1: has no setting",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_has_its_line_and_column(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError) as error:
        load_file(file)
    assert str(error.value).startswith(f"{file}{MISTAKES[text]}")


def test_all_mistakes_are_told_at_once_and_nothing_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[floor]\ntalk_ms = 5\n[audio]\nplayout = 5\n", "utf-8")
    assert cli.main(["settings", "check", str(file)]) == 2
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(str(file))[2].split(":")[1:3] for line in told] == [
        ["2", "1"],
        ["4", "1"],
    ]
    file.write_text("[floor]\ntalk_ms = 5000\n", "utf-8")
    assert cli.main(["settings", "check", str(file)]) == 0
    assert capsys.readouterr().out.endswith("1 setting, no mistake\n")


@pytest.mark.parametrize("words", [["floor.talk_ms"], ["talk_ms=5s", "talk_ms", "6s"], ["x", "1"]])
def test_a_change_that_cannot_be_meant_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["settings", "set", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"[floor]\ntalk_ms = " + b"9" * 5000, ":2:11: is no TOML: a number is too long"),
        (b'[floor]\ntalk_ms = "%s"' % (b"9" * 5000), ":2:1: floor.talk_ms: '9"),
        (b'[floor]\n# \xc3\xa9\nx = "\xff"', ":3:6: is no text in UTF-8"),
        (b"\xef\xbb\xbf[floor]\ntalk_ms = 3", ":2:1: floor.talk_ms: this setting cannot be 3 ms"),
        (b"".join(b"[at.%d.floor]\ntalk_ms = 3000\n" % n for n in range(1, 19)),
         ":34:1: at.17: is one more than the 16 groups"),
        (b"[at.0.floor]\ntalk_ms = 3000", ":2:1: at.0.floor.talk_ms: '0' is no talk group"),
        (b"[at.Ann.floor]\ntalk_ms = 3000", "A badge is named by the 16 digits of its device"),
    ],
)  # fmt: skip
def test_odd_files_are_told_where_they_are_odd(tmp_path: Path, written: bytes, said: str) -> None:
    file = tmp_path / "f.toml"
    file.write_bytes(written)
    with pytest.raises(UsageError) as refused:
        load_file(file)
    assert said in str(refused.value), str(refused.value)[:300]
