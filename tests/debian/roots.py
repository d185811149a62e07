"""Debian systems in folders: made by mmdebstrap, entered with users, processes and a network of
their own, so that nothing of this machine is changed or reached."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

SUITE = "bookworm"
ARM = "arm64"
_MADE_S_MAX = 900.0
_IDS = "0 0 65536"  # users of the system: those of the same numbers here
_QEMU = Path("/usr/bin/qemu-aarch64-static")
# Programs of that machine, by their first 20 bytes; F: QEMU is opened now, outside of the system.
_BINFMT = (
    r":arm:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
    r":\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
    f":{_QEMU}:F"
)
# With the namespaces: wait for a line that says that there are users, set up what a system has, and
# go in. $1 is the system, $2 what the kernel shall know of other machines, $3 a folder of this
# machine that is seen as /shared.
_ENTER = r"""
set -e
read _
root=$1 binfmt=$2 shared=$3; shift 3
ip link set lo up 2>/dev/null || true
if [ -n "$binfmt" ]; then
    mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
    printf '%s' "$binfmt" >/proc/sys/fs/binfmt_misc/register
fi
mkdir -p "$root/proc" "$root/dev" "$root/shared"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
if [ -n "$shared" ]; then mount --bind "$shared" "$root/shared"; fi
exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 \
    PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" </dev/null
"""


def need(*tools: str) -> None:
    """Skip the test, with the reason, where a Debian cannot be made."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a Debian of all its users here")
    for tool in ("mmdebstrap", "unshare", "ip", *tools):
        if shutil.which(tool, path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
            pytest.skip(f"{tool} is not here")


def make(root: Path, packages: Sequence[str], machine: str = "") -> Path:
    """A system with these packages; that of another `machine` is unpacked and not set up, which
    QEMU would take ten minutes for. Skips where it cannot be had."""
    words = ["mmdebstrap", "--mode=root", "--quiet", f"--include={','.join(packages)}"]
    words += [f"--arch={machine}", "--variant=extract"] if machine else ["--variant=minbase"]
    try:
        done = subprocess.run(
            [*words, SUITE, str(root)], capture_output=True, text=True, timeout=_MADE_S_MAX
        )
    except subprocess.TimeoutExpired:
        pytest.skip("Debian's packages did not come in time")
    if done.returncode:
        pytest.skip(f"no Debian can be made here: {done.stderr.strip().splitlines()[-1:]}")
    return root


def run(
    root: Path,
    words: Sequence[str],
    limit_s: float,
    *,
    machine: str = "",
    shared: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """What `words` print in the system; all that they began ends with them."""
    binfmt = _BINFMT if machine == ARM else ""
    ready, go = os.pipe()
    command = ["unshare", "--user", "--mount", "--pid", "--net", "--fork", "--kill-child",
               "sh", "-c", _ENTER, "sh", str(root), binfmt, str(shared or ""), *words]  # fmt: skip
    begun = subprocess.Popen(
        command, stdin=ready, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        _own_users(begun)
        os.write(go, b"\n")
        said, _ = begun.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        begun.kill()
        said, _ = begun.communicate()
        said += f"\nnot done after {limit_s:.0f} s"
    finally:
        os.close(ready)
        os.close(go)
        begun.kill()
    return subprocess.CompletedProcess(list(words), begun.returncode, said, "")


def _own_users(process: subprocess.Popen[str]) -> None:
    own, theirs = os.readlink("/proc/self/ns/user"), f"/proc/{process.pid}/ns/user"
    while process.poll() is None and os.readlink(theirs) == own:
        time.sleep(0.01)
    if process.poll() is not None:
        said, _ = process.communicate()
        if said.startswith("unshare:"):
            pytest.skip(f"this kernel gives no namespaces: {said.strip()}")
        pytest.fail(said)
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{process.pid}/{name}").write_text(_IDS)
