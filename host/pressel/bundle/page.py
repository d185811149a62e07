"""A bundle as one HTML file that needs nothing beside it, and back: its data lies inside."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pressel.errors import UsageError
from pressel.json_text import read_json

from .history import drawn

FILE_BYTES_MAX = 1 << 26  # ten times what the limits of `contents` allow
_DATA = re.compile(r'<script type="application/json" id="bundle">(.*?)</script>', re.DOTALL)


def render(bundle: dict[str, Any]) -> str:
    """The page."""
    pages = Environment(
        loader=PackageLoader("pressel.bundle"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    pages.filters["clock"] = lambda at_s: time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at_s))
    data = json.dumps(bundle, sort_keys=True).replace("<", "\\u003c")  # it ends no element
    lines = drawn(bundle.get("history"))
    return pages.get_template("bundle.html.j2").render(bundle=bundle, data=data, lines=lines)


def read(file: Path) -> dict[str, Any]:
    """What is in the page `file`. UsageError when it is no bundle."""
    try:
        if file.stat().st_size > FILE_BYTES_MAX:
            raise UsageError(f"{file} is too large for a bundle")
        found = _DATA.search(file.read_text("utf-8"))
        bundle = read_json(found.group(1)) if found else None
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{file} is damaged: {error}") from error
    if not isinstance(bundle, dict) or bundle.get("format") != 1:
        raise UsageError(f"{file} is no bundle of this version; `pressel bundle make` writes one")
    return bundle
