"""What Prometheus reads: every metric of the table, in both formats, with the host's figures."""

from __future__ import annotations

import contextlib
import re
import socket
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from tests.host.test_schema_metrics import leader_figures
from tests.host.web import fetch, served
from tests.shared.venue import Venue

from pressel.errors import UnreachableError
from pressel.metrics.exposition import Exposition
from pressel.metrics.reading import PAUSE_S, Reading
from pressel.metrics.server import CLIENTS_MAX, settings
from pressel.node.bursts import (
    HEARINGS_MAX,
    KEPT_MAX,
    OPEN_MAX,
    PAGE_HEARINGS_MAX,
    Bursts,
)
from pressel.schema.metrics import metrics

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class HostStandIn:
    """Answers as a host would; `bursts` of a venue in virtual time."""

    def __init__(self) -> None:
        self.venue = Venue(badges=3)
        self.bursts = Bursts(lambda: self.venue.leader, lambda: 1.0)
        self.bursts.follow(self.venue.leader)
        self.venue.run(1000)
        self.asked: list[str] = []
        self.is_gone = False

    def talk(self, *names: str) -> None:
        self.venue.press(*names)
        for name in names:
            self.venue.run(500)
            self.venue.release(name)
        self.venue.run(2000)

    def ask(self, verb: str, **fields: Any) -> Any:
        self.asked.append(verb)
        if self.is_gone:
            raise UnreachableError("no host answers")
        if verb == "bursts":
            return self.bursts.page(fields)
        return leader_figures(self.venue)


@pytest.fixture
def host() -> HostStandIn:
    return HostStandIn()


def read(reading: Reading) -> dict[str, Any]:
    text, _ = reading.render(OPENMETRICS)
    return {family.name: family for family in text_string_to_metric_families(text.decode())}


def value(families: dict[str, Any], name: str, **labels: str) -> float:
    for family in families.values():
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    raise KeyError(name)


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        self.now_s += PAUSE_S
        return self.now_s


def test_a_burst_is_counted_once_and_named(host: HostStandIn) -> None:
    reading = Reading(host.ask, Clock())
    host.talk("A")
    read(reading)
    found = read(reading)
    assert value(found, "pressel_bursts_total", cause="released") == 1
    assert value(found, "pressel_burst_listeners_total") == 2
    assert value(found, "pressel_listener_lost_ratio_count") == 2
    exemplars = [
        sample.exemplar.labels
        for sample in found["pressel_burst_duration_seconds"].samples
        if sample.exemplar
    ]
    assert exemplars == [{"burst": "1"}]
    assert host.bursts.page({"after": 0})["bursts"][0]["burst"] == 1


def test_who_waits_is_counted_with_the_wait(host: HostStandIn) -> None:
    reading = Reading(host.ask, Clock())
    host.talk("A", "B")
    found = read(reading)
    assert value(found, "pressel_floor_wait_seconds_count") == 2
    assert value(found, "pressel_floor_wait_seconds_bucket", le="0.0") == 1
    assert 0.3 < value(found, "pressel_floor_wait_seconds_sum") < 1


def test_who_lets_go_before_its_turn_has_not_waited_for_a_later_one(host: HostStandIn) -> None:
    host.venue.press("A", "B")
    host.venue.run(500)
    host.venue.release("B")
    host.venue.run(500)
    host.venue.release("A")
    host.venue.run(2000)
    host.talk("B")
    assert [each["waited_ms"] for each in host.bursts.page({})["bursts"]] == [0, 0]


def test_a_host_that_is_gone_is_down_and_counts_stay(host: HostStandIn) -> None:
    reading = Reading(host.ask, Clock())
    host.talk("A")
    assert value(read(reading), "pressel_up") == 1
    host.is_gone = True
    found = read(reading)
    assert value(found, "pressel_up") == 0
    assert "pressel_members" not in found
    assert value(found, "pressel_bursts_total", cause="released") == 1
    assert reading.why_down == "no host answers"


def test_bursts_of_a_host_that_was_restarted_are_counted_from_its_first(host: HostStandIn) -> None:
    reading = Reading(host.ask, Clock())
    host.talk("A")
    host.talk("B")
    read(reading)
    fresh = HostStandIn()
    fresh.talk("C")
    host.venue, host.bursts = fresh.venue, fresh.bursts
    assert value(read(reading), "pressel_bursts_total", cause="released") == 3


