"""The commands as a person calls them: what they print, how they end, and what they leave."""

from __future__ import annotations

import functools
import http.server
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo
from tests.flash.bench import NOWHERE, agreed, flash_bytes, image_file, make_order
from tests.patience import PATIENCE_S
from tests.signers import signer_in

from pressel import cli
from pressel.emulator.badge import MAC, EmulatedBadge
from pressel.emulator.faults import Faults
from pressel.flash import console, places
from pressel.flash.contents import take_out
from pressel.flash.job import flash_badge
from pressel.flash.pins import image_folder
from pressel.registry.store import Registry
from pressel.signer.signer import Signer
from pressel.update import keys

CHIP = "esp32"
DEVICE = MAC.hex() + "0000"
_NOBODY = 65534


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(places, "_MOUNTS", (str(tmp_path / "media" / "*"),))
    monkeypatch.delenv("PRESSEL_IMAGES", raising=False)
    monkeypatch.setenv("PRESSEL_WIFI_PASSWORD", "secret 1")
    signer_in(tmp_path / "home" / "pressel" / "signer")


@pytest.fixture
def badge(tmp_path: Path) -> Iterator[EmulatedBadge]:
    with EmulatedBadge(CHIP, tmp_path / "flash", flash_bytes(CHIP)) as emulated:
        yield emulated


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Call `pressel`; `{state}` in the words is the leader's folder."""

    def call(*words: str) -> tuple[int, str, str]:
        code = cli.main([word.replace("{state}", str(tmp_path / "leader")) for word in words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def _flash_words(folder: Path, port: str, *more: str) -> tuple[str, ...]:
    return (
        "flash", "--port", port, "--board", "esp32-devkit", "--wifi", "venue", "--leader", NOWHERE,
        "--state", "{state}", "--labels", str(folder / "labels"), *more,
    )  # fmt: skip


@pytest.mark.proof
def test_the_packings_that_an_image_can_take(badge: EmulatedBadge, tmp_path: Path, run) -> None:
    words = (*_flash_words(tmp_path, badge.port), "--dry-run", "--packing", "romfs")
    file, sha256 = image_file(tmp_path, CHIP)
    code, out, err = run(*words, "--image", str(file), "--image-sha256", sha256)
    assert (code, out) == (1, "") and f"{file} takes the packing stock only; use --packing" in err
    file, sha256 = image_file(tmp_path, CHIP, romfs_bytes=0x20000)
    code, out, err = run(*words, "--image", str(file), "--image-sha256", sha256)
    assert code == 0 and "packed as romfs: " in out
    assert err == f"{file} can take stock and romfs; the firmware is packed as romfs\n"
    run("firmware", "pin", str(file), "--sha256", sha256)
    code, out, err = run("firmware", "images", "--json")
    assert [each["packings"] for each in json.loads(out) if each["here"]] == [["stock", "romfs"]]


def test_a_badge_from_first_to_last(badge: EmulatedBadge, tmp_path: Path, run) -> None:
    file, sha256 = image_file(tmp_path, CHIP)
    image = ("--image", str(file), "--image-sha256", sha256)
    code, out, err = run(*_flash_words(tmp_path, badge.port, *image, "--dry-run"))
    assert (code, err) == (0, "") and "nothing was written" in out
    code, out, err = run(*_flash_words(tmp_path, badge.port, *image, "--name", "Bar 1"))
    assert (code, err) == (0, "")
    label = tmp_path / "labels" / f"{DEVICE}.png"
    assert out == f"{badge.port}: is Bar 1 ({DEVICE}); label: {label}\n"
    assert label.read_bytes().startswith(b"\x89PNG")
    new = ("--wifi", "other", "--name", "Bar 2", "--state", "{state}", "--json")
    code, out, err = run("provision", badge.port, *new)
    assert (code, err) == (0, "") and json.loads(out)[0]["name"] == "Bar 2"
    code, out, err = run("badge", "wipe", badge.port, "--revoke", "--state", "{state}")
    assert (code, out, err) == (0, f"{badge.port}: {DEVICE} is wiped\n", "")
    with Registry(tmp_path / "leader") as registry:
        assert registry.device(DEVICE).name == "Bar 2"
        assert registry.key(DEVICE) is None
    code, _, err = run(*_flash_words(tmp_path, badge.port, *image))
    assert code == 1 and "run again with --new-identity" in err
    code, out, _ = run(*_flash_words(tmp_path, badge.port, *image, "--new-identity", "--json"))
    assert code == 0 and json.loads(out)[0]["device"] != DEVICE


@pytest.mark.proof
def test_a_badge_knows_the_venues_signer_which_is_made_when_first_needed(
    badge: EmulatedBadge, tmp_path: Path, run
) -> None:
    file, sha256 = image_file(tmp_path, CHIP)
    words = _flash_words(tmp_path, badge.port, "--image", str(file), "--image-sha256", sha256)
    folder = tmp_path / "home" / "pressel" / "signer"
    shutil.rmtree(folder)
    code, _, err = run(*words)
    assert code == 0 and f"made the signer of this venue's releases in {folder}" in err
    public = bytes.fromhex(run("release", "show", "--signer", str(folder))[1])
    assert take_out(badge.bootloader.flash, CHIP, tmp_path / "out")
    assert (tmp_path / "out/a/signer.key").read_bytes() == public
    assert keys.trusted(tmp_path / "leader") == [public.hex()]
    folder.rename(tmp_path / "stick")
    assert run(*words)[0::2] == (0, "")  # the hosts know it
    signer_in(folder, "two")
    code, _, err = run(*words)
    assert code == 1 and "the hosts trust another signer than the one in" in err
    assert run("update", "trust", Signer(folder).public.hex(), "--state", "{state}")[0] == 0
    assert run(*words)[0] == 0


@pytest.mark.proof
def test_all_are_those_on_usb(
    badge: EmulatedBadge, tmp_path: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel's list of ports has badges on USB, and ports of the machine's own."""
    file, sha256 = image_file(tmp_path, CHIP)
    other = EmulatedBadge(CHIP, tmp_path / "other", flash_bytes(CHIP), bytes((2, 0, 0, 0, 0, 9)))
    with other:
        listed = []
        for name, vid in ((badge.port, 0x10C4), ("/dev/ttyS0", None), (other.port, 0x303A)):
            port = ListPortInfo(name)
            port.vid = vid
            listed.append(port)
        monkeypatch.setattr(list_ports, "comports", lambda: listed)
        words = [word for word in _flash_words(tmp_path, "") if word not in ("--port", "")]
        code, out, err = run(*words, "--all", "--image", str(file), "--image-sha256", sha256)
        assert (code, err) == (0, "2 of 2 badges are done\n")
        assert badge.port in out and other.port in out and "ttyS0" not in out
        code, out, _ = run("provision", "--all", "--wifi", "other", "--state", "{state}")
        assert code == 0 and out.count(": is ") == 2
    with Registry(tmp_path / "leader") as registry:
        assert len(registry.devices("active")) == 2


def test_ports_tell_what_is_attached(
    badge: EmulatedBadge, tmp_path: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_ports, "comports", list)
    code, _, err = run("ports")
    assert code == 1 and "no badge is attached" in err
    flash_badge(badge.port, make_order(tmp_path, CHIP, name="Bar 1"), None, lambda *_: None)
    blank = EmulatedBadge("esp32c3", tmp_path / "blank", 4 << 20, bytes((2, 0, 0, 0, 0, 9)))
    with blank:
        found = [_listed(badge.port, 0x10C4, 0xEA60), _listed(blank.port, 0x303A, 0x1001),
                 _listed("/dev/none", 0x1A86, 0x7523), _listed("/dev/ttyACM9", 0x2E8A, 5),
                 _listed("/dev/ttyS0", None, None)]  # fmt: skip
        found[0].product = "CP2102\x1b[2J USB"
        monkeypatch.setattr(list_ports, "comports", lambda: found)
        code, out, err = run("ports")
        assert code == 0 and "a board behind a CP210x bridge (CP2102?[2J USB)" in out
        assert "an ESP32-S3 or ESP32-C3 on its own USB port" in out and "ttyS0" not in out
        assert "there is no port /dev/none" in out
        code, out, err = run("ports", "--ask")
        assert (code, err) == (0, "")
        assert f"badge Bar 1 ({DEVICE}), esp32 of revision" in out
        assert "no badge yet, esp32c3 of revision" in out and "esp32c3-devkit" in out
        likely = {each["port"]: each["likely"] for each in json.loads(run("ports", "--json")[1])}
        assert [likely[port.device] for port in found[:-1]] == [True, True, True, False]
        _have_little_patience(monkeypatch)  # one of them has no prompt
        code, _, err = run("provision", "--all", "--wifi", "other net", "--state", "{state}")
        assert "Raspberry Pi's, which is no ESP32 is left out; name it with --port" in err


def _have_little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("_RETURN_S", "_PROMPT_S", "_ATTEMPT_S", "_ANSWER_S"):
        monkeypatch.setattr(console, limit, 0.5)


def _listed(port: str, vid: int | None, pid: int | None) -> ListPortInfo:
    listed = ListPortInfo(port)
    listed.vid, listed.pid = vid, pid
    return listed


def test_a_spare_takes_the_place_of_a_lost_badge(badge: EmulatedBadge, tmp_path: Path, run) -> None:
    lost = "00112233445566aa"
    with Registry(tmp_path / "leader") as registry:
        registry.enrol(lost, "Bar 1", (2,))
        flash_badge(badge.port, make_order(tmp_path, CHIP), registry, lambda *_: None)
        key = registry.key(DEVICE)
        code, out, _ = run("badge", "replace", lost, DEVICE, "--state", "{state}")
        assert code == 0 and "pressel provision" in out
        assert registry.key(lost) is None and registry.key(DEVICE) == key
        assert run("provision", "--port", badge.port, "--state", "{state}")[0] == 0
    badge.stop()
    with Registry(tmp_path / "leader") as registry:
        assert agreed((tmp_path / "flash").read_bytes(), CHIP, registry, DEVICE)["name"] == "Bar 1"
        assert registry.device(DEVICE).groups == (2,)
    with Registry(tmp_path / "leader") as registry:  # a spare that is no badge yet
        registry.replace(DEVICE, lost[::-1])
    assert "pressel flash" in run("badge", "replace", lost[::-1], "11" * 8, "--state", "{state}")[1]


def test_wiping_what_the_registry_does_not_know_says_so(
    badge: EmulatedBadge, tmp_path: Path, run
) -> None:
    code, out, err = run("badge", "wipe", badge.port, "--revoke", "--state", "{state}")
    assert code == 0 and "is wiped" in out and "not in this registry" in err
    assert not (tmp_path / "leader").exists()


def test_a_badge_that_holds_nothing_is_not_provisioned(
    badge: EmulatedBadge, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _have_little_patience(monkeypatch)
    code, _, err = run("provision", badge.port, "--state", "{state}")
    assert code == 1 and "does not answer" in err


def test_ctrl_c_stops_all_and_says_so(tmp_path: Path) -> None:
    file, sha256 = image_file(tmp_path, CHIP)
    silent = Faults(silent=True)
    with EmulatedBadge(CHIP, tmp_path / "flash", flash_bytes(CHIP), faults=silent) as badge:
        words = _flash_words(tmp_path, badge.port, "--image", str(file), "--image-sha256", sha256)
        state = str(tmp_path / "leader")
        words = [word.replace("{state}", state) for word in words]
        command = [sys.executable, "-m", "pressel", *words]
        # A shell starts what runs in the background deaf to Ctrl-C; a person's is in front.
        hear = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=hear) as flash:
            assert flash.stderr is not None
            while not any((tmp_path / "home").rglob("ports/*")):  # until it holds the port
                assert flash.poll() is None
            flash.send_signal(signal.SIGINT)
            assert "you stopped it at 'connect'" in flash.stderr.read()
            assert flash.wait(PATIENCE_S) == cli.INTERRUPTED


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("flash", "--board", "esp32-devkit", "--wifi", "x"), 2, "say which badge"),
        (("provision", "--all", "/dev/x"), 2, "which badge"),
        (("flash", "--port", "x", "--board", "esp32-devkit"), 2, "needs a Wi-Fi network"),
        (("flash", "--port", "a", "--port", "b", "--board", "esp32-devkit", "--wifi", "x",
          "--name", "n"), 2, "for one badge"),
        (("flash", "--port", "x", "--board", "esp32-devkit", "--wifi", "x"), 1, "no image"),
        (("badge", "logs", "/dev/none"), 1, "there is no port"),
        (("badge", "shell", "/dev/null"), 1, "is not a serial port"),
        (("badge", "wipe", "/dev/none"), 1, "no port /dev/none"),
        (("badge", "emulate", "x", "--fault", "nonsense"), 2, "is no fault"),
        (("firmware", "fetch", "esp32"), 1, "which lists it under ESP32_GENERIC, and run the same"),
        (("firmware", "pin", "/dev/zero"), 1, "it is not a file"),
        (("firmware", "fetch", "esp8266", "--from", "/"), 2, "no image esp8266 is known"),
        (("firmware", "fetch", "esp32", "--from", "/none"), 1, "there is no such file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_cannot_be_is_said(run, words: tuple[str, ...], code: int, said: str) -> None:
    ended, out, err = run(*words)
    assert (ended, out) == (code, "") and said in err


def test_logs_show_what_the_badge_prints_and_that_it_is_gone(tmp_path: Path) -> None:
    emulated = EmulatedBadge(CHIP, tmp_path / "flash", flash_bytes(CHIP))
    with emulated:
        flash_badge(emulated.port, make_order(tmp_path, CHIP), None, lambda *_: None)
    command = [sys.executable, "-m", "pressel", "badge", "emulate", str(tmp_path / "flash")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as plugged:
        assert plugged.stdout is not None
        port = plugged.stdout.readline().strip()
        command = [sys.executable, "-m", "pressel", "badge", "logs", port]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, bufsize=0) as logs:
            assert logs.stdout is not None and logs.stderr is not None
            badge = os.open(port, os.O_RDWR | os.O_NOCTTY)
            try:
                _typed(badge, b"\x03\r", logs.stdout.fileno(), b">>>")
            finally:
                os.close(badge)
                plugged.terminate()
            assert logs.wait(PATIENCE_S) == 1
            assert b"went away at 'logs'" in logs.stderr.read()


def test_the_prompt_is_a_persons(badge: EmulatedBadge, tmp_path: Path) -> None:
    flash_badge(badge.port, make_order(tmp_path, CHIP, name="Bar 1"), None, lambda *_: None)
    hands, terminal = pty.openpty()
    command = [sys.executable, "-m", "pressel", "badge", "shell", badge.port]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal) as shell:
        os.close(terminal)
        try:
            _typed(hands, b"\x03\r", hands, b">>> ")
            _typed(hands, b"print(open('config.json').read())\r", hands, b'"name": "Bar 1"')
        finally:
            os.write(hands, b"\x1d")
        assert shell.wait(PATIENCE_S) == 0
    os.close(hands)


def _typed(hands: int, keys: bytes, eyes: int, wanted: bytes) -> bytes:
    """Press `keys` until `eyes` see what is `wanted`, as a person does; all that they saw."""
    seen = b""
    end_s = time.monotonic() + PATIENCE_S
    while wanted not in seen:
        assert time.monotonic() < end_s, seen
        os.write(hands, keys)
        while wanted not in seen and select.select([eyes], [], [], 1)[0]:
            seen += os.read(eyes, 4096)
    return seen


def test_a_port_that_is_somebody_elses(badge: EmulatedBadge) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become somebody else")
    code = (
        "import sys; from pressel.flash.port import check_port\n"
        "from pressel.flash.messages import FlashError\n"
        "try: check_port(sys.argv[1])\nexcept FlashError as error: print(error.code)"
    )
    os.chmod(badge.port, 0o600)
    command = [sys.executable, "-c", code, badge.port]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, user=_NOBODY, timeout=PATIENCE_S
        )
    except PermissionError:
        pytest.skip("nobody may not run this Python")
    if "No module" in done.stderr or "Permission" in done.stderr:
        pytest.skip("nobody may not read this tree")
    assert done.stdout == "no-permission\n", done.stderr


class _Shelf(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


def test_an_image_is_fetched_by_its_pin_and_flashed_without_being_named(
    tmp_path: Path, run, badge: EmulatedBadge
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    file, sha256 = image_file(shelf, CHIP)
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *words: _Shelf(*words, directory=str(shelf))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = ("--from", f"http://127.0.0.1:{server.server_port}/")
    try:
        code, out, err = run("firmware", "fetch", file.name, *base)
        assert code == 2 and "no image esp32.bin is known" in err
        code, out, err = run("firmware", "fetch", file.name, *base, "--sha256", "0" * 64)
        assert code == 1 and "do not use it" in err
        code, out, err = run("firmware", "fetch", "none.bin", *base, "--sha256", sha256)
        assert code == 1 and "404" in err and "pressel firmware pin" in err
        assert not image_folder().exists()
        code, out, err = run("firmware", "fetch", file.name, *base, "--sha256", sha256)
        assert (code, out) == (0, f"{image_folder() / file.name}\n")
        _, out, _ = run("firmware", "images", "--json")
        assert {"name": file.name, "chip": CHIP, "here": True} == {
            key: json.loads(out)[-1][key] for key in ("name", "chip", "here")
        }
        assert run("firmware", "fetch", CHIP, *base)[0] == 0  # the latest pin for the chip
        assert run("firmware", "fetch", CHIP)[0] == 0  # from where the last one came
        file.write_bytes(file.read_bytes() + b"x")
        code, _, err = run("firmware", "fetch", CHIP, *base)
        assert code == 1 and "there has 72481 bytes or more" in err
    finally:
        server.shutdown()
        server.server_close()
    code, out, err = run(*_flash_words(tmp_path, badge.port))
    assert (code, err) == (0, "") and "is badge" in out
    kept = image_folder() / file.name
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")  # somebody was at it
    code, _, err = run(*_flash_words(tmp_path, badge.port))
    assert code == 1 and "nobody has vouched" in err


@pytest.mark.proof
def test_an_image_is_found_on_a_stick_and_its_place_is_remembered(tmp_path: Path, run) -> None:
    file, sha256 = image_file(tmp_path, CHIP)
    words = ("firmware", "fetch", "mine.bin", "--sha256", sha256)
    code, out, err = run(*words)
    assert code == 1 and "on no stick and in no folder" in err and not image_folder().exists()
    below = tmp_path / "media" / "stick" / "images"
    below.mkdir(parents=True)
    (below / "mine.bin").write_bytes(b"another")  # by its name only
    os.mkfifo(below / "pipe.bin")  # nobody writes to it
    (below / "Mine (1).BIN").write_bytes(file.read_bytes())
    code, out, err = run(*words)
    assert (code, out) == (0, f"{image_folder() / 'mine.bin'}\n") and "Mine (1).BIN" in err
    moved = tmp_path / "elsewhere"
    below.rename(moved)
    (image_folder() / "place").write_text(str(moved))
    assert run(*words)[2] == f"found as {moved / 'Mine (1).BIN'}\n"
    assert run("firmware", "fetch", "mine.bin")[0] == 0  # by now it is pinned, and where is known
    code, _, err = run("firmware", "fetch", "mine.bin", "--from", str(tmp_path / "media"))
    assert code == 1 and "no such file" in err  # who names a place gets nothing from another


def test_an_image_is_pinned_by_hand(tmp_path: Path, run) -> None:
    file, sha256 = image_file(tmp_path, "esp32s3")
    assert run("firmware", "pin", str(file), "--sha256", "0" * 64)[0] == 1
    code, out, err = run("firmware", "pin", str(file))
    assert code == 0 and sha256 in out and "compare" in err
    assert run("firmware", "pin", str(file), "--sha256", sha256.upper())[2] == ""
    (image_folder() / "pins.json").write_text("[")
    code, _, err = run("firmware", "images")
    assert code == 2 and "damaged" in err


@pytest.mark.proof
def test_firmware_is_built_for_each_chip_the_same_in_any_folder(tmp_path: Path, run) -> None:
    says = []
    for name in ("one", "two"):
        code, out, _ = run("firmware", "build", "--out", str(tmp_path / name))
        assert code == 0
        says.append(out.replace(str(tmp_path / name), ""))
    assert says[0] == says[1]
    files = [
        {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.*")
         if p.is_file()}
        for name in ("one", "two")
    ]  # fmt: skip
    assert files[0] == files[1]
    for chip in ("any", "esp32", "esp32s3", "esp32c3"):
        manifest = json.loads((tmp_path / "one" / chip / "manifest.json").read_text())
        assert manifest["table"] and manifest["build"] and manifest["files"][0]["sha256"]
