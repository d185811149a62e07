"""What tests cost: CPU and elapsed time of each file, over all workers.

CPU time is the test's own and that of the processes which it has waited for; unlike elapsed time it
hardly depends on what else the machine does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

FILE = "PRESSEL_TEST_COSTS"  # variable that names the file to write costs to
SHOWN = 10  # files

Costs = dict[str, list[float]]  # by file: seconds of CPU, seconds elapsed, tests


def cpu_s() -> float:
    """Of this process and those that it has waited for."""
    return sum(os.times()[:4])


def table(costs: Mapping[str, list[float]]) -> list[str]:
    """The most expensive files, in words."""
    dearest = sorted(costs, key=lambda file: -costs[file][0])[:SHOWN]
    lines = [f"{'CPU':>8} {'elapsed':>9}   the {len(dearest)} dearest files"]
    lines += [f"{costs[file][0]:6.1f} s {costs[file][1]:7.1f} s   {file}" for file in dearest]
    total = [sum(each[n] for each in costs.values()) for n in range(2)]
    return [*lines, f"{total[0]:6.1f} s {total[1]:7.1f} s   all {len(costs)} files"]


class CostsPlugin:
    """Notes costs where tests run, and sums them where they are reported."""

    def __init__(self) -> None:
        self.costs: Costs = {}
        self._before_s = 0.0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._before_s = cpu_s()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Iterator[None]:
        report = yield
        now_s = cpu_s()
        report.cpu_s = now_s - self._before_s  # travels with the report
        self._before_s = now_s
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        cost = self.costs.setdefault(report.nodeid.partition("::")[0], [0.0, 0.0, 0])
        cost[0] += getattr(report, "cpu_s", 0.0)
        cost[1] += report.duration
        cost[2] += report.when == "call"

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if FILE in os.environ and not hasattr(session.config, "workerinput"):
            Path(os.environ[FILE]).write_text(json.dumps(self.costs), "utf-8")