def test_the_host_is_asked_once_however_many_read(host: HostStandIn) -> None:
    reading = Reading(host.ask, lambda: 0.0)
    for _ in range(5):
        read(reading)
    assert host.asked.count("figures") == 1


def test_no_label_names_anybody(host: HostStandIn) -> None:
    """Groups, reasons and causes only."""
    reading = Reading(host.ask, Clock())
    host.talk("A")
    allowed = {"group", "reason", "cause", "kind", "le"}
    names = {
        label for family in read(reading).values() for s in family.samples for label in s.labels
    }
    assert names <= allowed
    assert not {label for row in metrics().values() for label in row.labels} - allowed


def test_a_page_of_bursts_is_small(host: HostStandIn) -> None:
    """It is made between two datagrams of voice."""
    for _ in range(4):
        host.talk("A")
    for burst in host.bursts.page({})["bursts"]:
        assert len(burst["hearings"]) == 2
    first = host.bursts.page({"after": 1})["bursts"]
    assert [each["place"] for each in first] == [2, 3, 4]
    assert [each["place"] for each in host.bursts.page({"newest": True})["bursts"]] == [1, 2, 3, 4]
    kept = host.bursts
    for each in kept._over:
        each.hearings *= PAGE_HEARINGS_MAX // 2
    assert len(kept.page({})["bursts"]) == 1


def test_what_a_host_keeps_of_bursts_has_an_end(host: HostStandIn) -> None:
    """By their number in a small venue, by their listeners in a large one."""
    kept = host.bursts
    for lease in range(1, KEPT_MAX + 100):
        kept.begun(1, lease, 2, 0, 0)
        kept.settled((lease, 0, 0, 0))
    assert len(kept._over) == KEPT_MAX
    for lease in range(10_000, 10_200):
        kept.begun(1, lease, 2, 0, 0)
        for node in range(250):
            kept.reported(lease, node, 1, 0, 0)
        kept.settled((lease, 250, 250, 250))
    assert sum(len(each.hearings) for each in kept._over) <= HEARINGS_MAX
    assert kept._over[-1].state.burst == 10_199
    for lease in range(20_000, 20_000 + 10 * OPEN_MAX):
        kept.begun(1, lease, 2, 0, 0)
    assert len(kept._open) == OPEN_MAX


def test_both_formats_are_served(host: HostStandIn) -> None:
    host.talk("A")
    with served(settings(Reading(host.ask), "127.0.0.1", 0)) as port:
        plain, text = fetch(port, "/metrics")
        assert (plain.headers["content-type"] or "").startswith("text/plain")
        assert "# TYPE pressel_bursts_total counter" in text
        named, text = fetch(port, "/metrics", headers={"Accept": OPENMETRICS})
        assert (named.headers["content-type"] or "").startswith("application/openmetrics-text")
        assert re.search(r'# \{burst="1"\}', text)
        assert fetch(port, "/metrics", "POST")[0].status == 405
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(b"GET /metrics HTTP/1.1\r\nX: " + b"y" * 20_000)  # and no end
            assert line.recv(12) == b"HTTP/1.1 400"


def test_more_clients_than_the_limit_are_sent_away(host: HostStandIn) -> None:
    with served(settings(Reading(host.ask), "127.0.0.1", 0)) as port, contextlib.ExitStack() as all:
        for _ in range(CLIENTS_MAX):
            line = all.enter_context(socket.create_connection(("127.0.0.1", port)))
            line.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            assert line.recv(12) == b"HTTP/1.1 200"
        assert fetch(port, "/metrics")[0].status == 503


def test_all_of_the_table_is_exported(host: HostStandIn) -> None:
    host.talk("A")
    found = read(Reading(host.ask, Clock()))
    always = {n for n in metrics() if not n.startswith("pressel_v1") and "convergence" not in n}
    shown = {sample.name for family in found.values() for sample in family.samples}
    missing = {name for name in always if name not in shown and f"{name}_count" not in shown}
    assert missing <= {"pressel_host_channel_datagrams_total"}


def test_counters_of_bursts_are_no_gauges() -> None:
    """An exposition without any burst shows them at 0, so that their first has a rate."""
    text, _ = Exposition().render("")
    assert b"pressel_frames_played_total 0.0" in text
