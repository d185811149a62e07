"""A release in stages at a host: who may begin it beside other changes, what the log tells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from tests.host.test_node_updates import Host, directly, leading
from tests.signers import own_state

from pressel.errors import PresselError, UsageError
from pressel.node.desk.release_rollouts import STEP, ReleaseRollouts
from pressel.node.desk.rollouts import Rollouts
from pressel.node.desk.venue_settings import VenueSettings
from pressel.registry.store import Registry
from pressel.rollout.gate import FRAMES_MIN
from pressel.rollout.rollout import SOAK_S
from ptt.leader import distributor

__all__ = ["own_state"]

DELAY = {"values": {"audio.playout_delay_ms": 90}, "base": 1, "who": "ben"}


class Stage(Host):
    """With everything that may be rolled out."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.now_s = 0.0
        settled: Callable[[], None] = lambda: None  # noqa: E731
        common = (directly, self._with_registry, self._report)
        now: Callable[[], float] = lambda: self.now_s  # noqa: E731
        self.releases = ReleaseRollouts(self.state, self.updates, *common, now_s=now)
        self.settings = VenueSettings(
            self.state, lambda: self.leader, lambda: None, settled, *common
        )
        self.rollouts = Rollouts(
            self.settings, lambda: self.leader, settled, *common, now_s=now, releases=self.releases
        )
        self.leader = leading(6)

    def _with_registry(self, act: Any) -> Any:
        with Registry(self.state) as registry:
            return act(registry)

    def begin(self) -> dict[str, Any]:
        return run(self.releases.begin({"release": None, "why": "new", "who": "ann"}))

    def status(self) -> dict[str, Any]:
        return run(self.rollouts.status({}))

    def end(self, state: int) -> None:
        for job in self.leader.updates.jobs():
            self.updates.on_told(job.device, 2, state, 0)

    def logged(self) -> list[tuple[str | None, str | None, str | None]]:
        with Registry(self.state) as registry:
            steps = [each for each in registry.about_venue() if each.entry.verb == STEP]
        return [tuple(e.texts.get(name) for name in ("what", "who", "why")) for e in steps]  # pyright: ignore[reportReturnType]


def run(what: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(what)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_its_figures_are_told_as_those_of_settings_are_and_the_log_has_each_step(
    stage: Stage,
) -> None:
    told = stage.begin()
    assert (told["state"], told["stage"], told["who"]) == ("running", "canary", "ann")
    run(stage.rollouts.tick(0))
    stage.end(distributor.DONE)
    run(stage.rollouts.tick(0))
    for member in stage.leader.members.all():
        member.played += 2 * FRAMES_MIN
    stage.now_s += SOAK_S
    run(stage.rollouts.tick(0))
    assert stage.status()["stage"] == "10 %"
    told = run(next(v for v in stage.rollouts.verbs() if v.name == "rollout abort").answer(
        {"who": "ben"}
    ))  # fmt: skip
    assert told["state"] == "taken back" and told["words"] == "by ben"
    assert [(what, who) for what, who, _ in stage.logged()] == [
        ("release 2: running, canary", "ann"),
        ("release 2: running, 10 %", None),
        ("release 2: taken back, 10 %", "ben"),
    ]


def test_a_release_and_a_setting_wait_for_each_other(stage: Stage) -> None:
    stage.begin()
    with pytest.raises(PresselError, match="a release is being rolled out"):
        run(stage.rollouts.start(dict(DELAY)))
    assert run(stage.settings.set({"values": {"floor.talk_ms": 9000}, "base": 1}))["version"] == 2
    run(stage.updates.do(lambda runs: runs.cancel()))
    run(stage.rollouts.start({**DELAY, "base": 2}))
    with pytest.raises(PresselError, match="another change is being rolled out"):
        stage.begin()
    assert stage.status()["version"] == 3
    abort = next(each for each in stage.rollouts.verbs() if each.name == "rollout abort")
    for changed in ("audio.playout_delay_ms", "release 2"):  # what was begun last is told
        assert changed in run(abort.answer({}))["changed"]
        assert stage.status()["state"] == "taken back" and changed in stage.status()["changed"]
        if changed != "release 2":
            stage.begin()
            assert "release 2" in stage.status()["changed"]


def test_where_there_is_none_nothing_is_done_and_said_so(stage: Stage) -> None:
    run(stage.rollouts.tick(0))
    assert stage.status() == {"state": ""} and stage.logged() == []
    for verb in stage.rollouts.verbs():
        if verb.name in ("rollout pause", "rollout go", "rollout abort"):
            with pytest.raises(UsageError, match="no change is being rolled out"):
                run(verb.answer({}))


def test_a_campaign_that_cannot_be_read_stops_no_change_of_settings(stage: Stage) -> None:
    (stage.state / "updates").mkdir(exist_ok=True)
    (stage.state / "updates/campaign.json").write_text("{")
    run(stage.rollouts.tick(0))
    assert stage.status() == {"state": ""}
    assert run(stage.rollouts.start(dict(DELAY)))["state"] == "running"


def test_a_host_that_takes_over_goes_on_and_tells_the_same(stage: Stage) -> None:
    stage.begin()
    stage.end(distributor.DONE)
    stage.leader = None
    run(stage.rollouts.tick(0))
    stage.leader = leading(6)
    run(stage.updates.resume())
    run(stage.rollouts.tick(0))
    told = stage.status()
    assert (told["state"], told["stage"], told["touched"]["badges"]) == ("running", "canary", 2)
    assert told["touched"]["silent"] == 0
