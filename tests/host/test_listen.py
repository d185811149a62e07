"""The page on which people judge codecs and concealment by ear: its sounds are what it says."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
import soundfile
from tests.bench import badge_cost, listen

from pressel.audio.speech import RECORDINGS
from pressel.audio.wav import read_speech
from pressel.report.quality import Score
from ptt.media.codecs import IMA


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[listen.Sample]:
    """Of a second of speech; measures are tried elsewhere."""
    monkeypatch.setattr(listen, "pesq_of", lambda said, heard: Score(None, "no compiler"))
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
    assert "PESQ-WB –, STOI 0." in page


def test_what_a_badge_pays_is_what_its_budget_says() -> None:
    assert badge_cost._share(960_000, 240) == "20 %" and badge_cost._share(960_000, 160) == "30 %"
    taken = {"instructions": {"ima_decode": {"xtensawin": 7}, "g722_decode": {"xtensawin": 50}}}
    for instead, total in (({}, 14), (badge_cost._INSTEAD, 100)):
        assert badge_cost._total(taken, [("ima_decode", 2)], "xtensawin", instead) == total
    assert len(badge_cost.instructions()) == 2 + len(badge_cost._NAMES)
