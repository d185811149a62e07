"""`make schema`: writes the code that is made from shared/schema. A test says when it is stale."""

from __future__ import annotations

from pathlib import Path

from pressel.errors import PresselError
from pressel.tree import ROOT

from . import events, features, messages, settings

PTT = ROOT / "shared" / "ptt"


def generated() -> dict[Path, str]:
    """The text of every file that is made, by its place. UsageError for a mistake in a table."""
    table, rows, told = messages.load_table(), settings.load_settings(), events.load_events()
    return {
        PTT / "wire" / "messages.py": messages.render(table),
        PTT / "cluster" / "host_messages.py": messages.render_host(table),
        PTT / "base" / "events.py": events.render(told),
        PTT.parent / features.MODULE: features.render(features.load_features()),
        PTT / "base" / "defaults.py": settings.render_defaults(rows),
        PTT / "cluster" / "settings_record.py": settings.render_record(rows),
        PTT / "leader" / "settings_in_force.py": settings.render_class(rows),
    }


def main() -> None:
    try:
        files = generated()
    except PresselError as error:
        raise SystemExit(str(error)) from None
    for file, text in files.items():
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
