"""What a host tells a service manager, heard by a stand-in for one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pressel.node.service import Service

LIMIT_S = 60.0  # how long a host may take to start on a busy machine before the test gives up


def manager(address: str) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    line.bind("\0" + address[1:] if address.startswith("@") else address)
    line.settimeout(LIMIT_S)
    return line


@pytest.mark.parametrize("kind", ["file", "abstract"])
def test_what_is_said(kind: str, tmp_path: Path) -> None:
    address = str(tmp_path / "notify") if kind == "file" else f"@pressel-test-{os.getpid()}"
    environ = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000", "PATH": "/bin"}
    with manager(address) as line:
        service = Service(environ)
        assert service.pulse_s == 15.0
        service.say_ready("serves")
        service.say_alive()
        service.say_stopping()
        said = [line.recv(200).decode() for _ in range(3)]
    assert said == ["READY=1\nSTATUS=serves", "WATCHDOG=1", "STOPPING=1"]
    assert environ == {"PATH": "/bin"}  # a child that said READY for us would be a lie


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"WATCHDOG_USEC": "1000"},  # nobody listens
        {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"},  # another's watchdog
        {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "soon"},
        {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "0"},
    ],
)
def test_no_watchdog_where_none_waits(environ: dict[str, str]) -> None:
    service = Service(environ)
    assert service.pulse_s is None
    service.say_ready("to nobody")  # and that is no error


def test_a_host_says_when_it_serves_lives_and_ends(tmp_path: Path, home: Path) -> None:
    address = str(tmp_path / "notify")
    away = {
        "HOME": str(home), "PATH": os.environ["PATH"],
        "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "100000",
    }  # fmt: skip
    command = [sys.executable, "-P", "-m", "pressel", "leader", "--listen", "127.0.0.1:0"]
    with manager(address) as line, subprocess.Popen(
        [*command, "--state", str(tmp_path / "state")], env=away, stderr=subprocess.DEVNULL
    ) as host:  # fmt: skip
        try:
            assert line.recv(200).startswith(b"READY=1\nSTATUS=serves badges at 127.0.0.1:")
            assert line.recv(200) == b"WATCHDOG=1"
            os.kill(host.pid, signal.SIGTERM)
            while (said := line.recv(200)) == b"WATCHDOG=1":
                pass
            assert said == b"STOPPING=1"
            assert host.wait(LIMIT_S) == 0
        finally:
            host.kill()
