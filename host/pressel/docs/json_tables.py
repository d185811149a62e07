"""The names in what commands print with `--json`, as Markdown."""

from __future__ import annotations

import json

from pressel.tree import ROOT


def names(_: str) -> str:
    """By command; `a.b` is b in a, `a[]` each of a list."""
    told = json.loads((ROOT / "shared" / "schema" / "json_names.json").read_text("utf-8"))
    rows = ["| command | names |", "|---|---|"]
    rows += [f"| `{words}` | {', '.join(f'`{n}`' for n in each)} |" for words, each in told.items()]
    return "\n".join(rows)
