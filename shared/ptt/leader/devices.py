"""The devices that may join, as records: standbys learn them from the leader."""

from ..base.compat import TYPE_CHECKING
from ..base.numbers import DEVICES_MAX
from ..cluster import device_record, record_numbers, records

if TYPE_CHECKING:
    from ..cluster.journal import Journal


class Devices:
    """The list of the registry, numbered from 1 in the journal."""

    def __init__(self, journal: "Journal") -> None:
        self._journal = journal
        self._written: list[bytes] = []
        self._version = 0
        self._rights: dict[bytes, tuple] = {}  # device -> key, groups
        self.has_other_rights = False  # somebody may hear more or less than before: not obeyed yet
        self._count = 0  # more than are written: standbys then copy none, rather than a part

    def keep(self, version: int, devices: "list[device_record.DeviceRecord]", now_ms: int) -> None:
        """All `devices`, always in the same order."""
        rights = {each.device: (each.key, each.groups) for each in devices}
        if self._rights and rights != self._rights:
            self.has_other_rights = True
        self._rights = rights
        written = [device_record.write_device(each) for each in devices[0:DEVICES_MAX]]
        for number in range(max(len(written), len(self._written))):
            if number >= len(written):
                self._journal.removed(records.DEVICE, number + 1)
            elif number >= len(self._written) or written[number] != self._written[number]:
                self._journal.changed(records.DEVICE, number + 1)
        self._written = written
        self._version = version
        self._count = len(devices)
        self._journal.changed(records.ROSTER, 0)
        self._journal.flush(now_ms)

    def record(self, number: int) -> bytes:
        return self._written[number - 1]

    def roster_record(self) -> bytes:
        return record_numbers.write_numbers(records.ROSTER_SIZES, (self._version, self._count))
