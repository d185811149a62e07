"""All settings as a file, for a page: what `pressel settings export`, `edit`, `import`, `check`,
`diff` and `revert` do. It asks the host, and knows no HTML of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pressel.errors import PresselError
from pressel.node.desk.settings_past import SET, Change, in_version
from pressel.node.desk.venue_settings import why_not
from pressel.schema.concerned import concerned_lines
from pressel.schema.setting_values import (
    difference_lines,
    differences,
    laid_over,
    only,
    to_become,
)
from pressel.schema.settings import settings
from pressel.schema.settings_file import load_text, render

from .host_reader import HostReader

VERSIONS_SHOWN = 50  # of the history, the newest
_FROM_HERE = "a file in the console"  # the reason, where none is given

Ask = Callable[..., Awaitable[Any]]  # in the name of whoever looks
Values = Mapping[str, int]


@dataclass(frozen=True)
class Trial:
    """What a file would do: the `mistakes` in it, or why it was `refused`, or which settings it
    `changes` and which badges that is about (`concerned`)."""

    mistakes: tuple[str, ...] = ()
    refused: str = ""
    changes: tuple[str, ...] = ()
    concerned: tuple[str, ...] = ()

    @property
    def is_wrong(self) -> bool:
        return bool(self.mistakes or self.refused)


@dataclass(frozen=True)
class Sheet:
    """`text` is the file; `compared` is the version with which those in force are compared, 0: the
    defaults; `differences` are from there to here; `versions` can be compared, the newest first."""

    version: int
    text: str
    compared: int
    differences: tuple[str, ...]
    versions: tuple[int, ...]
    trial: Trial | None = None
    why: str = ""


@dataclass(frozen=True)
class _Wish:
    """What a file without mistakes asks for: `new` values beside those in force, in `version`; it
    says `base`, if it says of which version it was made."""

    version: int
    values: Values
    base: int | None
    new: Mapping[str, int | None]


class SettingsFile:
    """Of the host that `host` reads."""

    def __init__(self, host: HostReader) -> None:
        self._host = host

    async def export(self, version: int) -> str:
        """The text of a file with the settings of `version`, 0: of those in force. UsageError when
        the log does not tell of it."""
        now, values = await self._now()
        wanted = values if version in (0, now) else in_version(await self._past(), version)
        return render(wanted, version or now)

    async def sheet(self, compared: int = 0) -> Sheet:
        """UsageError when there is no version `compared`."""
        now, values = await self._now()
        past = await self._past()
        old: Values = {name: row.default for name, row in settings().items()}
        if compared:
            old = values if compared == now else in_version(past, compared)
        versions = sorted({each.version for each in past} - {now}, reverse=True)
        return Sheet(
            now, render(values, now), compared, tuple(difference_lines(old, values)),
            tuple(versions[:VERSIONS_SHOWN]),
        )  # fmt: skip

    async def check(self, text: str) -> Trial:
        """What putting `text` in force would do; nothing is done."""
        wish = await self._wish(text)
        if isinstance(wish, Trial):
            return wish
        if wish.base not in (None, wish.version):
            return Trial(refused=why_not(wish.base, wish.version))
        try:
            told = await self._host.ask("settings touched", values=wish.new)
        except PresselError as error:  # values that cannot be together, or nobody leads
            return Trial(refused=str(error))
        lines = difference_lines(only(wish.values, wish.new), wish.new)
        return Trial(changes=tuple(lines), concerned=tuple(concerned_lines(told)))

    async def put(self, ask: Ask, text: str, why: str) -> Trial | None:
        """Put `text` in force, all of it or nothing; None when that is done."""
        wish = await self._wish(text)
        if isinstance(wish, Trial):
            return wish
        try:
            await ask(SET, values=wish.new, base=wish.base or wish.version, why=why or _FROM_HERE)
        except PresselError as error:
            return Trial(refused=str(error))
        return None

    async def put_back(self, ask: Ask, version: int, base: int) -> None:
        """What was in force in `version`, as a new one, if `base` still is the present one."""
        _, values = await self._now()
        new = _new(values, to_become(values, in_version(await self._past(), version)))
        if new:
            await ask(SET, values=new, base=base, why=f"back to version {version}")

    # --- inside ---

    async def _wish(self, text: str) -> _Wish | Trial:
        """A Trial when there is nothing to put in force: mistakes, or what is in force already."""
        change, base, findings = load_text(text)
        if findings:
            return Trial(tuple(each.in_words() for each in findings))
        version, values = await self._now()
        new = _new(values, change)
        return _Wish(version, values, base, new) if new else Trial()

    async def _now(self) -> tuple[int, dict[str, int]]:
        answer = await self._host.ask("settings")
        return answer["version"], answer["values"]

    async def _past(self) -> list[Change]:
        try:
            told = await self._host.ask("settings history")
            return TypeAdapter(list[Change]).validate_python(told)
        except ValidationError:
            raise PresselError("the host is of another version; update the older one") from None


def _new(values: Values, change: Mapping[str, int | None]) -> dict[str, int | None]:
    """Those of `change` that are not in force."""
    wanted = laid_over(values, change)
    return {key: new for key, (_, new) in differences(values, wanted).items()}
