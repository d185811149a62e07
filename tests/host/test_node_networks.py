"""A host changes the Wi-Fi of the badges: a few try it, and its password is told to nobody else."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.host.test_node_rollout import Stage

from pressel.errors import PresselError, UsageError
from pressel.registry.store import Registry
from pressel.rollout.stages import STAGES
from ptt.base import features
from ptt.wire import messages

NETWORK = "wifi.network"
RIGHT, WRONG = ("venue 2", "correct horse"), ("venue 2", "correct hose")


class Radios(Stage):
    """Its badges can change their network; `RIGHT` is the only one that leads to the leader."""

    def lead(self, kept: Any = None) -> None:
        super().lead(kept)
        for member in self.engine().members.all():
            member.features = features.NETWORKS | features.SECRET_TEXTS
        self.moved: set[bytes] = set()

    def change(self, network: tuple[str, str], base: int = 1) -> dict[str, Any]:
        fields = {"values": {}, "network": list(network), "base": base, "why": "new", "who": "ann"}
        return asyncio.run(self.rollouts.start(fields))

    def answer(self, refused: bool = False) -> None:
        """Each badge tries what it is to have; who moves joins anew."""
        super().answer(refused)
        engine = self.engine().settings
        for member in self.engine().members.all():
            number = engine.of(member).network
            told = engine.networks.get(number)
            is_right = not number or told == tuple(word.encode() for word in RIGHT)
            if number and told and member.device not in self.moved:
                member.node += 1000
                self.moved.add(member.device)
            state = messages.WIFI_USED if is_right else messages.WIFI_CUT_OFF
            if told or not number:
                engine.on_network(member, number, state)
        super().answer(refused)

    def numbers(self) -> list[int]:
        """The networks that badges are to use."""
        settings = self.engine().settings
        return [settings.of(member).network for member in self.engine().members.all()]

    def on_disk(self) -> bytes:
        return b"".join(each.read_bytes() for each in self.folder.rglob("*") if each.is_file())


@pytest.fixture
def stage(tmp_path: Path) -> Radios:
    return Radios(tmp_path)


def test_a_right_one_reaches_all_although_each_badge_joins_anew(stage: Radios) -> None:
    told = stage.change(RIGHT)
    assert (told["state"], told["stage"]) == ("running", "canary")
    assert sorted(stage.numbers())[:18] == [0] * 18 and max(stage.numbers()) > 0
    for _ in STAGES:
        stage.tick()
        stage.answer()
        stage.talk()
        stage.now_s += 600
        stage.tick()
    assert stage.ask("status")["state"] == "done", stage.ask("status")["words"]
    assert len(set(stage.numbers())) == 1 and stage.numbers()[0] > 0
    (change,) = stage.history()
    assert change["was"] == {NETWORK: 0}


def test_a_password_with_a_letter_wrong_reaches_the_canary_only(stage: Radios) -> None:
    stage.change(WRONG)
    touched = [number for number in stage.numbers() if number]
    assert len(touched) == 2
    stage.tick()
    stage.answer()
    stage.tick()
    told = stage.ask("status")
    assert told["state"] == "taken back" and "2 of 2 badges refuse it" in told["words"]
    assert stage.numbers() == [0] * 20
    assert stage.version() == 3


def test_the_password_is_in_nothing_that_is_told_or_kept(stage: Radios) -> None:
    stage.change(WRONG)
    stage.answer()
    stage.tick()
    stage.change(RIGHT, 3)
    stage.ask("abort")
    fields = {"values": {}, "network": list(RIGHT), "base": 5, "who": "ann"}
    said: list[Any] = [asyncio.run(stage.settings.set(fields)), stage.history()]
    said += [stage.ask("status"), stage.told, asyncio.run(stage.settings.status({}))]
    with Registry(stage.folder) as registry:
        said += [(each.entry, each.texts) for each in registry.about_venue()]
        assert sorted(registry.networks().values()) == sorted([WRONG, RIGHT, RIGHT])
    for secret in (RIGHT[1], WRONG[1]):
        assert secret not in json.dumps(said, default=repr)
        assert secret.encode() not in stage.on_disk()


def test_the_next_leader_knows_the_one_that_is_tried(stage: Radios) -> None:
    stage.change(RIGHT)
    before = sorted(stage.numbers())
    stage.lead()
    stage.settings.networks.__init__()  # type: ignore[misc]
    stage.tick()
    assert sorted(stage.numbers()) == before
    assert RIGHT[1].encode() in [word for _, word in stage.engine().settings.networks.values()]


def test_a_number_that_nobody_gave_a_name_is_refused(stage: Radios) -> None:
    for begin in (stage.set, stage.start):
        with pytest.raises(UsageError, match="pressel settings wifi"):
            begin({NETWORK: 4711}, 1)
    assert stage.version() == 1
    stage.change(RIGHT)
    number = max(stage.numbers())
    stage.ask("abort")
    assert stage.set({NETWORK: number}, 3)["values"][NETWORK] == number
    assert stage.set({NETWORK: 0}, 4)["values"][NETWORK] == 0


@pytest.mark.parametrize(
    "network",
    [("", "correct horse"), ("a" * 33, "correct horse"), ("venue", "short"), ("venue", "z" * 64),
     ("a\nb", "correct horse"), ["venue"], "venue", 7, None, ("a", "b", "c")],
)  # fmt: skip
def test_what_no_badge_could_use_is_refused(stage: Radios, network: Any) -> None:
    fields = {"values": {}, "network": network, "base": 1}
    for verb in (stage.settings.set, stage.rollouts.start):
        with pytest.raises(PresselError) as refused:
            asyncio.run(verb(dict(fields)))
        assert "correct horse" not in str(refused.value)
    assert stage.version() == 1


def test_badges_that_cannot_change_are_not_asked_to(stage: Radios) -> None:
    for member in stage.engine().members.all():
        member.features = features.NETWORKS  # its password would go in the clear
    with pytest.raises(UsageError, match="no badge is here to try it out"):
        stage.change(RIGHT)
