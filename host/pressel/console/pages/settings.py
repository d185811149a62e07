"""Settings: one at a time, all of them as a file, the Wi-Fi network, and changes under way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from pressel.console import wifi_network
from pressel.console.boards import all_boards, boards_of
from pressel.console.changes import Changes
from pressel.console.door import Refusal, Visitor
from pressel.console.host_reader import HostReader
from pressel.console.settings_file import SettingsFile
from pressel.errors import PresselError
from pressel.node.desk.mends import Mend
from pressel.registry.device import ACTIVE
from pressel.schema.setting_values import (
    AS_THE_VENUE,
    At,
    gone_words,
    key_at,
    own_values,
    whose_words,
)
from pressel.schema.settings import settings as setting_rows

from .frame import Frame
from .typed import version_of


class SettingPages:
    """Of the host that `host` reads."""

    def __init__(self, frame: Frame, host: HostReader) -> None:
        self._frame = frame
        self._host = host
        self._changes = Changes(host)
        self._file = SettingsFile(host)

    def routes(self) -> list[BaseRoute]:
        frame = self._frame
        return [
            frame.seen("/settings", self._settings),
            frame.seen("/settings/file", self._settings_file),
            frame.seen("/settings/export", self._exported),
            frame.seen("/changes", self._changing),
            frame.done("/settings", self._set, "manage"),
            frame.done("/settings/wifi", self._set_wifi, "manage"),
            frame.done("/settings/file", self._put_file, "manage"),
            frame.done("/changes", self._act, "manage"),
        ]

    async def _settings(self, request: Request, visitor: Visitor) -> Response:
        now = await self._host.ask("settings")
        rows = {name: row for name, row in setting_rows().items() if name in now["values"]}
        own = {name: own_values(name, now["values"]) for name in rows}
        lacking = [row.text for name, row in setting_rows().items() if name not in rows]
        devices = await self._host.ask("device list", state=None)
        boards = all_boards(await boards_of(self._host))
        names: dict[At, str] = {each["id"]: f"At badge {each['name']}" for each in devices}

        def whose(each: At) -> str:
            if isinstance(each, int):
                return f"In talk group {each}"
            words = whose_words(each)
            return names.get(each, words[0].upper() + words[1:])

        return self._frame.page(
            "settings.html.j2", visitor, "/settings", now=now, rows=rows, own=own, whose=whose,
            mended=await self._mended(),
            lacking=lacking, devices=[each for each in devices if each["state"] == ACTIVE],
            boards=boards, gone=gone_words, key_at=key_at,
        )  # fmt: skip

    async def _mended(self) -> list[str]:
        """Where a host's disk had other settings; none while nobody leads."""
        try:
            told = (await self._host.ask("settings status")).get("mended", [])
            return [Mend.model_validate(each).in_words() for each in told]
        except (PresselError, ValidationError):
            return []

    async def _settings_file(self, request: Request, visitor: Visitor) -> Response:
        sheet = await self._file.sheet(version_of(request, "with"))
        return self._frame.page("settings_file.html.j2", visitor, "/settings", sheet=sheet)

    async def _exported(self, request: Request, visitor: Visitor) -> Response:
        """What `pressel settings export` writes."""
        text = await self._file.export(version_of(request, "version"))
        headers = {"Content-Disposition": 'attachment; filename="pressel-settings.toml"'}
        return PlainTextResponse(text, headers=headers)

    async def _changing(self, request: Request, visitor: Visitor) -> Response:
        return self._frame.page(
            "changes.html.j2", visitor, "/changes",
            change=await self._changes.change(), update=await self._changes.update(),
        )  # fmt: skip

    async def _set(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        given = [str(form.get(name) or "") for name in ("at", "board", "badge")]
        if len([each for each in given if each]) > 1:
            raise Refusal(400, "Choose a talk group, a board or a badge: one of them.")
        group, board, badge = given
        key = key_at(str(form["name"]), badge or board or int(group or 0))
        value = None if form["value"] == AS_THE_VENUE else int(str(form["value"]))
        base, why = int(str(form["base"])), str(form.get("why", ""))
        verb, then = (
            ("rollout start", "/changes") if "staged" in form else ("settings set", "/settings")
        )
        await self._frame.ask(visitor, verb, values={key: value}, base=base, why=why)
        return RedirectResponse(then, 303)

    async def _put_file(self, request: Request, visitor: Visitor) -> Response:
        """What was typed is shown again, with what is wrong in it, when it was not put in force."""
        form = await request.form()

        async def ask(verb: str, **fields: Any) -> Any:
            return await self._frame.ask(visitor, verb, **fields)

        if form["what"] == "back":
            await self._file.put_back(ask, int(str(form["version"])), int(str(form["base"])))
            return RedirectResponse("/settings/file", 303)
        text, why = str(form["text"]).replace("\r\n", "\n"), str(form.get("why", ""))
        if form["what"] == "put":
            trial = await self._file.put(ask, text, why)
        else:
            trial = await self._file.check(text)
        if trial is None:
            return RedirectResponse("/settings", 303)
        sheet = replace(await self._file.sheet(), text=text, trial=trial, why=why)
        page = self._frame.page("settings_file.html.j2", visitor, "/settings", sheet=sheet)
        page.status_code = 400 if trial.is_wrong else 200
        return page

    async def _set_wifi(self, request: Request, visitor: Visitor) -> Response:
        verb, fields, then = wifi_network.wanted(await request.form())
        await self._frame.ask(visitor, verb, **fields)
        return RedirectResponse(then, 303)

    async def _act(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()

        async def ask(verb: str, **fields: Any) -> Any:
            return await self._frame.ask(visitor, verb, **fields)

        await self._changes.act(ask, form)
        return RedirectResponse("/changes", 303)
