"""How the rooms of a host tell what happened: a word of events.toml, and its fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Report = Callable[[str, dict[str, Any]], None]
