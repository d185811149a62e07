"""The hardware models of the virtual badge, which are JavaScript: Node's own test runner."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.patience import PATIENCE_S

from pressel.virtual.install import find_install

MODELS = Path(__file__).parent / "data" / "models.test.mjs"


def test_models_of_the_hardware() -> None:
    done = subprocess.run(
        [find_install().node, "--test", "--test-reporter=tap", MODELS],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 16\n" in done.stdout
