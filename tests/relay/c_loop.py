"""The least that C can do, with tags and without: `loop.c`."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

from . import goals
from .contestant import LISTENERS_HOST, Contestant, Ear

SOURCE = Path(__file__).with_name("loop.c")


class CLoop:
    """Speaks to the loop; its packets are as long as ours."""

    def __init__(self, work: Path, listeners: int, packet: bytes, *, has_tags: bool) -> None:
        program = work / "loop"
        if not program.exists():
            compiler = shutil.which("cc") or "cc"
            subprocess.run([compiler, "-O3", "-o", program, SOURCE], check=True)
        ears = [Ear() for _ in range(listeners)]
        words = ["tags"] if has_tags else []
        process = subprocess.Popen([program, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None and process.stdout is not None
        for session, ear in enumerate(ears, 1):
            process.stdin.write(f"{session} {LISTENERS_HOST} {ear.address[1]}\n".encode())
        process.stdin.close()
        self._address = (LISTENERS_HOST, int(process.stdout.readline()))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._packet = packet
        name = goals.C_TAGS if has_tags else goals.C_BARE
        self.contestant = Contestant(name, process, ears)

    def is_ready(self) -> bool:
        return True

    def press(self) -> None:
        """It takes from everybody at any time."""

    def speak(self) -> None:
        self._socket.sendto(self._packet, self._address)

    def release(self) -> None:
        """Nothing to end."""

    def tend(self) -> None:
        """Nobody needs anything between the packets."""
