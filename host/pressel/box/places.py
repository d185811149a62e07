"""Where a host that is a service has its files, all of them below a root."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pressel.config.sources import FILE, SYSTEM_FOLDER
from pressel.node.options import SERVICE_STATE

USER = "pressel"
UNIT = "pressel.service"
FIREWALL_UNIT = "pressel-firewall.service"
_UNITS = Path("/etc/systemd/system")


@dataclass(frozen=True)
class Places:
    """`root` is "/", or a folder for who only wants to look."""

    root: Path = Path("/")

    def at(self, path: Path) -> Path:
        """Where the file lies that the service sees as `path`."""
        return self.root / path.relative_to("/")

    @property
    def state(self) -> Path:
        return self.at(SERVICE_STATE)

    @property
    def backups(self) -> Path:
        return self.state / "backups"

    @property
    def configuration(self) -> Path:
        return self.at(SYSTEM_FOLDER) / FILE

    @property
    def firewall(self) -> Path:
        return self.at(SYSTEM_FOLDER) / "firewall.nft"

    @property
    def cache(self) -> Path:
        return self.at(Path("/var/cache/pressel"))

    def unit(self, name: str) -> Path:
        return self.at(_UNITS) / name
