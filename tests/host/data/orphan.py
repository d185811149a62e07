"""Starts a badge, prints the badge's process id, asks it something and waits to be killed."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.host.echo_badge import echo_badge


async def main(work: Path, command: str) -> None:
    async with echo_badge(work, limit_s=2.0) as (badge, host):
        if command == "spin":
            host.send("spin")
        else:
            await host.ask("write 1")
        print(badge.pid, flush=True)
        await asyncio.sleep(60)


asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
