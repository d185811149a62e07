"""What other hosts have seen of a host's log says whether its end was cut off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from tests.host.log_venue import ANN, BEN, Venue, compact, sql

from pressel.errors import PresselError
from pressel.ledger.text import SALT_BYTES
from pressel.node import log_copy
from pressel.node.log_copy import HEADS_VERB, LogCopy
from pressel.node.others import OtherHosts
from pressel.node.report import Report
from pressel.registry.device import REVOKED

SECRET_OF_7 = b'{"7": ["venue 2", "correct horse"]}'


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
    venue: Venue,
    name: str,
    others: Others,
    report: Report = lambda event, fields: None,
    on_new: Callable[[], None] = lambda: None,
) -> LogCopy:
    async def in_thread(call: Any, *values: Any) -> Any:
        return call(*values)

    return LogCopy(
        cast("OtherHosts", others), in_thread, lambda act: act(venue.at[name]), lambda term: True,
        report, on_new,
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


@pytest.mark.parametrize("head", ['[1e999, ""]', f'[{1 << 70}, ""]', "[-1, 1]", '"x"', "[[], 0]"])
def test_a_host_that_answers_nonsense_has_not_answered(venue: Venue, head: str) -> None:
    others = Others(venue, "")
    own = venue.keys["a"]

    async def ask(host: bytes, body: bytes) -> bytes:
        return f'{{"answer": {{"{own}": {head}}}}}'.encode()

    others.ask = ask  # type: ignore[method-assign]
    found = asyncio.run(copy_of(venue, "a", others).compared({}))
    assert found["silent"] == ["b", "c"]


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


def test_a_secret_that_came_without_is_asked_for_of_each_host(venue: Venue) -> None:
    """Host "b" is of a former version; the badges wait until "c" knows their Wi-Fi."""
    venue.lead("a", 100).record("settings set", "wifi.network 7 (was 0)", secret=SECRET_OF_7)
    venue.hear("b", "a")
    heard: list[str] = []
    others = Liars(venue, bare)
    copy = copy_of(venue, "c", others, on_new=lambda: heard.append("new"))
    assert asyncio.run(copy.hear_from(b"b"))
    assert heard == ["new"] and venue.at["c"].networks() == {}
    for host in (b"b", b"a", b"b", b"a"):
        assert asyncio.run(copy.hear_from(host))
    assert heard == ["new", "new"]
    assert venue.at["c"].networks() == {7: ("venue 2", "correct horse")}


# --- a host that is allowed, and lies ---


def unsigned(entry: list) -> list:
    body, _, texts = entry
    return [body, "00" * 64, texts]


def bare(entry: list) -> list:
    body, signature, _ = entry
    return [body, signature, {}]


def with_other_salts(entry: list) -> list:
    body, signature, texts = entry
    return [body, signature, {name: ("00" * SALT_BYTES, None) for name in texts}]


class Liars(Others):
    """Host "b" passes on what host "a" has written as `spoilt` gives it; "a" tells the truth."""

    def __init__(self, venue: Venue, spoilt: Callable[[list], list]) -> None:
        super().__init__(venue, "")
        self._copies["a"] = copy_of(venue, "a", self)
        self._spoilt = spoilt

    async def ask(self, host: bytes, body: bytes) -> bytes | None:
        page = self._copies[host.decode()].page(json.loads(body))
        if host == b"b":
            page = {**page, "entries": list(map(self._spoilt, page["entries"])), "keys": {}}
        return json.dumps({"answer": page}).encode()


def test_a_host_that_tells_without_end_fills_no_memory(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named, and of what it has told nothing is kept."""
    venue.lead("a", 100).enrol(ANN, "Ann")
    venue.hear("b", "a")
    others, asked = Others(venue, ""), []
    page = copy_of(venue, "b", others).page({"known": {}, "wanted": []})
    answer = json.dumps({"answer": {**page, "more": True}}).encode()
    monkeypatch.setattr(log_copy, "TURN_BYTES_MAX", 9 * len(answer))

    async def ask(host: bytes, body: bytes) -> bytes:
        asked.append(host)
        return answer

    others.ask = ask  # type: ignore[method-assign]
    told: list[dict[str, Any]] = []
    copy = copy_of(venue, "c", others, lambda event, fields: told.append(fields))
    assert not asyncio.run(copy.hear_from(b"b"))
    assert len(asked) == 10 and not venue.at["c"].devices()
    assert "more than the log" in told[0]["advice"] and told[0]["name"] == "b"


@pytest.mark.parametrize("spoilt", [unsigned, bare, with_other_salts])
def test_who_passes_on_lies_keeps_nothing_of_others_away(
    venue: Venue, spoilt: Callable[[list], list]
) -> None:
    """Neither a device, its name and key, nor its revocation. Whom the operator is told of is not
    the host in whose name it was."""
    told: list[dict[str, Any]] = []
    copy = copy_of(venue, "c", Liars(venue, spoilt), lambda event, fields: told.append(fields))
    leads = venue.lead("a", 100)

    async def turns() -> None:
        for _ in range(3):
            venue.hear("b", "a")
            await copy.hear_from(b"b")
            await copy.hear_from(b"a")

    leads.enrol(ANN, "Ann")
    asyncio.run(turns())
    assert venue.at["c"].device(ANN).name == "Ann"
    assert venue.at["c"].key(ANN) == leads.key(ANN)
    leads.enrol(BEN, "Ben")
    leads.revoke(ANN)
    asyncio.run(turns())
    assert venue.at["c"].device(ANN).state == REVOKED and venue.at["c"].verify()
    assert venue.at["c"].key(BEN) == leads.key(BEN)
    advice = [fields for fields in told if "advice" in fields]
    assert {fields["name"] for fields in advice} <= {"b"}
    assert bool(advice) == (spoilt is not bare)  # nobody can tell that from what was erased
