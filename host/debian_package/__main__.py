"""Make the package from the wheel in build/wheel; prints where it lies."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from setup_clone.tree import BUILD, ROOT

from .needs import EXTRAS, closure, locked

PYTHON = "/usr/bin/python3"  # Debian's, which its package brings
PREFIX = Path("opt/pressel")
SCRIPTS = Path(__file__).with_name("scripts")
WORK = BUILD / "deb" / "work"


class Refused(Exception):
    """It cannot be made here, for this reason."""


def main() -> int:
    try:
        print(make(BUILD / "deb").relative_to(Path.cwd()))
    except Refused as reason:
        print(f"make deb: {reason}", file=sys.stderr)
        return 1
    return 0


def make(into: Path) -> Path:
    """The file of the package. Refused when this is no Debian, or a tool of it fails."""
    python = _python()
    (wheel,) = sorted((BUILD / "wheel").glob("*.whl"))
    root = WORK / "root"
    shutil.rmtree(WORK, ignore_errors=True)
    root.mkdir(parents=True, mode=0o755)
    _environment(root, wheel, python)
    _beside(root)
    version = f"{wheel.name.split('-')[1]}+{_made()}"
    machine = _run("dpkg", "--print-architecture").strip()
    _control(root, version, machine, python)
    file = into / f"pressel_{version}_{machine}.deb"
    _run("dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(root), str(file))
    shutil.rmtree(WORK)
    return file


def _python() -> str:
    """The version of Debian's Python, such as "3.11"."""
    for tool in ("dpkg-deb", PYTHON):
        if shutil.which(tool) is None:
            raise Refused(f"there is no {tool} here; make it on the Debian that it is for")
    said = _run(PYTHON, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])").strip()
    if tuple(map(int, said.split("."))) < (3, 11):
        raise Refused(f"the Python of this Debian is {said}, and Pressel needs 3.11 or newer")
    return said


def _environment(root: Path, wheel: Path, python: str) -> None:
    """/opt/pressel, as it will be on the box."""
    prefix = root / PREFIX
    _run(f"{PYTHON}", "-m", "venv", "--without-pip", str(prefix))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = list(project["dependencies"])
    for extra in EXTRAS:
        wanted += project["optional-dependencies"][extra]
    lock = WORK / "requirements"
    lock.write_text(locked(ROOT / "requirements.lock", closure(wanted, python)), "utf-8")
    pip = (sys.executable, "-m", "pip", "--python", str(prefix / "bin" / "python"), "install",
           "--quiet", "--no-deps", "--no-compile", "--disable-pip-version-check",
           "--no-warn-script-location")  # fmt: skip
    _run(*pip, "--require-hashes", "-r", str(lock))
    _run(*pip, str(wheel))
    (packages,) = prefix.glob("lib/python3*/site-packages")
    (about,) = packages.glob("pressel-*.dist-info")
    (about / "INSTALLER").write_text("dpkg\n", "utf-8")  # `pressel upgrade` leaves it to Debian
    _settle(prefix, root)


def _settle(prefix: Path, root: Path) -> None:
    """Names of the folder in which it was made become those of the box, and modules bytecode: the
    service may write none."""
    for file in (prefix / "bin").iterdir():
        if file.name.lower().startswith("activate"):
            file.unlink()
        elif not file.is_symlink():
            file.write_bytes(file.read_bytes().replace(str(root).encode(), b""))
    settings = prefix / "pyvenv.cfg"
    kept = (line for line in settings.read_text().splitlines() if not line.startswith("command"))
    settings.write_text("\n".join(kept) + "\n")
    _run(
        str(prefix / "bin" / "python"), "-m", "compileall", "-q", "-s", str(root), "-p", "/",
        "--invalidation-mode", "unchecked-hash", str(prefix / "lib"), fails=False,
    )  # fmt: skip


def _beside(root: Path) -> None:
    """What lies outside of /opt/pressel: the command, its man pages and its completion."""
    command = root / PREFIX / "bin" / "python"
    program = (str(command), "-m", "pressel")
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/pressel").symlink_to("/opt/pressel/bin/pressel")
    pages = root / "usr/share/man/man1"
    pages.mkdir(parents=True)
    _run(*program, "docs", "--man", str(pages))
    for page in sorted(pages.iterdir()):
        (pages / f"{page.name}.gz").write_bytes(gzip.compress(page.read_bytes(), mtime=0))
        page.unlink()
    completions = root / "usr/share/bash-completion/completions"
    completions.mkdir(parents=True)
    (completions / "pressel").write_text(_run(*program, "completion", "show", "bash"), "utf-8")
    about = root / "usr/share/doc/pressel"
    about.mkdir(parents=True)
    licences = "the parts that it needs are under licences of their own, which lie beside each\n"
    text = (ROOT / "LICENSE").read_text("utf-8")
    (about / "copyright").write_text(f"{text}\nIn /opt/pressel, {licences}", "utf-8")


def _control(root: Path, version: str, machine: str, python: str) -> None:
    kib = sum(each.lstat().st_size for each in root.rglob("*") if each.is_file()) // 1024
    made = root / "DEBIAN"
    made.mkdir()
    fields = {
        "Package": "pressel",
        "Version": version,
        "Architecture": machine,
        "Maintainer": "Pressel authors <pressel@localhost>",
        "Installed-Size": str(kib),
        "Depends": f"python{python}, passwd, util-linux, libc6 (>= 2.34)",
        "Recommends": "nftables, systemd",
        "Section": "net",
        "Priority": "optional",
        "Description": "push-to-talk voice for a venue's own Wi-Fi\n"
        " Staff wear badges with a talk button and hear each other, without cloud or\n"
        " internet. This is the leader box: its host, console and tools for badges.\n"
        " `pressel setup` makes a service of it.",
    }
    text = "".join(f"{name}: {value}\n" for name, value in fields.items())
    (made / "control").write_text(text, "utf-8")
    sums = (
        f"{hashlib.md5(each.read_bytes()).hexdigest()}  {each.relative_to(root)}\n"
        for each in sorted(root.rglob("*"))
        if each.is_file() and not each.is_symlink() and made not in each.parents
    )
    (made / "md5sums").write_text("".join(sums), "utf-8")
    for script in sorted(SCRIPTS.iterdir()):
        shutil.copyfile(script, made / script.name)
        (made / script.name).chmod(0o755)


def _made() -> str:
    """When the commit was made: a later build is a higher version to Debian."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "315532800")
    return _run("date", "--utc", f"--date=@{seconds}", "+%Y%m%d%H%M%S").strip()


def _run(*words: str, fails: bool = True) -> str:
    away = {name: value for name, value in os.environ.items() if not name.startswith("PRESSEL_")}
    done = subprocess.run(words, capture_output=True, text=True, env=away)
    if done.returncode and fails:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Refused(f"{words[0]} failed: {said[-1] if said else 'without a word'}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
