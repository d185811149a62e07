"""What other hosts have seen of a host's log says whether its end was cut off."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest
from tests.host.test_registry_copies import ANN, BEN, Venue, compact, sql, venue

from pressel.errors import PresselError
from pressel.node.log_copy import HEADS_VERB, LogCopy
from pressel.node.others import OtherHosts
from pressel.node.report import Report

__all__ = ["venue"]


class Others:
    """Hosts "b" and "c", as "a" reaches them; `silent` do not answer."""

    def __init__(self, venue: Venue, silent: str) -> None:
        self._silent = silent
        self._copies = {name: copy_of(venue, name, self) for name in "bc"}
        self.channel = self

    def hosts(self) -> list[bytes]:
        return [b"b", b"c"]

    def name_of(self, host: bytes) -> str:
        return host.decode()

    async def ask(self, host: bytes, body: bytes) -> bytes | None:
        name, asked = host.decode(), json.loads(body)
        if name in self._silent:
            return None
        assert asked["ask"] == HEADS_VERB
        return json.dumps({"answer": self._copies[name].heads(asked)}).encode()


def copy_of(
    venue: Venue, name: str, others: Others, report: Report = lambda event, fields: None
) -> LogCopy:
    async def in_thread(call: Any, *values: Any) -> Any:
        return call(*values)

    return LogCopy(
        cast("OtherHosts", others), in_thread, lambda act: act(venue.at[name]), lambda term: True,
        report, lambda: None,
    )  # fmt: skip


def compared(venue: Venue, silent: str = "") -> dict[str, list[str]]:
    return asyncio.run(copy_of(venue, "a", Others(venue, silent)).compared({}))


def test_others_say_how_much_they_have(venue: Venue) -> None:
    venue.lead("a", 100).enrol(ANN, "Ann")
    venue.hear("b", "a")
    assert compared(venue) == {"all": ["b"], "behind": ["c"], "silent": []}
    assert compared(venue, "c") == {"all": ["b"], "behind": [], "silent": ["c"]}
    venue.hear("c", "a")
    compact(venue.at["a"])
    assert compared(venue)["behind"] == ["b", "c"]  # what they have is dropped here
    venue.meet()
    assert compared(venue)["all"] == ["b", "c"]


def test_an_end_that_was_cut_off_is_found_by_any_that_has_seen_it(venue: Venue) -> None:
    leads = venue.lead("a", 100)
    leads.enrol(ANN, "Ann")
    leads.enrol(BEN, "Ben")
    venue.hear("c", "a")
    last = leads.log.last()
    for table in ("entry", "entry_text"):
        sql(leads, f"DELETE FROM {table} WHERE host = '{leads.own_key()}' AND number = {last}")
    sql(leads, f"DELETE FROM device WHERE id = '{BEN}'")
    assert leads.verify()  # by itself it cannot know
    with pytest.raises(PresselError, match=r"^c has seen entries .* cut off"):
        compared(venue)
    assert compared(venue, "c")["silent"] == ["c"]


def test_another_log_than_others_have_seen_is_found(venue: Venue) -> None:
    leads = venue.lead("a", 100)
    leads.enrol(ANN, "Ann")
    venue.hear("b", "a")
    last = leads.log.last()
    for table in ("entry", "entry_text"):
        sql(leads, f"DELETE FROM {table} WHERE host = '{leads.own_key()}' AND number = {last}")
    sql(leads, "DELETE FROM device")
    leads.enrol(BEN, "Ben")
    with pytest.raises(PresselError, match=r"^b has seen .* cut off"):
        compared(venue)


# --- a host of an earlier version, beside new ones ---

# What hosts answered before there was a log, to a question that they do not know.
FORMER = json.dumps({"error": "not understood: log page", "exit": 2}).encode()


class FormerOthers(Others):
    """Host "b" has no log yet; `asked` are the questions that it did not understand."""

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue, "")
        self.asked: list[str] = []

    async def ask(self, host: bytes, body: bytes) -> bytes | None:
        if host != b"b":
            return await super().ask(host, body)
        self.asked.append(json.loads(body)["ask"])
        return FORMER.replace(b"log page", self.asked[-1].encode())


def test_a_host_of_the_version_before_the_log_is_named_once_and_stops_nobody(venue: Venue) -> None:
    """It is told what to do, what it has counts as nothing, and others are heard."""
    told: list[tuple[str, dict[str, Any]]] = []
    others = FormerOthers(venue)
    copy = copy_of(venue, "a", others, lambda event, fields: told.append((event, fields)))

    async def scenario() -> dict[str, list[str]]:
        for _ in range(3):
            assert not await copy.hear_from(b"b")
        return await copy.compared({})

    found = asyncio.run(scenario())
    assert found["silent"] == ["b"] and found["behind"] == ["c"]
    assert set(others.asked) == {"log page", "log heads"}
    ((event, fields),) = told
    assert (event, fields["name"]) == ("other_host", "b")
    assert "does not know the venue's log" in fields["advice"] and "update it" in fields["advice"]
