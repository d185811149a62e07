"""What is to be made of every badge of one run, and what became of one.

All badges have the same content except for their settings, which `files` adds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pressel.boards.board import Board
from pressel.pack import ROMFS, STOCK, FirmwareBuild
from pressel.pack.manifest import ROM_FILE
from pressel.pack.settings_file import settings_file

from .identity import Identity
from .image import Image
from .power import Power

BOARD_FILE = "board.json"
BOOT_FILE = "boot.json"
CONFIG_FILE = "config.json"  # what firmware/app/boot.py reads


@dataclass(frozen=True)
class Rom:
    """A ROMFS image, and the SHA-256 of what is in it, by path on the badge that mounted it."""

    image: bytes
    sha256: dict[str, str]


@dataclass(frozen=True)
class Order:
    """`firmware` by path in the badge, as `read_firmware` gives it; `rom`: the part of it that is
    an image of its own; `wifi`: network, password."""

    board_id: str
    board: Board
    firmware: dict[str, bytes]
    wifi: tuple[str, str]
    image: Image | None = None  # None: the badge keeps the one that it has
    leader: str = ""
    name: str = ""  # empty: the badge keeps its own, or gets one made from its address
    groups: tuple[int, ...] = ()  # empty: a known badge keeps its own
    labels: Path | None = None
    erase: bool = False
    dry_run: bool = False
    new_identity: bool = False
    twin: bool = False  # another badge has this board's address, and stays
    rom: Rom | None = None  # None: packed as stock
    power: Power = field(default_factory=Power)

    @property
    def packing(self) -> str:
        return ROMFS.name if self.rom else STOCK.name

    def files(self, identity: Identity) -> dict[str, bytes]:
        """All files of the badge that is `identity`."""
        config = {
            "device": identity.device.hex(),
            "name": identity.name,
            "leader": self.leader,
            "wifi": {"ssid": self.wifi[0], "password": self.wifi[1]},
        }
        config = self.power.put_into(config)
        settings = {BOARD_FILE: self.board.facts(), CONFIG_FILE: config}
        return self.firmware | {k: settings_file(v) for k, v in settings.items()}


@dataclass
class Outcome:
    """How it ended for the badge on `port`; `error` is empty when all went well."""

    port: str
    device: str = ""
    name: str = ""
    error: str = ""
    code: str = ""  # of the error, as in docs/flashing.md
    warnings: list[str] = field(default_factory=list)
    label: str = ""  # file
    regions: list[tuple[int, int]] = field(default_factory=list)  # address, bytes
    packing: str = ""


def read_firmware(build: FirmwareBuild) -> dict[str, bytes]:
    """The files of a build by path, except those in its `rom`, read once: another run may build the
    folder anew."""
    folder = build.folder
    return {p.relative_to(folder).as_posix(): p.read_bytes()
            for p in sorted(folder.rglob("*")) if p.is_file() and p.name != ROM_FILE}  # fmt: skip


def read_rom(build: FirmwareBuild) -> Rom | None:
    """The image of a build that is packed as one."""
    if not build.rom:
        return None
    image = (build.folder / ROM_FILE).read_bytes()
    return Rom(image, {f"/{file.path}": file.sha256 for file in build.rom})
