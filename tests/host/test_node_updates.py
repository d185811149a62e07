"""Updates at a host that leads, stops leading, and leads again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.host.test_update_host import believed, build
from tests.shared.update_stage import UpdateVenue
from tests.signers import own_state, signer_in

from pressel.errors import PresselError, UsageError
from pressel.node.desk.campaigns import Campaigns
from pressel.node.updates import Updates
from pressel.registry.store import Registry
from pressel.update.release import sign_build
from ptt.leader import distributor

__all__ = ["own_state"]

START = {"release": None, "stage": "all", "devices": (), "groups": (), "flags": 0}


async def directly(call: Callable[..., Any], *values: Any) -> Any:
    return call(*values)


class Host:
    """Leads while `leader` is there; `told` is what it reported."""

    def __init__(self, folder: Path) -> None:
        key = signer_in(folder / "signer")
        sign_build(build(folder / "build"), "any", key, folder / "release.zip")
        self.state = folder / "state"
        Registry(self.state).close()
        believed(self.state, key).add(folder / "release.zip")
        self.leader: Any = None
        self.told: list[dict[str, Any]] = []
        self.updates = Updates(
            self.state,
            lambda: self.leader,
            self,  # pyright: ignore[reportArgumentType]
            self._report,
            directly,
            now_ms=lambda: 2000,
        )
        self.campaigns = Campaigns(self.state, self.updates, directly)

    def key(self, device: bytes) -> bytes:
        return device * 4

    def _report(self, event: str, fields: dict[str, Any]) -> None:
        self.told.append({"event": event, **fields})


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def leading(badges: int = 2) -> Any:
    venue = UpdateVenue(badges)
    venue.run(2000)
    return venue.leader


def test_who_does_not_lead_says_so(host: Host) -> None:
    asyncio.run(host.updates.resume())
    with pytest.raises(UsageError, match="no longer leads"):
        asyncio.run(host.campaigns.start(START))
    assert host.told == []


def test_a_campaign_goes_on_when_the_host_leads_again(host: Host) -> None:
    host.leader = first = leading()
    assert asyncio.run(host.campaigns.start(START))["release"] == 2
    assert len(first.updates.jobs()) == 2
    host.leader = None
    with pytest.raises(UsageError, match="no longer leads"):
        asyncio.run(host.campaigns.status({}))
    host.leader = second = leading()
    asyncio.run(host.updates.resume())
    assert len(second.updates.jobs()) == 2
    asyncio.run(host.campaigns.cancel({}))
    assert not second.updates.jobs()


def test_a_damaged_campaign_is_told_and_the_host_goes_on(host: Host) -> None:
    (host.state / "updates/campaign.json").write_text("{")
    host.leader = leading()
    asyncio.run(host.updates.resume())
    assert "is damaged" in host.told[0]["advice"]
    with pytest.raises(PresselError, match="is damaged"):
        asyncio.run(host.campaigns.start(START))


def test_a_full_disk_does_not_stop_the_host(host: Host) -> None:
    """A badge's word comes in an engine's step: an exception there ended the timer."""
    host.leader = leading()
    asyncio.run(host.campaigns.start(START))
    (host.state / "updates/campaign.new").mkdir()
    for job in host.leader.updates.jobs():
        host.updates.on_told(job.device, 2, distributor.FETCHING, 0)
    told = [each["advice"] for each in host.told if each["event"] == "campaign"]
    assert len(told) == 1 and "cannot keep the update" in told[0]


def test_a_later_step_that_another_host_knows_of_is_obeyed(host: Host) -> None:
    host.leader = leading()
    asyncio.run(host.campaigns.start(START))
    over = {"release": 2, "edition": [host.leader.term, 2], "is_over": True}
    assert asyncio.run(host.campaigns.hear({"campaign": over}))
    assert not host.leader.updates.jobs() and host.told[-1]["event"] == "update_news"
    assert not asyncio.run(host.campaigns.hear({"campaign": over}))


def test_a_badge_may_name_any_reason(host: Host) -> None:
    host.leader = leading()
    asyncio.run(host.campaigns.start(START))
    device = host.leader.updates.jobs()[0].device
    host.updates.on_told(device, 2, distributor.FAILED, 77)
    assert host.told[-1]["why"] == "reason 77"
