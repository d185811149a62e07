"""A leader box on a clean Debian, from the package of `make deb`, without the clone: `day.sh`
beside this file is typed there."""

from __future__ import annotations

import shutil
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from tests.debian import roots

from setup_clone.tree import ROOT, VENV

pytestmark = pytest.mark.proof
DAY_S = 1800.0  # it takes a minute of processor time
BUILT_S = 900.0
SCRIPT = Path(__file__).with_name("day.sh")


def test_the_scripts_of_the_package_are_sound_shell() -> None:
    scripts = sorted((ROOT / "host" / "debian_package" / "scripts").iterdir())
    assert [each.name for each in scripts] == ["postinst", "postrm", "preinst", "prerm"]
    for each in (*scripts, SCRIPT):
        subprocess.run(["bash", "-n", str(each)], check=True)
        assert each.read_text().split("\n")[2].startswith("#") or "set -e" in each.read_text()


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """What the clean system gets: two versions, a word to say, and the packages of a computer that
    emulates badges."""
    roots.need("dpkg-deb")
    done = subprocess.run(
        ["make", "-s", "deb"], cwd=ROOT, capture_output=True, text=True, timeout=BUILT_S
    )
    if "make deb:" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    (built,) = (ROOT / "build" / "deb").glob("*.deb")
    made = tmp_path / "a folder with spaces"
    made.mkdir()
    shutil.copyfile(built, made / "first.deb")
    opened = tmp_path / "opened"
    subprocess.run(["dpkg-deb", "-R", str(built), str(opened)], check=True)
    control = opened / "DEBIAN" / "control"
    control.write_text(control.read_text().replace("\nArchitecture", ".1\nArchitecture"))
    command = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(opened)]
    subprocess.run([*command, str(made / "second.deb")], check=True, capture_output=True)
    packages = VENV / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    shutil.copytree(packages, made / "packages", symlinks=True)
    with wave.open(str(made / "word.wav"), "wb") as word:
        word.setnchannels(1)
        word.setsampwidth(2)
        word.setframerate(16_000)
        word.writeframes(bytes(range(0, 256, 2)) * 375)  # a second and a half of something
    return made


def test_a_day_on_a_clean_debian(shared: Path, tmp_path: Path) -> None:
    here = subprocess.run(
        ["/usr/bin/python3", "-c", "import sys; print(*sys.version_info[:2])"],
        capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    if here != [str(each) for each in sys.version_info[:2]]:
        pytest.skip("the clone's Python is another than Debian's, so its packages do not fit there")
    root = roots.make(tmp_path / "root", ("python3", "nftables", "systemd", "ca-certificates"))
    shutil.copyfile(SCRIPT, shared / SCRIPT.name)
    done = roots.run(root, ("bash", f"/shared/{SCRIPT.name}"), DAY_S, shared=shared)
    assert done.returncode == 0 and "=== done" in done.stdout, done.stdout[-4000:]
