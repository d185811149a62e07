"""Features: a row of schema/features.toml, and builds with and without them."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from pressel.boards.board import board_ids, load_board
from pressel.boards.chip import chip_ids, load_chip
from pressel.boards.heap import (
    TALK_BYTES,
    UPDATE_BYTES,
    features_of,
    fitting,
    left_out,
    measured,
    missing_of,
    room,
    speech_lacks,
    too_little,
)
from pressel.errors import UsageError
from pressel.flash.power import Power, options_of
from pressel.pack import PACKINGS
from pressel.pack.build import MANIFEST, ROOT
from pressel.pack.choice import leave_out
from pressel.pack.import_order import import_order
from pressel.pack.manifest import Source, list_sources, read_manifest
from pressel.schema.features import (
    badge_features,
    load_features,
    names_of,
    render,
    without_needy,
)
from pressel.schema.settings import roomy_tail, settings, told_settings
from ptt.base import features
from ptt.wire import messages

NAMES = [row.name for row in badge_features()]
MANIFEST_FACTS = read_manifest(MANIFEST)
SOURCES = list_sources(MANIFEST_FACTS, ROOT, native=True)


def text_of(sources: list[Source], module: str) -> str:
    return next(each for each in sources if each.module == module).read().decode()


def test_every_module_of_a_feature_is_there() -> None:
    known = {each.module for each in SOURCES}
    named = [module for row in badge_features() for module in row.modules]
    assert set(named) <= known
    assert {module for module in named if named.count(module) > 1} == {"app.extras.screen"}


@pytest.mark.parametrize("name", NAMES)
def test_a_build_without_a_feature_needs_none_of_its_modules(name: str) -> None:
    gone = without_needy([name])
    modules = {module for row in badge_features() if row.name in gone for module in row.modules}
    modules -= {
        module for row in badge_features() if row.name not in gone for module in row.modules
    }
    left = leave_out(SOURCES, [name])
    assert {each.module for each in SOURCES} - {each.module for each in left} == modules
    order = import_order(MANIFEST_FACTS.entry, left)  # refuses what is not there
    assert not set(order) & modules


def test_a_module_of_two_features_goes_with_the_last_of_them() -> None:
    left = {each.module for each in leave_out(SOURCES, ["display", "name_tag"])}
    assert "app.extras.screen" not in left


def test_a_module_that_is_needed_all_the_same_is_told(tmp_path: Path) -> None:
    boot = tmp_path / "boot.py"
    boot.write_text("from app.extras.screen import Screen\n")
    names = ["display", "name_tag"]
    left = [each for each in leave_out(SOURCES, names) if each.module != "app.boot"]
    target = next(each.target for each in SOURCES if each.module == "app.boot")
    with pytest.raises(UsageError, match=r"boot\.py:1 imports app\.extras\.screen"):
        import_order("app.boot", [*left, Source(boot, target, True)])


def test_code_asks_for_a_feature_and_lines_stay_where_they_are(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    lines = ["if features.HAS_DISPLAY:", "    import a", "    import b", "c = 1",
             "def f():", "    if features.HAS_DISPLAY:", "        import a", "        return a",
             "    return 2"]  # fmt: skip
    file.write_text("\n".join(lines))
    source = Source(file, SOURCES[0].target.with_name("x.py"), True)
    with_it = leave_out([source], [])[0].read().decode().split("\n")
    assert with_it[:4] == ["", "import a", "import b", "c = 1"]
    assert with_it[4:] == lines[4:]
    without = leave_out([source], ["display"])[0].read().decode().split("\n")
    assert len(without) == len(lines)
    names: dict[str, object] = {}
    exec("\n".join(without), names)
    assert names["c"] == 1
    assert names["f"]() == 2  # pyright: ignore[reportCallIssue]


def test_one_of_two_ways_is_left_of_a_module(tmp_path: Path) -> None:
    """As plain statements, and lines stay where they are."""
    file = tmp_path / "x.py"
    lines = ["if features.HAS_DISPLAY:", "    a = (", "        1,", "    )", "    b = 2", "else:",
             "    a = (", "        3,", "    )", "c = 4"]  # fmt: skip
    file.write_text("\n".join(lines))
    source = Source(file, SOURCES[0].target.with_name("x.py"), True)
    for without, left in (
        ([], ["", "a = (", "        1,", "    )", "b = 2", "", "", "", "", "c = 4"]),
        (["display"], ["", "", "", "", "", "", "a = (", "        3,", "    )", "c = 4"]),
    ):
        assert leave_out([source], without)[0].read().decode().split("\n") == left


def test_what_a_class_has_is_its_own(tmp_path: Path) -> None:
    """As plain statements, whose names a packing sees and may change."""
    file = tmp_path / "x.py"
    lines = ["class C:", "    if features.HAS_DISPLAY:", "", "        a = 1", "",
             "        def f(self):", "            return 2", "", "    b = 3"]  # fmt: skip
    file.write_text("\n".join(lines))
    source = Source(file, SOURCES[0].target.with_name("x.py"), True)
    with_it = leave_out([source], [])[0].read().decode().split("\n")
    assert with_it == ["class C:", "", "", "    a = 1", "", "    def f(self):",
                       "            return 2", "", "    b = 3"]  # fmt: skip
    names: dict[str, Any] = {}
    exec("\n".join(with_it), names)
    assert (names["C"].a, names["C"]().f(), names["C"].b) == (1, 2, 3)


def test_a_build_says_what_it_has() -> None:
    table = ast.parse(text_of(leave_out(SOURCES, ["display"]), "ptt.base.features"))
    values = {
        node.targets[0].id: ast.literal_eval(node.value)  # pyright: ignore[reportAttributeAccessIssue]
        for node in table.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    assert values == {f"HAS_{name.upper()}": name != "display" for name in NAMES}


def test_what_soft_badges_have_is_what_the_engines_have(tmp_path: Path) -> None:
    file = tmp_path / "features.toml"
    row = '[[feature]]\nname = "{}"\nnumber = {}\ntext = "x"\nmodules = ["{}"]\n'
    file.write_text(row.format("a", 3, "ptt.media.a") + row.format("b", 5, "app.b"))
    rows = load_features(file)
    assert "OF_ENGINES = const(8)" in render(rows)
    assert "OF_ENGINES = const(0)" in render(rows, ["a"])
    file.write_text(row.format("a", 3, "ptt.media.a") + row.format("b", 3, "app.b"))
    with pytest.raises(UsageError, match=r"features\.toml:8.*3 is taken"):
        load_features(file)


def test_what_needs_a_feature_that_is_left_out_is_left_out_too(tmp_path: Path) -> None:
    assert "HAS_G722 = False" in text_of(leave_out(SOURCES, ["smooth_playout"]), features.__name__)
    file = tmp_path / "features.toml"
    row = '[[feature]]\nname = "{}"\nnumber = {}\ntext = "x"\nneeds = {}\n'
    file.write_text(row.format("a", 1, '["b"]') + row.format("b", 2, "[]"))
    with pytest.raises(UsageError, match=r"features\.toml:5.*must stand above it"):
        load_features(file)


def test_bits_of_a_newer_build_have_a_name_too() -> None:
    assert names_of(0) == []
    assert names_of(1 | 1 << 29) == ["updates", "feature 29"]


def test_every_feature_is_measured_in_every_packing() -> None:
    for packing in PACKINGS:
        assert sorted(measured().of(packing).features) == sorted(NAMES)


@pytest.mark.parametrize("packing", list(PACKINGS))
@pytest.mark.parametrize("chip", chip_ids())
def test_what_a_chip_gets_leaves_room_to_talk(chip: str, packing: str) -> None:
    fits = fitting(chip, packing)
    plain = [row.name for row in badge_features() if not row.part and row.name in fits]
    assert room(chip, packing, plain).is_enough
    assert "updates" in plain
    assert {*fitting(chip, packing), *left_out(chip, packing)} == set(NAMES)


def test_what_stands_below_the_else_of_what_is_for_type_checkers_stays() -> None:
    text = "if TYPE_CHECKING:\n    from typing import Base\nelse:\n    Base = object\n\nx = Base\n"
    (source,) = (each for each in SOURCES if each.module_path == "ptt/base/words.py")
    (found,) = leave_out([dataclasses.replace(source, text=text.encode())], [])
    assert found.read().split() == b"Base = object x = Base".split()


def test_a_chip_with_more_memory_has_all_and_the_smallest_what_fits() -> None:
    assert left_out("esp32s3", "stock") == []
    assert (
        left_out("esp32", "stock")
        == left_out("", "stock")
        == [
            "smooth_playout",
            "g722",
            "pauses",
            "networks",
            "multicast",
            "name_tag",
        ]
    )
    for packing in ("stock", "romfs"):  # a board may have every part of what its build has
        assert all(room(chip, packing, fitting(chip, packing)).is_enough for chip in chip_ids())
    assert {"side_button", "battery", "display"} < set(fitting("esp32", "stock"))
    for chip in chip_ids():  # bytecode that lies in flash leaves room for what all boards have
        assert "networks" in fitting(chip, "romfs")


@pytest.mark.parametrize("board_id", board_ids())
def test_every_known_board_has_room_for_its_parts(board_id: str) -> None:
    board = load_board(board_id)
    assert missing_of(board, "stock") == []
    assert room(board.chip, "stock", features_of(board, "stock")).is_enough


def test_a_build_without_room_ends_the_settings_behind_those_that_it_obeys() -> None:
    """The others are for it what a newer build's would be, and take nothing of its heap."""
    told = list(told_settings(settings()).values())
    tail = roomy_tail(settings())
    assert (
        tail
        and {row.badge for row in told[-tail:]} == {"roomy"}
        and told[-tail - 1].badge != "roomy"
    )
    for without, left_out_rows in ((), 0), (["smooth_playout"], tail):
        names: dict[str, Any] = {
            "const": int,
            "features": features,
            "__name__": "ptt.wire.messages",
        }
        text = text_of(leave_out(SOURCES, without), "ptt.wire.messages")
        code = "\n".join(line for line in text.split("\n") if not line.startswith("from "))
        exec(code, names)
        starts = names["TABLE"][2]
        count = starts[messages.SETTINGS_SNAPSHOT + 1] - starts[messages.SETTINGS_SNAPSHOT]
        assert count == 1 + len(told) - left_out_rows
        assert len(names["LAYOUTS"][messages.SETTINGS_SNAPSHOT]) == 1 + len(told)


