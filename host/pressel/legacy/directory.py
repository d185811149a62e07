"""The old apps that announce themselves, and which of them to connect to, and when.

It knows announcements and device ids; it opens nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from ptt.base.clock import NEVER, add, earliest, since

from .app import App
from .limits import APPS_MAX, CONNECT_AFTER_MS, CONNECT_RETRY_MS, CONNECT_RETRY_MS_MAX

PLACES_MAX = 3  # of one device; the stale announcement of an app that crashed names another one


@dataclass
class _Entry:
    apps: list[App]  # where it may be, the place to try next first
    due_ms: int  # when to connect, unless it is connected then
    retry_ms: int


class Directory:
    """`may_reach` says whether the bridge may connect to an address."""

    def __init__(self, may_reach: Callable[[str], bool]) -> None:
        self._may_reach = may_reach
        self._entries: dict[str, _Entry] = {}  # by device id
        self.refused = 0  # announcements that were not taken

    def found(self, app: App, now_ms: int) -> bool:
        """An announcement; False when not taken: a bridge's, out of reach, or one too many."""
        known = self._entries.get(app.device)
        if app.is_bridge or not self._may_reach(app.address):
            self.refused += not app.is_bridge
            return False
        if known is None and len(self._entries) >= APPS_MAX:
            self.refused += 1
            return False
        if known is None or app not in known.apps:
            others = known.apps if known is not None else []
            here = [app, *(each for each in others if each.address != app.address)]
            due_ms = add(now_ms, CONNECT_AFTER_MS)
            self._entries[app.device] = _Entry(here[:PLACES_MAX], due_ms, CONNECT_RETRY_MS)
        return True

    def lost(self, device: str) -> None:
        """It announces itself no more."""
        self._entries.pop(device, None)

    def at(self, address: str) -> App | None:
        """The app at `address`; None when there is none, or cannot be told from others there."""
        known = (app for entry in self._entries.values() for app in entry.apps)
        there = [app for app in known if app.address == address]
        return there[0] if len(there) == 1 else None

    def connected(self, device: str) -> None:
        """A later loss of the connection is a first one again."""
        if device in self._entries:
            self._entries[device].retry_ms = CONNECT_RETRY_MS

    def disconnected(self, device: str, now_ms: int) -> None:
        """Give it time to come back by itself."""
        if device in self._entries:
            self._entries[device].due_ms = add(now_ms, CONNECT_RETRY_MS)

    def due(self, connected: Collection[str], now_ms: int) -> list[App]:
        """The apps to connect to now; each is offered again later, if it is not connected then."""
        apps = []
        for device, entry in self._entries.items():
            if device in connected or since(now_ms, entry.due_ms) < 0:
                continue
            entry.due_ms = add(now_ms, entry.retry_ms)
            entry.retry_ms = min(entry.retry_ms * 2, CONNECT_RETRY_MS_MAX)
            apps.append(entry.apps[0])
            entry.apps.append(entry.apps.pop(0))
        return apps

    def next_timeout_ms(self, connected: Collection[str]) -> int:
        due_ms = NEVER
        for device, entry in self._entries.items():
            if device not in connected:
                due_ms = earliest(due_ms, entry.due_ms)
        return due_ms
