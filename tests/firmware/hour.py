"""An hour of mixed talk in virtual time, on MicroPython with a badge's heap: what is kept, what is
made. `python -m tests.firmware.hour` runs the whole of it and prints the figures; with `--packing`
for another way of packing than stock.

The handset and the engines are the real bytecode; `tests/host/data/hour` holds the fakes below
them and the script. A cycle of 20 s has a press (granted, queued, denied, unanswered, revoked) and
a burst to listen to with losses; now and then sends fail, the leader is gone or the signal is weak.
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from tests.firmware.opcode_lines import number_opcodes

from pressel.boards.board import DEFAULT_BOARD, load_board
from pressel.errors import PresselError
from pressel.pack import build_firmware
from pressel.pack.build import MANIFEST, ROOT
from pressel.pack.bytecode import compile_module
from pressel.pack.choice import leave_out
from pressel.pack.manifest import list_sources, read_manifest
from pressel.pack.packing import PACKINGS, STOCK, Packing
from pressel.pack.rom_image import rom_image
from pressel.pack.stock.shortening import shorten_private_names
from pressel.schema.features import without_needy
from pressel.tracebacks import Tracebacks
from pressel.virtual.install import SHIMS, find_install
from pressel.virtual.stepped.heap import HEAP_BYTES
from pressel.virtual.stepped.limits import limit_cpu

FAKES = Path(__file__).resolve().parents[1] / "host" / "data" / "hour"
CIPHER_SHIMS = ("cryptolib.py", "_buffer.py")
_NAMES = re.compile(r"n_qstr=(\d+), n_str_data_bytes=(\d+), n_total_bytes=(\d+)")
CYCLES_AN_HOUR = 180
CYCLE_S = 20
LEFT_OUT = ("smooth_playout", "networks", "multicast")  # no stock ESP32 has room for them
_G722 = "g722_twin"  # its module
_FILTERS = "filters_twin"
STEPS_A_FRAME = 2  # of 10 ms, a tick of the port
LIMIT_S = 300  # of CPU time; eight minutes of virtual time take half a minute
HOUR_LIMIT_S = 3600
CONFIG = {
    "device": "0200000000000001",
    "name": "Ann",
    "leader": "10.0.0.1",
    "wifi": {"ssid": "x", "password": ""},
}


def run_cycles(
    cycles: int,
    work: Path,
    *,
    limit_s: float = LIMIT_S,
    heap_bytes: int = HEAP_BYTES,
    packing: Packing = STOCK,
    measure: str = "memory",
    without: Collection[str] = LEFT_OUT,
    parts: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The figures of `_hour.report`; with `measure` "seal" or "count" of its `seal_report` or
    `count_report`. `without` names features that the build leaves out, `parts` what the board has
    beside those of the default one, `settings` what its `config.json` does. Raises `PresselError`
    with the traceback when the firmware fails, has not memory enough, or does not end in time."""
    firmware = build_firmware(work / "firmware", packing=packing, without=without)
    if "smooth_playout" not in without:
        _lend_voice_period(firmware.folder)
    if "g722" not in without_needy(without):
        _lend_g722(firmware.folder)
    if "pauses" not in without_needy(without):
        _lend_microphone(firmware.folder)
    board = {**load_board(DEFAULT_BOARD).facts(), **(parts or {})}
    for name, record in (("board", board), ("config", {**CONFIG, **(settings or {})})):
        (firmware.folder / f"{name}.json").write_text(json.dumps(record))
    fakes = work / "fakes.romfs"
    fakes.write_bytes(
        _image(packing.name, tuple(without), CIPHER_SHIMS if measure == "seal" else ())
    )
    options = {
        "fakes": fakes,
        "flash": firmware.folder,
        "heap": heap_bytes,
        "cycles": cycles,
    }
    args = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    if measure != "memory":
        args.append(f"--{measure}")
    if measure == "count":
        for module in firmware.folder.rglob("*.mpy"):
            module.write_bytes(number_opcodes(module.read_bytes()))
    command = find_install().command(str(FAKES / "hour.mjs"), *args)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe) as process:
        limit_cpu(process.pid, limit_s)
        output, errors = process.communicate()
    if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise PresselError(f"{cycles} cycles did not end within {limit_s:g} s of CPU time.")
    done = subprocess.CompletedProcess(command, process.returncode, output, errors)
    if done.returncode:
        text = done.stderr.decode(errors="replace")
        raise PresselError(Tracebacks.beside(firmware.folder).translate(text))
    figures = json.loads(done.stdout)
    names = _NAMES.search(done.stderr.decode(errors="replace"))
    if names:  # as MicroPython tells of them
        count, data, total = map(int, names.groups())
        figures["names"] = {"count": count, "bytes": data, "pools": total - data}
    return figures