# --- what is told of too little memory, before a badge is made ---

BOTH = ("power_save", "off_duty")


@pytest.mark.parametrize("packing", list(PACKINGS))
@pytest.mark.parametrize("board_id", board_ids())
def test_known_boards_that_save_power_have_room_for_all_else(board_id: str, packing: str) -> None:
    board = load_board(board_id)
    assert too_little(board.chip, board.facts(), packing, BOTH) == ""


def test_what_has_no_room_is_told_with_how_much_is_lacking() -> None:
    """Two parts leave room for releases, all three or an option do not; all parts with two options
    leave too little for speech."""
    heap, taken = load_chip("esp32").heap_bytes, measured().stock
    plain = taken.base + sum(taken.features[name] for name in ("updates", "secret_texts"))
    for parts, options in (
        (["side_button"], []), (["side_button", "battery"], [BOTH[0]]), (["display"], BOTH),
        (["display", "side_button", "battery"], []), (["display", "side_button", "battery"], BOTH),
    ):  # fmt: skip
        live = plain + sum(taken.features[part] for part in parts)
        live += sum(taken.options[option] for option in options)
        said = too_little("esp32", ["speaker", *parts], "stock", options)
        lack = speech_lacks("esp32", ["speaker", *parts], "stock", options)
        assert lack == max(0, live - heap + TALK_BYTES)
        assert not lack or options
        if live > heap - UPDATE_BYTES:
            assert f"lack about {live - heap + UPDATE_BYTES:,} bytes" in said
            assert "by cable" in said
        else:
            assert said == ""
        assert too_little("esp32s3", parts, "stock", options) == ""
    assert lack and said and too_little("esp32", ["side_button"], "stock") == ""


def test_every_option_that_is_reckoned_with_can_be_asked_for() -> None:
    for packing in PACKINGS:
        assert tuple(measured().of(packing).options) == BOTH
    assert Power().options() == Power(False, 0).options() == []
    assert Power(True).options() == options_of({"sleep": True}) == ["power_save"]
    assert Power(None, 90).options() == options_of({"off_duty_after_s": 9}) == ["off_duty"]
