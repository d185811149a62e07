"""One harness under atheris, in a process of its own; `run` starts it and reads what it prints.

python -m tests.fuzz.worker HARNESS [OPTION OF LIBFUZZER...]
"""

from __future__ import annotations

import importlib
import shlex
import sys
from typing import Any

atheris: Any = importlib.import_module("atheris")  # by name: not every machine has it, or its types

# Without the coder: its loop decides nothing, and takes most of the time when it is watched.
with atheris.instrument_imports(include=["ptt"], exclude=["ptt.media.adpcm"]):
    from .harnesses import HARNESSES


def main() -> None:
    name, *options = sys.argv[1:]
    # When it merges, libFuzzer starts itself again, by what it takes to be its own name.
    itself = f"{shlex.quote(sys.executable)} -m {__spec__.name} {name}"
    atheris.Setup([itself, *options], HARNESSES[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
