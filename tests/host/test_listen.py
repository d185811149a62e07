"""The page on which people judge codecs and concealment by ear: its sounds are what it says."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
import soundfile
from tests.bench import badge_cost, listen
from tests.bench.plcmos import plcmos_of

from pressel.audio.speech import RECORDINGS
from pressel.audio.wav import read_speech
from pressel.report.quality import Score
from ptt.media.codecs import IMA


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[listen.Sample]:
    """Of a second of speech; measures are tried elsewhere."""
    monkeypatch.setattr(listen, "pesq_of", lambda said, heard: Score(None, "no compiler"))
    monkeypatch.setattr(listen, "plcmos_of", lambda heard: Score(4.5))
    said = np.asarray(read_speech(RECORDINGS[0].path))[:16_000]
    return list(listen.samples(said, 1, (IMA,)))


def test_each_loss_is_there_in_each_way_of_concealing(made: list[listen.Sample]) -> None:
    names = [each.what for each in made]
    assert len(names) == len(set(names)) == 2 + (len(listen.LOSSES) - 1) * len(listen.WAYS)
    sounds = [each.pcm.tobytes() for each in made if "10 %" in each.what]
    assert len(set(sounds)) == len(listen.WAYS)
    silent = next(each for each in made if "lost: 10 % alone; silence" in each.what)
    frames = silent.pcm[: len(silent.pcm) // 320 * 320].reshape(-1, 320)
    assert 1 <= sum(not frame.any() for frame in frames) <= 15


def test_a_player_plays_what_was_measured_and_says_what_it_is(made: list[listen.Sample]) -> None:
    page = made[-1].html()
    found = re.search(r'src="data:audio/flac;base64,([^"]+)"', page)
    assert found is not None
    played, rate = soundfile.read(io.BytesIO(base64.b64decode(found[1])), dtype="int16")
    assert rate == 16_000 and (played == made[-1].pcm).all()
    assert "<span>IMA-ADPCM, lost: 10 % alone; the voice&#x27;s period" in page
    assert re.search("PESQ-WB –, STOI 0[.][0-9]+, PLCMOS 4.50<", page)


def test_plcmos_hears_losses_where_it_is_installed() -> None:
    """Without it there is a reason; with it the same sound has the same figure."""
    said = np.asarray(read_speech(RECORDINGS[0].path))[:24_000]
    whole = plcmos_of(said)
    if whole.value is None:
        assert "make listen" in (whole.reason or "")
        return
    holes = said.copy().reshape(-1, 320)
    holes[10:75:4] = 0
    assert plcmos_of(said) == whole and whole.value > 4
    assert (plcmos_of(holes.reshape(-1)).value or 5) < whole.value - 1


def test_what_a_badge_pays_is_what_its_budget_says() -> None:
    assert badge_cost._share(960_000, 240) == "20 %" and badge_cost._share(960_000, 160) == "30 %"
    taken = {"instructions": {"ima_decode": {"xtensawin": 7}, "g722_decode": {"xtensawin": 50}}}
    for instead, total in (({}, 14), (badge_cost._INSTEAD, 100)):
        assert badge_cost._total(taken, [("ima_decode", 2)], "xtensawin", instead) == total
    assert len(badge_cost.instructions()) == 2 + len(badge_cost._NAMES)
