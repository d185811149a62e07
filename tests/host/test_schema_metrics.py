"""Every metric can be read from the state of a leader with badges, or of a host."""

from __future__ import annotations

import os
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.shared.clear import ClearLeader
from tests.shared.venue import Venue

from pressel.legacy.state import V1ClientState
from pressel.metrics.samples import Sample, samples
from pressel.node.channel.channel import Channel
from pressel.node.cluster_state import take_state
from pressel.node.snapshot import take_snapshot
from pressel.schema.metrics import metrics
from ptt.cluster.ballot import NOBODY
from ptt.host import Host


@pytest.fixture(scope="module")
def state() -> dict[str, Any]:
    """What a leader and a host say when all that can be counted has happened."""
    return {"status": leader_state(), "host": host_state()}


def leader_state() -> dict[str, Any]:
    venue = Venue(badges=3).run(1000)
    venue.press("A", "B")
    venue.run(500)
    venue.leader.receive_datagram(b"\x00", ("stranger", 1), venue.now_ms)
    status = take_snapshot(venue.leader, "127.0.0.1:47800", 1.5, venue.now_ms)
    for member in status.members:
        member.address = "127.0.0.1:1"
    status.v1_clients = [
        V1ClientState(
            name="Tom", address="127.0.0.1:2", device=None, press="idle", silent_ms=0,
            voice_dropped=0,
        )
    ]  # fmt: skip
    status.v1_refused = {"frame": 2}
    return status.model_dump()


def host_state() -> dict[str, Any]:
    private = Ed25519PrivateKey.generate()
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    channel = Channel(private, [other], os.urandom, 0)
    channel.receive_datagram(b"\x00", ("127.0.0.1", 1), 0)
    host = Host(channel.host, (channel.host,), (1, NOBODY), lambda term: ClearLeader(term, 1), 0, 1)
    for now_ms in range(0, 3000, 50):
        host.handle_timeout(now_ms)
        while (wanted := host.poll_store()) is not None:
            host.on_stored(wanted, now_ms)
    taken = take_state(host, channel, bytes.hex, ("127.0.0.1:1", "127.0.0.1:2"), 3000)
    for peer in taken.peers:
        peer.silent_ms = 10
    return taken.model_dump()


@pytest.mark.parametrize("name", metrics())
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
    status["members"] = [dict(status["members"][0], name="Ann", device="02", silent_ms=250)]
    status["refused"] = {"stale": 3}
    changed = {"status": status, "host": host}
    rows = metrics()
    assert samples(rows["pressel_members"], changed) == [Sample((), 1)]
    assert samples(rows["pressel_member_silence_seconds"], changed) == [
        Sample((("name", "Ann"), ("device", "02")), 0.25)
    ]
    assert samples(rows["pressel_datagrams_refused_total"], changed) == [
        Sample((("reason", "stale"),), 3)
    ]
    assert samples(rows["pressel_election_convergence_seconds"], changed) == [Sample((), 1.5)]
    assert samples(rows["pressel_host_leads"], changed) == [Sample((), 1)]


def test_a_host_that_does_not_lead_has_no_metrics_of_a_leader(state: dict[str, Any]) -> None:
    assert samples(metrics()["pressel_members"], {"host": state["host"]}) == []
    unknown = {"host": dict(state["host"], convergence_ms=None)}
    assert samples(metrics()["pressel_election_convergence_seconds"], unknown) == []
