"""The alerts and the dashboard that come along: Prometheus' own tool tries the rules, and every
expression asks for metrics that exist, under labels that they have."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from pressel.metrics import SHIPPED
from pressel.schema.metrics import metrics

PROMTOOL = shutil.which("promtool")
NAME = re.compile(r"pressel_[a-z0-9_]+")
BY = re.compile(r"\bby \(([a-z, ]+)\)")
SERIES = ("_bucket", "_sum", "_count")
GRAFANAS = {"$__rate_interval": "1m"}  # what Grafana puts in before it asks

needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="no promtool here (Debian: apt install prometheus)"
)


def alerts() -> list[tuple[str, str]]:
    rules = yaml.safe_load((SHIPPED / "alerts.yml").read_text("utf-8"))
    return [(each["alert"], each["expr"]) for group in rules["groups"] for each in group["rules"]]


def panels() -> list[tuple[str, str]]:
    board = json.loads((SHIPPED / "dashboard.json").read_text("utf-8"))
    found = [(each["title"], t["expr"]) for each in board["panels"] for t in each["targets"]]
    for name, value in GRAFANAS.items():
        found = [(title, expr.replace(name, value)) for title, expr in found]
    return found


def series() -> dict[str, set[str]]:
    """The labels of all that is exported, those that Prometheus adds among them."""
    found: dict[str, set[str]] = {}
    for name, row in metrics().items():
        labels = {*row.labels, "instance", "job"}
        if row.type == "histogram":
            found |= {name + part: labels | {"le"} for part in SERIES}
        else:
            found[name] = labels
    return found


def promtool(*words: str, cwd: Path) -> None:
    assert PROMTOOL is not None
    ran = subprocess.run([PROMTOOL, *words], cwd=cwd, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(("title", "expr"), alerts() + panels())
def test_it_asks_for_what_is_exported(title: str, expr: str) -> None:
    known = series()
    names = NAME.findall(expr)
    assert names, title
    for name in names:
        assert name in known, f"{title}: nothing exports {name}"
    for labels in BY.findall(expr):
        for label in labels.split(", "):
            assert all(label in known[name] for name in names), f"{title}: no label {label}"


def test_every_metric_that_tells_of_trouble_is_shown() -> None:
    """What no alert and no panel asks for is on purpose."""
    asked = " ".join(expr for _, expr in alerts() + panels())
    unseen = {name for name in metrics() if name not in asked}
    assert unseen == {
        "pressel_uptime_seconds",
        "pressel_leader_term",
        "pressel_host_term",
        "pressel_host_kept_term",
        "pressel_host_channel_datagrams_total",
        "pressel_v1_clients",
        "pressel_v1_messages_refused_total",
    }


@needs_promtool
def test_alerts_come_when_they_should(tmp_path: Path) -> None:
    promtool("check", "rules", "alerts.yml", cwd=SHIPPED)
    promtool("test", "rules", "alerts_test.yml", cwd=SHIPPED)
    spoiled = (SHIPPED / "alerts.yml").read_text("utf-8").replace("> 0.02", "> 0.2")
    (tmp_path / "alerts.yml").write_text(spoiled, "utf-8")
    shutil.copy(SHIPPED / "alerts_test.yml", tmp_path)
    with pytest.raises(AssertionError, match="PresselSpeechLost"):
        promtool("test", "rules", "alerts_test.yml", cwd=tmp_path)


def test_every_alert_is_tried() -> None:
    tried = (SHIPPED / "alerts_test.yml").read_text("utf-8")
    for alert, _ in alerts():
        assert tried.count(alert) >= 2, f"{alert} must come once, and stay away once"


@needs_promtool
def test_prometheus_understands_every_panel(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{n}", "expr": expr} for n, (_, expr) in enumerate(panels())]
    text = yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]})
    (tmp_path / "panels.yml").write_text(text, "utf-8")
    promtool("check", "rules", "panels.yml", cwd=tmp_path)
