"""A host that is started by us: what it says before it serves is not taken for that."""

from __future__ import annotations

import asyncio

import pytest

from pressel.errors import PresselError
from pressel.node.ready import until_ready

READY = b'{"event": "ready", "address": "127.0.0.1", "port": 5}\n'


def said(data: bytes) -> list[str]:
    async def scenario() -> list[str]:
        stream = asyncio.StreamReader()
        stream.feed_data(data)
        stream.feed_eof()
        return [each["event"] for each in await until_ready(stream)]

    return asyncio.run(scenario())


def test_it_serves_when_it_says_so() -> None:
    assert said(READY) == ["ready"]
    assert said(b'{"event": "stalled"}\n' + READY + READY) == ["stalled", "ready"]


@pytest.mark.parametrize("data", [b"", b'{"event": "stalled"}\n'])
def test_one_that_ends_before_is_told(data: bytes) -> None:
    with pytest.raises(PresselError, match="did not start"):
        said(data)
