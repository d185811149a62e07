"""The set-up of a clone, the lock files, the Makefile and the root of the command line."""

import errno
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from pressel import cli
from pressel.errors import InvariantError, PresselError, UnreachableError, UsageError
from setup_clone import copies, pesq, stamp, steps, tools, tree

ROOT = tree.ROOT
LOCKS = sorted(ROOT.glob("requirements*.lock"))


def pins(lock: Path) -> dict[str, str]:
    """Name -> version of what a lock file holds."""
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock.read_text(), re.MULTILINE))


# Lock files


@pytest.mark.parametrize("path", [*LOCKS, ROOT / "package-lock.json"], ids=lambda path: path.name)
def test_lock_files_hold_no_address_and_no_path(path: Path):
    text = path.read_text()
    assert "://" not in text
    assert '"resolved"' not in text
    assert not re.search(r"^\s*-{1,2}(index|extra|find|trusted)|\s/\w+/", text, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_a_hash(lock: Path):
    blocks = re.split(r"^(?=[a-z0-9])", lock.read_text(), flags=re.MULTILINE)[1:]
    assert blocks
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_lock_has_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        wanted += [each for each in extra if not each.startswith("pressel[")]
    names = {re.split(r"[<>=~!;]", line)[0].strip() for line in wanted}
    apart = {"distributed"}  # of the extra `farm`, which the set-up leaves out
    assert names - pins(ROOT / "requirements.lock").keys() == apart
    assert apart <= pins(ROOT / "requirements-farm.lock").keys()


def test_every_package_of_javascript_has_a_hash():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []


# What people are told

NO_NETWORK = """\
WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)': /simple/x/
ERROR: Could not find a version that satisfies the requirement click==8.5.1 (from versions: none)
ERROR: No matching distribution found for click==8.5.1
"""


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (NO_NETWORK, "cannot be reached"),
        ("npm error code EAI_AGAIN", "cannot be reached"),
        ("npm error code UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "cannot be reached"),
        ("ERROR: No matching distribution found for soxr==1.1.0", "has no soxr==1.1.0 for this"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk is full"),
        ("npm error code ENOSPC", "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "not the one in the lock file"),
        ("npm error code EINTEGRITY", "not the one in the lock file"),
        ("[Errno 13] Permission denied: '/x'", "cannot be written"),
        ("something new", "build/setup.log"),
    ],
)
def test_a_failed_tool_is_explained(output: str, said: str):
    assert said in tools.explain(output)


def test_an_error_of_the_system_is_explained():
    said = tools.explain_os_error(PermissionError(errno.EACCES, "Permission denied", "build"))
    assert "build" in said
    assert "cannot be written" in said
    assert tools.explain_os_error(OSError("odd")) == "odd"


def test_a_python_without_venv_is_told_the_package_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(steps.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(tools.SetupError, match=r"apt install python3\.\d+-venv"):
        steps.check_machine()


def test_a_disk_too_small_is_told_before_anything_is_done(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(steps, "DISK_NEEDED_MB", 10**9)
    with pytest.raises(tools.SetupError, match="MB are free"):
        steps.check_machine()


def test_a_missing_compiler_is_the_obstacle_to_pesq(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    assert "no-such-compiler" in pesq.obstacle()


# Set-up


@pytest.fixture
def set_up_stamp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The stamp file of a set-up that is complete, in a folder of its own."""
    path = tmp_path / "setup.json"
    (tmp_path / ".package-lock.json").touch()
    monkeypatch.setattr(stamp, "STAMP", path)
    monkeypatch.setattr(stamp, "NODE_MODULES", tmp_path)
    fresh = stamp.Stamp()
    fresh.record(environment=fresh.environment, javascript=fresh.javascript)
    fresh.record(pesq=fresh.pesq, pesq_installed=True, pesq_obstacle="")
    fresh.record(copies=fresh.copies, copies_compiled=False, copies_obstacle=copies.obstacle())
    return path


def test_a_complete_set_up_is_left_alone(set_up_stamp: Path):
    assert stamp.Stamp().complete()


def test_a_stamp_torn_in_the_middle_means_a_new_set_up(set_up_stamp: Path):
    set_up_stamp.write_text(set_up_stamp.read_text()[:20])
    assert not stamp.Stamp().has_environment()


def test_another_lock_file_means_a_new_set_up(set_up_stamp: Path):
    fresh = stamp.Stamp()
    fresh.record(environment=stamp.digest("another lock"))
    assert not stamp.Stamp().has_environment()
    assert stamp.Stamp().has_javascript()


def test_pesq_is_tried_again_when_the_obstacle_is_another(
    set_up_stamp: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pesq, "obstacle", lambda: "no compiler")
    stamp.Stamp().record(pesq_installed=False, pesq_obstacle="no compiler")
    assert stamp.Stamp().has_pesq()
    monkeypatch.setattr(pesq, "obstacle", lambda: "")
    assert not stamp.Stamp().has_pesq()


def test_the_part_in_c_is_compiled_again_when_it_is_gone(
    set_up_stamp: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    library = tmp_path / "libcopies.so"
    library.touch()
    monkeypatch.setattr(copies, "LIBRARY", library)
    stamp.Stamp().record(copies_compiled=True)
    assert stamp.Stamp().has_copies()
    library.unlink()
    assert not stamp.Stamp().has_copies()


def test_the_part_in_c_is_tried_again_when_the_obstacle_is_another(
    set_up_stamp: Path, monkeypatch: pytest.MonkeyPatch
):
    assert stamp.Stamp().has_copies()
    monkeypatch.setattr(copies, "obstacle", lambda: "another")
    assert not stamp.Stamp().has_copies()


def test_a_part_in_c_that_does_not_compile_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    broken = tmp_path / "copies.c"
    broken.write_text("int broken(")
    monkeypatch.setattr(copies, "SOURCE", broken)
    monkeypatch.setattr(copies, "LIBRARY", tmp_path / "libcopies.so")
    monkeypatch.setattr(tools, "LOG", tmp_path / "setup.log")
    (tmp_path / "setup.log").touch()
    with (tmp_path / "lock").open("w") as lock:
        assert not copies.install(lock.fileno())
    assert "left out" in capsys.readouterr().err
    assert not (tmp_path / "libcopies.so").exists()


def test_digest_tells_where_one_part_ends():
    assert stamp.digest("ab", "c") != stamp.digest("a", "bc")


def test_one_pin_is_cut_out_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tools, "BUILD", tmp_path)
    lock = tmp_path / "x.lock"
    first = "ab==1 \\\n    --hash=sha256:0\n    # via x\n"
    second = "b==2 \\\n    --hash=sha256:1\n"
    lock.write_text("# head\n" + first + second)
    assert tools.pin_of(lock, "ab").read_text() == first
    assert tools.pin_of(lock, "b").read_text() == second
    with pytest.raises(tools.SetupError, match="make lock"):
        tools.pin_of(lock, "a")


def test_a_tool_that_fails_shows_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tools, "LOG", tmp_path / "log")
    code = "print(*range(99), 'No space left on device', sep='\\n'); raise SystemExit(1)"
    with open(os.devnull) as lock, pytest.raises(tools.SetupError, match="disk is full") as failure:
        tools.run([sys.executable, "-c", code], lock.fileno())
    assert failure.value.tail.endswith("  | 98\n  | No space left on device\n")
    assert "  | 50\n" not in failure.value.tail


# Makefile


def make(*words: str, **environ: str) -> str:
    command = ["make", "--no-print-directory", "-C", str(ROOT), *words]
    return subprocess.run(
        command, env={**os.environ, **environ}, check=True, capture_output=True, text=True
    ).stdout


def test_help_lists_every_target_for_people():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = re.findall(r"^  make (\w+) +\S", make("help"), re.MULTILINE)
    assert sorted(listed) == sorted(set(targets) - {"ready", "python"})


@pytest.mark.parametrize(
    "name",
    [
        "../x.wav",
        "a b.wav",
        'it\'s "so".wav',
        "-x.wav",
        "$HOME $(shell id) `id`; #x.wav",
        "ä.wav",
    ],
)
def test_the_name_of_a_speech_file_reaches_the_demo_as_it_is(name: str, tmp_path: Path):
    """`pressel` is a stand-in that prints what it was given."""
    stand_in = tmp_path / "pressel"
    stand_in.write_text('#!/bin/sh\nprintf "%s|%s" "$PRESSEL_SPEECH" "$*"\n')
    stand_in.chmod(0o755)
    printed = make("demo", f"BIN={tmp_path}", "PYTHON=true", f"SPEECH={name}")
    assert printed.startswith(f"{name}|demo --out build/demo")


# Command line


def pressel(*words: str, code: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *(["-c", code] if code else ["-m", "pressel"]), *words]
    return subprocess.run(
        command, env={**os.environ, **environ}, check=False, capture_output=True, text=True
    )


def run_command(monkeypatch: pytest.MonkeyPatch, body: object) -> int:
    """Exit code of `pressel board` when that command does `body`."""
    command = click.Command("board", callback=body)  # pyright: ignore[reportArgumentType]
    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: command)
    return cli.main(["board"])


def test_version():
    run = pressel("--version")
    assert re.fullmatch(r"pressel \d+\.\d+\.\d+\n", run.stdout)
    assert run.returncode == 0


def test_help_imports_no_sub_command_and_no_heavy_library():
    code = (
        "import sys; from pressel.cli import main; main(['--help']);"
        "print([m for m in sys.modules if m.startswith('pressel.cli.')"
        " and m not in ('pressel.cli.lazy', 'pressel.cli.outcome', 'pressel.cli.wrapping')"
        " or m in ('numpy', 'rich', 'pydantic', 'asyncio')])"
    )
    assert pressel(code=code).stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("command", "spared"),
    [
        ("text", "pydantic numpy cryptography ptt.leader pressel.pack"),
        ("device", "pydantic numpy ptt.leader pressel.pack"),
        ("status", "numpy cryptography ptt.leader.leader pressel.pack"),
        ("badge", "esptool mpremote ptt.leader pressel.pack pressel.flash"),
        ("leader", "numpy esptool pressel.pack pressel.flash"),
    ],
)
def test_a_command_imports_only_what_it_needs(command: str, spared: str):
    """Each of these is a tenth of a second or more on a small leader box."""
    code = (
        f"import sys; import pressel.cli.{command};"
        f"print([m for m in {spared.split()} if m in sys.modules])"
    )
    assert pressel(code=code).stdout.splitlines()[-1] == "[]"


def test_a_command_is_there_under_its_name():
    run = pressel("leader", "--help")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("Usage: pressel leader")


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_listed_command_is_there_under_its_name(
    name: str, capsys: pytest.CaptureFixture[str]
):
    assert cli.main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: pressel {name}")


def test_an_unknown_command_is_a_usage_error():
    run = pressel("no-such-thing")
    assert run.returncode == 2
    assert "no-such-thing" in run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [(PresselError, 1), (UsageError, 2), (UnreachableError, 3), (InvariantError, 4)],
)
def test_an_error_is_a_sentence_and_an_exit_code(
    error: type[PresselError],
    exit_code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    def body():
        raise error("No leader answers. Start one with: pressel leader")

    assert run_command(monkeypatch, body) == exit_code
    said = capsys.readouterr()
    assert said.err == "pressel: No leader answers. Start one with: pressel leader\n"
    assert said.out == ""


def test_ctrl_c_ends_in_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def body():
        raise KeyboardInterrupt

    assert run_command(monkeypatch, body) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(("result", "exit_code"), [(None, 0), (0, 0), (4, 4)])
def test_a_command_ends_in_the_number_that_it_returns(
    result: int | None, exit_code: int, monkeypatch: pytest.MonkeyPatch
):
    assert run_command(monkeypatch, lambda: result) == exit_code


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ZeroDivisionError):
        run_command(monkeypatch, lambda: 1 // 0)


@pytest.mark.parametrize(("no_color", "escapes"), [("1", False), ("", True)])
def test_no_color_is_respected(
    no_color: str,
    escapes: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setattr(click.utils, "should_strip_ansi", lambda stream, color: color is False)
    run_command(monkeypatch, lambda: click.secho("hello", fg="red"))
    assert ("\x1b[" in capsys.readouterr().out) is escapes


def test_a_reader_that_leaves_is_no_error_to_talk_about():
    code = (
        "import sys, click; from pressel import cli;"
        "command = click.Command('board', callback=lambda: print('x'));"
        "cli.LazyGroup.get_command = lambda *_: command; sys.exit(cli.main(['board']))"
    )
    left, pipe = os.pipe()
    os.close(left)
    with open(pipe, "w") as stdout:
        run = subprocess.run(
            [sys.executable, "-c", code], stdout=stdout, stderr=subprocess.PIPE, check=False
        )
    assert run.stderr == b""
    assert run.returncode == 1
