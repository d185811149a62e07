"""`pressel badge` refuses what it cannot work with before it touches network or sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressel import cli
from pressel.audio.speech import RECORDINGS

# Options, and what the message must say.
REFUSED = {
    "name too long": (["--name", "x" * 33], "1 to 32 bytes"),
    "name too long in bytes": (["--name", "ä" * 17], "1 to 32 bytes"),
    "no name": (["--name", ""], "1 to 32 bytes"),
    "name with a line break": (["--name", "a\nb"], "printable"),
    "name that is no text": (["--name", "\udcff"], "printable"),
    "no credential": (["--credential", "/nonesuch"], "cannot read the credential"),
    "a damaged credential": (["--credential", "/dev/null"], "is damaged or not a credential"),
    "no address": (["--leader", "1.2.3.4:port"], "is not an address"),
    "port too high": (["--leader", "1.2.3.4:65536"], "is not an address"),
    "port zero": (["--leader", "1.2.3.4:0"], "1 to 65535"),
    "IPv6": (["--leader", "fe80::1"], "is not an address"),
    "nobody's name": (["--leader", ".."], "no computer has the name"),
    "no time": (["--seconds", "0"], "--seconds"),
    "no number": (["--seconds", "soon"], "--seconds"),
    "no such file": (["--wav", "/nonesuch/a.wav"], "no such file"),
    "a folder for speech": (["--wav", "/"], "is a folder"),
    "a folder for the recording": (["--record", "/"], "--record"),
    "the recording's folder missing": (["--record", "/nonesuch/a.wav"], "does not exist"),
}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "pressel"


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused_in_words(case: str, capfd: pytest.CaptureFixture[str]) -> None:
    options, says = REFUSED[case]
    assert cli.main(["badge", *options]) == 2
    captured = capfd.readouterr()
    assert says in captured.err
    assert captured.out == "" and "Traceback" not in captured.err


def test_a_credential_that_cannot_be_kept_is_told(
    state: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    state.touch()
    assert cli.main(["badge", "--wav", str(RECORDINGS[1].path)]) == 2
    assert "cannot keep this badge's credential" in capfd.readouterr().err


def test_a_recording_that_could_not_be_written_is_a_failure(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = Path("/proc")
    if not folder.is_dir():
        pytest.skip("there is no folder here that even root cannot write to")
    args = ["badge", "--leader", "127.0.0.1:9", "--seconds", "0.1"]
    assert cli.main([*args, "--record", str(folder / "heard.wav")]) == 1
    err = capfd.readouterr().err
    assert "pressel: cannot write /proc/heard.wav" in err and "Traceback" not in err
