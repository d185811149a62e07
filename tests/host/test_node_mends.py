"""What hosts have mended of their settings files, as the others are told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from pressel.node.desk.mends import MENDS_MAX, Mends


def test_what_other_hosts_have_mended_is_asked_and_checked() -> None:
    """The newest of each, by time; what is no such list, or does not come, counts for nothing."""
    said = {"time_s": 5, "why": "it was\x1b[2Jgone"}
    answers: dict[bytes, Any] = {
        b"a": {"answer": [{"host": "x", "time_s": n, "why": str(n)} for n in range(2000, 2020)]},
        b"b": {"answer": [said]},
        b"c": {"error": "a former version", "exit": 1},
        b"d": {"answer": [{**said, "time_s": 1 << 62}]},
        b"e": None,
        b"f": [],
        b"g": {"answer": [{**said, "why": "x" * 100_000}]},
    }

    async def ask(host: bytes, body: bytes) -> bytes | None:
        assert json.loads(body)["ask"] == "settings mended"
        if host == b"h":
            raise TimeoutError
        return None if answers[host] is None else json.dumps(answers[host]).encode()

    mends = Mends(lambda: [*answers, b"h"], ask, bytes.decode, lambda: 1000.5)
    mends.add("it held version 1")
    told = asyncio.run(mends.all())
    assert [(each["host"], each["time_s"]) for each in told[:2]] == [("b", 5), ("", 1000)]
    assert [each["time_s"] for each in told[2:]] == list(range(2012, 2020))
    assert {each["host"] for each in told[2:]} == {"a"} and "\x1b" not in told[0]["why"]
    for n in range(50):
        mends.add(str(n))
    assert len(mends.own({})) == MENDS_MAX
