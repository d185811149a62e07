"""One process of a real run: some of the participants on real sockets, following the script.

Started by `run`; one JSON line with its facts in, one with the proxies' addresses out, then, when
the run is over, one with its counts. Records go to a file, so that those of all processes can be
put together.
"""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from typing import Any

from pressel.block_cipher import BlockCipher
from pressel.node.priority import serve_first
from pressel.sim.world import record
from pressel.sim.world.nodes.node import Node
from pressel.sim.world.seal import REAL
from pressel.sim.world.stage import Stage
from pressel.sim.world.venue import LEADER, make_nodes
from pressel.sim.world.world import World

from .loop import RealLoop
from .proxy import Proxy
from .remote_leader import RemoteLeader

# What measures need; datagrams stay here.
KEPT = (
    record.PRESSED,
    record.LET_GO,
    record.SPOKEN,
    record.EVENT,
    record.PLAYED,
    record.CONCEALED,
    record.FAULT,
    record.TALKING,
    record.STARTED,
    record.HEARD_TWO,
)


class Crowd:
    """`facts`: "spec", "nodes" and "proxies" (numbers), "leader" (address), "begin_us"."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._loop = RealLoop(facts["begin_us"])
        self._mine = set(facts["nodes"])
        self.world = World({**facts["spec"], "seal": REAL}, self._loop, self._make_nodes)
        self.world.stage.seal.cipher = BlockCipher  # virtual badges may be among the listeners
        for _ in range(min(facts["nodes"], default=0)):
            self.world.prng.below(2)  # from here on no two processes may draw the same
        leader = RemoteLeader(self.world, self._loop, tuple(facts["leader"]))
        self.leader = leader
        self.world.network.join(leader)
        self.proxies = [Proxy(self.world, self._loop, number) for number in facts["proxies"]]
        for proxy in self.proxies:
            self.world.network.join(proxy)
        self.kept: list[tuple[int, int, int, int, int, Any]] = []
        for kind in KEPT:
            self.world.record.watch(kind, self._keeper(kind))

    def _make_nodes(self, stage: Stage) -> list[Node]:
        """Make all, so that every process draws the same script, and keep only ours."""
        return [node for node in make_nodes(stage) if node.number in self._mine]

    def _keeper(self, kind: int) -> record.Watcher:
        def keep(now_us: int, node: int, a: int, b: int, detail: Any) -> None:
            self.kept.append((now_us, kind, node, a, b, detail))

        return keep

    def counts(self) -> dict[str, Any]:
        late_us = sorted(self._loop.late_us)
        network = self.world.network
        return {
            "events": self._loop.events,
            "late_ms_p99": late_us[len(late_us) * 99 // 100] / 1000 if late_us else 0.0,
            "late_ms_max": late_us[-1] / 1000 if late_us else 0.0,
            "datagrams": network.datagrams,
            "bytes": network.bytes,
            "airtime_percent": network.airtime_percent(),
            "send_errors": self.leader.send_errors,
        }


def main() -> None:
    facts = json.loads(sys.stdin.readline())
    serve_first()
    crowd = Crowd(facts)
    addresses = {proxy.number: proxy.address for proxy in crowd.proxies}
    print(json.dumps({"proxies": addresses}), flush=True)
    crowd.world.run()
    with Path(facts["records"]).open("wb") as file:
        pickle.dump([each for each in crowd.kept if each[2] != LEADER], file)
    print(json.dumps(crowd.counts()), flush=True)


if __name__ == "__main__":
    main()
