"""Chromium without a window, driven through its debugging protocol: pages as people see them, with
a microphone that plays a file."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
START_LIMIT_S = 60.0
ANSWER_LIMIT_S = 30.0
_OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--no-first-run", "--remote-debugging-port=0", "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
)  # fmt: skip


class Tab:
    """One page of the browser."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._numbers = itertools.count(1)
        self._session = ""

    async def attach(self) -> None:
        target = await self.send("Target.createTarget", url="about:blank")
        attached = await self.send(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._session = attached["sessionId"]
        await self.send("Page.enable")
        await self.send("Runtime.enable")

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        await self._line.send(json.dumps(message))
        async with asyncio.timeout(ANSWER_LIMIT_S):
            while True:
                told = json.loads(await self._line.recv())
                if told.get("id") == number:
                    assert "error" not in told, told
                    return told["result"]

    async def open(self, address: str) -> None:
        await self.send("Page.navigate", url=address)
        await self.until("document.readyState === 'complete'")

    async def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        told = await self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True,
            userGesture=True,
        )  # fmt: skip
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def until(self, script: str) -> None:
        """Wait until an expression is true."""
        async with asyncio.timeout(ANSWER_LIMIT_S):
            while True:
                with contextlib.suppress(AssertionError):  # the page is just changing
                    if await self.run(script):
                        return
                await asyncio.sleep(0.05)

    async def mouse(self, what: str, selector: str) -> None:
        """`mousePressed` or `mouseReleased` in the middle of an element."""
        place = await self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView(); const r = e.getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        await self.send(
            "Input.dispatchMouseEvent", type=what, x=place[0], y=place[1], button="left",
            clickCount=1,
        )  # fmt: skip

    async def click(self, selector: str) -> None:
        await self.mouse("mousePressed", selector)
        await self.mouse("mouseReleased", selector)

    async def key(self, what: str, key: str, is_repeated: bool = False) -> None:
        """`keyDown` or `keyUp` of a key, where the focus is."""
        code = "Space" if key == " " else key
        await self.send(
            "Input.dispatchKeyEvent", type=what, key=key, code=code, text=key,
            autoRepeat=is_repeated,
        )  # fmt: skip

    async def hit(self, key: str) -> None:
        """Tab or Enter, down and up, as the browser itself understands it."""
        number, text = {"Tab": (9, {}), "Enter": (13, {"text": "\r"})}[key]
        for what, more in (("keyDown", text), ("keyUp", {})):
            await self.send(
                "Input.dispatchKeyEvent", type=what, key=key, code=key,
                windowsVirtualKeyCode=number, **more,
            )  # fmt: skip

    async def size(self, width: int, height: int) -> None:
        told = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        await self.send("Emulation.setDeviceMetricsOverride", **told)

    async def photograph(self, file: Path, width: int, height: int) -> None:
        """The page at this size, in pixels, as PNG."""
        await self.size(width, height)
        shot = await self.send("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(shot["data"]))


@contextlib.asynccontextmanager
async def chromium(microphone: Path | None = None) -> AsyncIterator[Tab]:
    """`microphone`: a WAV file that it hears, from the moment the page opens it, over and over."""
    assert CHROMIUM is not None
    options: list[str] = list(_OPTIONS)
    if microphone is not None:
        options.append(f"--use-file-for-fake-audio-capture={microphone}")
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM, *options, f"--user-data-dir={profile}", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert process.stderr is not None
            address = await _address(process.stderr)
            drain = asyncio.create_task(_drain(process.stderr))
            async with connect(address, max_size=None) as line:
                tab = Tab(line)
                await tab.attach()
                yield tab
            drain.cancel()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _address(errors: asyncio.StreamReader) -> str:
    async with asyncio.timeout(START_LIMIT_S):
        while line := await errors.readline():
            found = re.search(rb"listening on (ws://\S+)", line)
            if found:
                return found[1].decode()
    raise AssertionError("Chromium did not start")


async def _drain(errors: asyncio.StreamReader) -> None:
    while await errors.read(65536):
        pass
