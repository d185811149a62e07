"""What a host loads, it loads before it serves: whoever takes over amid a burst has no time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

RUN = """
import asyncio, sys
from pathlib import Path
from pressel.node.host import HostNode
from pressel.node.options import HostOptions

ready, late = set(), set()

def report(event, fields):
    if event == "ready":
        ready.update(sys.modules)
    elif event == "became_leader":
        late.update(sys.modules.keys() - ready)
        node._stopping.set()

folder = Path(sys.argv[1])
options = HostOptions(("127.0.0.1", 0), folder, control=folder / "c", discovery=False)
node = HostNode(options, report)
asyncio.run(asyncio.wait_for(node.run(), 60))
assert ready
print(*sorted(late))
"""


def test_a_host_loads_nothing_when_it_begins_to_lead(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path)], check=True, capture_output=True, text=True
    )
    loaded = [name for name in done.stdout.split() if not name.startswith("encodings.")]  # 2 KB
    assert loaded == []
