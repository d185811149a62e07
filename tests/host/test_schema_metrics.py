"""Every metric can be read from the state of a leader with badges, or of a host."""

from __future__ import annotations

import os
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.shared.clear import ClearLeader
from tests.shared.venue import Venue

from pressel.metrics.samples import Sample, samples
from pressel.node import tally
from pressel.node.channel.channel import Channel
from pressel.schema.metrics import metrics
from ptt.cluster.ballot import NOBODY
from ptt.host import Host


@pytest.fixture(scope="module")
def state() -> dict[str, Any]:
    """What a leader and a host say when all that can be counted has happened."""
    venue = Venue(badges=3).run(1000)
    venue.press("A", "B")
    venue.run(500)
    venue.leader.receive_datagram(b"\x00", ("stranger", 1), venue.now_ms)
    return {**leader_figures(venue), "exporter": {"up": 1}}


def leader_figures(venue: Venue) -> dict[str, Any]:
    """What `pressel.node.tally` says of a host that leads `venue`."""
    of_process = {"uptime_s": 1.5, "v1_clients": 1, "v1_refused": {"frame": 2}}
    return {
        "host": host_figures(),
        "status": tally.of_leader(venue.leader, venue.now_ms) | of_process,
    }


def host_figures() -> dict[str, Any]:
    private = Ed25519PrivateKey.generate()
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    channel = Channel(private, [other], os.urandom, 0)
    channel.receive_datagram(b"\x00", ("127.0.0.1", 1), 0)
    host = Host(channel.host, (channel.host,), (1, NOBODY), lambda term: ClearLeader(term, 1), 0, 1)
    for now_ms in range(0, 3000, 50):
        host.handle_timeout(now_ms)
        while (wanted := host.poll_store()) is not None:
            host.on_stored(wanted, now_ms)
    return tally.of_host(host, channel, 3000)


PLAIN = {name: row for name, row in metrics().items() if not row.of_bursts}


@pytest.mark.parametrize("name", PLAIN)
def test_its_source_is_there(name: str, state: dict[str, Any]) -> None:
    row = metrics()[name]
    found = samples(row, state)
    assert found, f"{row.source} gives nothing"
    for sample in found:
        assert [label for label, _ in sample.labels] == row.labels
        assert isinstance(sample.value, (int, float))
    assert len({sample.labels for sample in found}) == len(found), "two samples under one name"


def test_a_source_that_is_not_there_is_an_error(state: dict[str, Any]) -> None:
    row = metrics()["pressel_voice_packets_sent_total"]
    with pytest.raises(KeyError):
        samples(row.model_copy(update={"source": "status.voice_of"}), state)


def test_values_are_in_the_unit_of_the_metric(state: dict[str, Any]) -> None:
    status, host = dict(state["status"]), dict(state["host"], state="leader", convergence_ms=1500)
    status["floors"] = [{"group": 1, "queue": 2, "taken": 1}]
    status["refused"] = {"stale": 3}
    changed = {"status": status, "host": host}
    rows = metrics()
    assert samples(rows["pressel_members"], changed) == [Sample((), 3)]
    assert samples(rows["pressel_floor_queue_length"], changed) == [Sample((("group", "1"),), 2)]
    assert samples(rows["pressel_datagrams_refused_total"], changed) == [
        Sample((("reason", "stale"),), 3)
    ]
    assert samples(rows["pressel_election_convergence_seconds"], changed) == [Sample((), 1.5)]
    assert samples(rows["pressel_host_leads"], changed) == [Sample((), 1)]


def test_a_host_that_does_not_lead_has_no_metrics_of_a_leader(state: dict[str, Any]) -> None:
    assert samples(metrics()["pressel_members"], {"host": state["host"]}) == []
    unknown = {"host": dict(state["host"], convergence_ms=None)}
    assert samples(metrics()["pressel_election_convergence_seconds"], unknown) == []
