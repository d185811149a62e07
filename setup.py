"""What the wheel has beside the Python that pyproject.toml names: the parts of the tree that a
badge is made of and that commands show, MicroPython for the virtual badge, and the part in C.

`make wheel` calls this; the set-up of a clone does not.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
WORK = ROOT / "build" / "wheel-work"  # deleted before each build, so that nothing old is carried

sys.path.insert(0, str(ROOT / "host"))
from setup_clone import copies

# As `pressel.tree` finds them. Of reports and pictures only people who read the clone have a use.
CARRIED = ("firmware", "boards", "docs", "shared/ptt", "shared/schema")
LEFT_OUT = ("__pycache__", "*.pyc", "reports", "images")
MICROPYTHON = Path("node_modules/@micropython/micropython-webassembly-pyscript")
HTMX = ("htmx.min.js", "ext/hx-sse.min.js")  # what the console's pages load
MICROPYTHON_FILES = ("package.json", "README.md", "micropython.mjs", "micropython.wasm",
                     "micropython-settrace.wasm")  # fmt: skip

HAS_C = not copies.obstacle()


class Build(build_py):
    """The packages, and what else the wheel has."""

    def run(self):
        super().run()
        package = Path(self.build_lib) / "pressel"
        tree = package / "_tree"
        for each in CARRIED:
            shutil.copytree(ROOT / each, tree / each, ignore=shutil.ignore_patterns(*LEFT_OUT))
        (tree / MICROPYTHON).mkdir(parents=True)
        for name in MICROPYTHON_FILES:
            shutil.copyfile(ROOT / MICROPYTHON / name, tree / MICROPYTHON / name)
        pages = Path("node_modules/htmx.org")
        (tree / pages / "dist" / "ext").mkdir(parents=True)
        shutil.copyfile(ROOT / pages / "LICENSE", tree / pages / "LICENSE")
        for name in HTMX:
            shutil.copyfile(ROOT / pages / "dist" / name, tree / pages / "dist" / name)
        if HAS_C:
            library = package / copies.LIBRARY.relative_to(ROOT / "host" / "pressel")
            subprocess.run(copies.command(library), check=True)


class Parts(Distribution):
    """With the part in C it is for this kind of machine only."""

    def has_ext_modules(self):
        return HAS_C


class Wheel(bdist_wheel):
    """For any Python 3."""

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


shutil.rmtree(WORK, ignore_errors=True)
WORK.mkdir(parents=True)
setup(
    distclass=Parts,
    cmdclass={"build_py": Build, "bdist_wheel": Wheel},
    options={"build": {"build_base": str(WORK)}, "egg_info": {"egg_base": str(WORK)}},
)
