"""The files that pages load: our own, and htmx as the lock of npm fixes it. All of them come from
this machine; nothing is fetched from elsewhere.
"""

from __future__ import annotations

from pathlib import Path

from pressel.tree import ROOT

_OWN = Path(__file__).with_name("static")
HTMX = ROOT / "node_modules" / "htmx.org" / "dist"
_SCRIPT = "text/javascript; charset=utf-8"

STATIC: dict[str, tuple[Path, str]] = {
    "console.css": (_OWN / "console.css", "text/css; charset=utf-8"),
    "console.js": (_OWN / "console.js", _SCRIPT),
    "replay.js": (_OWN / "replay.js", _SCRIPT),
    "talk.js": (_OWN / "talk.js", _SCRIPT),
    "talk-sound.js": (_OWN / "talk-sound.js", _SCRIPT),
    "icon.svg": (_OWN / "icon.svg", "image/svg+xml"),
    "htmx.js": (HTMX / "htmx.min.js", _SCRIPT),
    "htmx-sse.js": (HTMX / "ext" / "hx-sse.min.js", _SCRIPT),
}
