"""Makes a fresh clone ready to use, and does nothing when it already is.

This file is the entry that `make` calls; people need not. It finds a Python that is new enough and
hands over to `setup_clone`. Everything here up to the import of that package must run on any
Python 3.6 or newer, to say that it is too old. Only the standard library is used.
"""

import os
import shutil
import subprocess
import sys

PYTHON_OLDEST = (3, 11)
PYTHON_NEWEST_MINOR = 20  # how far to look for a `python3.x` when `python3` is too old


def newer_python():
    """The path of a Python on PATH that is new enough, or None."""
    test = f"import sys; sys.exit(sys.version_info < {PYTHON_OLDEST})"
    for minor in range(PYTHON_NEWEST_MINOR, PYTHON_OLDEST[1] - 1, -1):
        path = shutil.which(f"python3.{minor}")
        quiet = subprocess.DEVNULL  # the stub of a version switcher may complain
        if path and subprocess.call([path, "-c", test], stdout=quiet, stderr=quiet) == 0:
            return path
    return None


if sys.version_info < PYTHON_OLDEST:
    found = newer_python()
    if found:
        os.execv(found, [found, *sys.argv])
    sys.exit(
        f"Pressel needs Python 3.11 or newer, but {sys.executable} is {sys.version.split()[0]}. "
        "Install a newer one, or name it: make setup PYTHON=/path/to/python3.11"
    )

from setup_clone.stamp import Stamp
from setup_clone.steps import set_up
from setup_clone.tools import SetupError, explain_os_error, say
from setup_clone.tree import BUILD, only_one


def main(quiet: bool) -> int:
    """Exit code 0 when all is set up, 1 when not, 130 when interrupted."""
    try:
        if not Stamp().complete():
            BUILD.mkdir(exist_ok=True)
            with only_one() as lock:
                set_up(Stamp(), lock)  # read anew: the set-up we waited for may have done it
            say("Set-up is complete.")
        elif not quiet:
            say("Set-up is complete; nothing to do.")
        return 0
    except SetupError as error:
        say(f"{error.tail}{error}")
        return 1
    except OSError as error:
        say(explain_os_error(error))
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted. Run make setup again to go on.")
        return 130


if __name__ == "__main__":
    sys.exit(main(quiet="--if-needed" in sys.argv[1:]))
