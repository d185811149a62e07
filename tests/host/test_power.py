"""The estimate of power: its arithmetic, its data, and what the command says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from pressel.boards.board import board_ids, load_board
from pressel.cli import main
from pressel.power.estimate import CHARGE_MA, USABLE, estimate
from pressel.power.facts import Current, Policy, Shift, parts, policies, shifts
from pressel.tree import ROOT

PLAIN = Policy(text="", quiet="awake", hold_s=0, delay_ms=(0, 0), clock_mhz=160,
               speaker_permille=1000)  # fmt: skip
CURRENTS = {
    "esp32s3": {state: Current(ma=(ma, ma), source="here") for state, ma in
                {"awake": 100, "save": 40, "off": 30, "asleep": 1, "sending": 100}.items()},
    "part": {"on": Current(ma=(10, 10), source="here"),
             "playing": Current(ma=(40, 40), source="here")},
}  # fmt: skip
BOARD = load_board("m5stack-echos3r").model_copy(update={"parts": ["part"]})


def _mean(policy: Policy, *shares: int) -> float:
    shift = Shift(text="", first_hour=0, hours=[shares])  # pyright: ignore[reportArgumentType]
    (hour,) = estimate(BOARD, CURRENTS, policy, shift, 1000).hours
    assert hour.ma[0] == pytest.approx(hour.ma[1])
    return hour.ma[0]


def test_each_situation_takes_what_its_parts_take() -> None:
    save = PLAIN.model_copy(update={"quiet": "save"})
    assert _mean(PLAIN, 0, 0, 0) == pytest.approx(110)
    assert _mean(PLAIN, 0, 500, 0) == pytest.approx(130)
    assert _mean(PLAIN, 0, 0, 1000) == pytest.approx(1)
    assert _mean(save, 0, 0, 0) == pytest.approx(50)
    assert _mean(save, 100, 0, 0) == pytest.approx(56)


def test_copies_keep_the_radio_sending_but_not_for_longer_than_somebody_talks() -> None:
    shift = Shift(text="", first_hour=0, hours=[(100, 0, 0)])
    loud = {
        **CURRENTS,
        "esp32s3": {**CURRENTS["esp32s3"], "sending": Current(ma=(300, 300), source="here")},
    }
    found = [
        estimate(BOARD, loud, PLAIN, shift, 1000, copies).hours[0].ma for copies in (1, 10, 99)
    ]
    assert found[0] == pytest.approx((110 + 0.1 * 0.0125 * 200, 110 + 0.1 * 0.05 * 200))
    assert found[1] == pytest.approx((110 + 0.1 * 0.125 * 200, 110 + 0.1 * 0.5 * 200))
    assert found[2] == pytest.approx((130, 130))  # it sends all the time


def test_a_quieter_speaker_takes_the_square_and_a_hold_keeps_the_radio_awake() -> None:
    half = PLAIN.model_copy(update={"speaker_permille": 500})
    hold = PLAIN.model_copy(update={"quiet": "save", "hold_s": 4})
    assert _mean(half, 0, 1000, 0) == pytest.approx(120)
    assert _mean(hold, 250, 0, 0) == pytest.approx(80)


def test_a_cell_ends_where_it_ends_and_a_charger_fills_no_more_than_it_holds() -> None:
    shift = Shift(text="", first_hour=22, hours=[(0, 0, 0)] * 10)
    found = estimate(BOARD, CURRENTS, PLAIN, shift, 500)
    assert found.lasts_h == (pytest.approx(500 * USABLE[0] / 110), pytest.approx(475 / 110))
    assert found.needed_mah == (pytest.approx(1100 / USABLE[1]), pytest.approx(1100 / USABLE[0]))
    assert [each.hour for each in found.hours][:3] == [22, 23, 0]
    charged = estimate(BOARD, CURRENTS, PLAIN, shift.model_copy(update={"charging": [0, 1]}), 500)
    assert charged.hours[1].left[1] == 500 * USABLE[1]
    assert charged.hours[1].left[0] == pytest.approx(min(475, 400 + 2 * (CHARGE_MA[0] - 110)))


@pytest.mark.parametrize("board_id", board_ids())
@pytest.mark.parametrize("policy", policies())
def test_every_board_can_be_reckoned(board_id: str, policy: str) -> None:
    found = estimate(load_board(board_id), parts(), policies()[policy], shifts()["evening"], 1000)
    assert found.needed_mah[0] <= found.needed_mah[1]
    assert all(20 < each.ma[0] <= each.ma[1] < 300 for each in found.hours)


def test_power_save_never_takes_more() -> None:
    board = load_board("waveshare-epaper-154")
    awake, save = (estimate(board, parts(), policies()[name], shifts()["evening"], 1000)
                   for name in ("awake", "save"))  # fmt: skip
    assert save.needed_mah < awake.needed_mah


@pytest.mark.parametrize("hours", [[], [(600, 500, 0)], [(-1, 0, 0)]])
def test_a_shift_that_cannot_be_is_refused(hours: list) -> None:
    with pytest.raises(ValidationError):
        Shift(text="", first_hour=0, hours=hours)


def test_the_command_says_what_lasts_and_draws_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "charge.svg"
    assert main(["board", "power", "m5stack-sticks3", "--plot", str(plot)]) == 0
    said = capsys.readouterr().out
    assert "250 mAh last 1." in said and "Enough in any case are" in said
    assert plot.read_text().startswith("<?xml")
    words = ["board", "power", "m5stack-sticks3", "--policy", "save", "--cell", "3000"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "3,000 mAh last all 10 hours." in said and "51 ms later on average" in said
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cell_mah"] == 3000
    assert main(["board", "power", "m5stack-sticks3", "--shift", "night"]) == 2
    assert "no shift is called 'night'; there are evening, day" in capsys.readouterr().err
    assert main(["board", "power", "m5stack-sticks3", "--plot", str(tmp_path / "no" / "x")]) == 2


def test_a_part_without_a_current_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = load_board("m5stack-sticks3").model_copy(update={"parts": ["lamp"]})
    monkeypatch.setattr("pressel.cli.board.read_board", lambda file: odd)
    assert main(["board", "power", "m5stack-sticks3"]) == 2
    assert "no part with a current is called 'lamp'" in capsys.readouterr().err


def test_the_policy_of_today_has_the_clock_that_the_firmware_sets() -> None:
    source = (ROOT / "firmware/app/boot.py").read_text("utf-8")
    found = re.search(r"^_CLOCK_HZ = const\(([\d_]+)\)", source, re.MULTILINE)
    assert found and policies()["awake"].clock_mhz == int(found[1]) // 1_000_000


def test_power_save_waits_as_long_as_the_badge_does() -> None:
    source = (ROOT / "firmware" / "app" / "extras" / "resting.py").read_text("utf-8")
    found = re.search(r"_AWAKE_MS = const\((\d+)\)", source)
    assert found and policies()["save"].hold_s * 1000 == int(found[1])
