"""All pages together, and the guard before them."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from pressel.console.commands import Commands
from pressel.console.door import Door
from pressel.console.guard import Guard
from pressel.console.host_reader import HostReader
from pressel.console.static_files import STATIC
from pressel.console.talk import Talk

from .accounts import AccountPages
from .badges import BadgePages
from .frame import Frame
from .live import LivePages
from .past import PastPages
from .recordings import RecordingPages
from .settings import SettingPages
from .streams import Streams


def site(
    host: HostReader,
    door: Door,
    state: Path,
    names: frozenset[str],
    scheme: str,
    talk: Talk | None = None,
    commands: Commands | None = None,
) -> Starlette:
    """For these `names` and "http" or "https". `host` reads the venue, whose host has the folder
    `state`; `door` knows the visitors; `talk` lets them talk from their page, `commands` ask from
    other computers."""
    frame = Frame(host, door)
    subjects = (
        LivePages(frame, host, Streams(door), has_talk=talk is not None),
        BadgePages(frame, host, state),
        SettingPages(frame, host),
        RecordingPages(frame, host),
        PastPages(frame, host, state),
        AccountPages(frame, door),
    )
    routes = [route for subject in subjects for route in subject.routes()]
    routes.append(Route("/static/{name}", _static))
    if commands is not None:
        routes += commands.routes()
    if talk is not None:
        routes.append(WebSocketRoute("/talk", talk.serve))
    return Starlette(routes=routes, middleware=[Middleware(Guard, hosts=names, scheme=scheme)])


async def _static(request: Request) -> Response:
    found = STATIC.get(request.path_params["name"])
    if found is None:
        return PlainTextResponse("Nothing is here.", 404)
    file, content_type = found
    headers = {"Cache-Control": "no-cache"}
    return FileResponse(file, media_type=content_type, headers=headers)