def _lend_voice_period(flash: Path) -> None:
    """This MicroPython runs no machine code: its bytecode twin instead."""
    native = flash / "lib" / "native"
    native.mkdir(parents=True)
    (native / "voice_period.py").write_text("from ptt.media.voice_period import *\n")


def _lend_g722(flash: Path) -> None:
    """Likewise; the twin lies in the image, since machine code takes nothing of the heap."""
    names = "encode as g722_encode, decode as g722_decode"
    (flash / "lib" / "native" / "g722.py").write_text(f"from {_G722} import {names}\n")


def _lend_microphone(flash: Path) -> None:
    """Likewise."""
    text = f"from {_FILTERS} import amplify, high_pass, hiss\n"
    (flash / "lib" / "native" / "microphone.py").write_text(text)


@functools.cache  # it packs the sources that badges have, which takes seconds
def _image(packing_name: str, without: tuple[str, ...], shims: tuple[str, ...]) -> bytes:
    """The fakes as frozen modules: their code takes nothing of the heap. `shims`: those of the
    virtual badge that stand in place of the fakes."""
    files: dict[str, bytes] = {}
    content = read_manifest(MANIFEST)
    sources = leave_out(list_sources(content, ROOT), without)
    names = {source.name: source.read_text("utf-8") for source in FAKES.glob("*.py")}
    if "g722" not in without_needy(without):
        twin = (ROOT / "shared" / "ptt" / "twins" / "g722.py").read_text("utf-8")
        names[f"{_G722}.py"] = twin.replace("from ..", "from ptt.")
    if "pauses" not in without_needy(without):
        twin = (ROOT / "shared" / "ptt" / "microphone" / "filters.py").read_text("utf-8")
        names[f"{_FILTERS}.py"] = twin.replace("from ..", "from ptt.")
    fakes = PACKINGS[packing_name].beside(content, sources, names)
    fakes = shorten_private_names(fakes)  # a C module takes no names of the heap
    fakes |= {name: (SHIMS / name).read_text("utf-8") for name in shims}
    with tempfile.TemporaryDirectory() as scratch:
        for name in sorted(fakes):
            source = Path(scratch) / name
            source.write_text(fakes[name], "utf-8")
            compile_module(source, source.with_suffix(".mpy"), f"hour/{name}")
            files[f"{source.stem}.mpy"] = source.with_suffix(".mpy").read_bytes()
    return rom_image(files)


def bytes_a_frame(figures: dict[str, Any], what: str) -> float:
    """Mean churn of a 20 ms voice frame; `what` is "talk" or "listen"."""
    steps, made, _ = figures[what]
    return made / (steps / STEPS_A_FRAME)


def main() -> None:
    parser = argparse.ArgumentParser(description="An hour of mixed talk: what it keeps and makes.")
    parser.add_argument("cycles", type=int, nargs="?", default=CYCLES_AN_HOUR, help="20 s each")
    parser.add_argument("--packing", choices=PACKINGS, action="append", help="may be repeated")
    given = parser.parse_args()
    rows: list[str] = []
    for name in given.packing or [STOCK.name]:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="pressel-hour-") as work:
            packing, limit_s = PACKINGS[name], HOUR_LIMIT_S
            figures = run_cycles(given.cycles, Path(work), limit_s=limit_s, packing=packing)
        print(json.dumps(figures, indent=1))
        for what in ("talk", "listen"):
            print(f"{name}, {what}: {bytes_a_frame(figures, what):.1f} bytes made a frame")
        print(f"{name}: {figures['live_last'] - figures['live_first']} bytes kept since cycle 20")
        minutes = given.cycles * CYCLE_S / 60
        print(f"{name}: {minutes:.0f} minutes in {time.monotonic() - begun:.0f} s")
        rows.append(f"| {name} | {figures['live_most']:,} | {figures['peak']:,} |")
    print("\n| packing | bytes that live | peak |\n|---|--:|--:|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
