# Notes which lines of the firmware run, for coverage. Needs the build that has sys.settrace.

import json
import sys

_lines = {}  # file, as its path in the flash -> set of line numbers


def _note(frame, event, argument):
    name = frame.f_code.co_filename
    if name.startswith("shims/"):
        return None
    if event == "line":
        seen = _lines.get(name)
        if seen is None:
            seen = _lines[name] = set()
        seen.add(frame.f_lineno)
    return _note


def start():
    sys.settrace(_note)


def report():
    sys.settrace(None)
    return json.dumps({name.lstrip("/"): sorted(lines) for name, lines in _lines.items()})
