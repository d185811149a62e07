"""The second socket, for what is sent once for many: it follows the leader's word."""

from __future__ import annotations

from typing import Any

import pytest
from tests.firmware.conftest import Load
from tests.firmware.hardware import Socket, SocketModule

PLACE = (b"\xef\xff\x01\x02", 47802)
OTHER = (b"\xef\xff\x01\x03", 47802)
LEADER = ("10.0.0.1", 47800)


@pytest.fixture
def both(firmware: Load) -> tuple[Any, Any]:
    radio = firmware("hal.radio").Radio()
    return radio, firmware("hal.many").Many(radio)


def joined() -> list[bytes]:
    """All that the network was told of, in its order."""
    return [
        value
        for socket in SocketModule.made
        for _, option, value in socket.options
        if option == SocketModule.IP_ADD_MEMBERSHIP
    ]


def newest() -> Socket:
    return SocketModule.made[-1]


def test_the_radio_receives_from_it_too(both: Any) -> None:
    radio, many = both
    own = newest()
    assert many.listen(PLACE)
    assert newest().port == PLACE[1] and not newest().blocking
    newest().inbox.append((b"to many", LEADER))
    own.inbox.append((b"to me", LEADER))
    assert [radio.receive()[0], radio.receive()[0]] == [
        b"to me",
        b"to many",
    ]  # a flood starves none
    assert radio.receive() is None


def test_it_moves_and_ends(both: Any) -> None:
    radio, many = both
    for place in (PLACE, OTHER, None):
        before = newest()
        assert many.listen(place)
        assert before.is_closed == (before.port != 0)
    before.inbox.append((b"late", LEADER))
    assert radio.receive() is None


def test_an_address_is_joined_once(both: Any) -> None:
    """The port counts how often, up to 255, and never forgets."""
    _, many = both
    before = joined()
    for place in (PLACE, None, PLACE, OTHER, None):
        assert many.listen(place)
    assert joined()[len(before) :] == [PLACE[0] + bytes(4), OTHER[0] + bytes(4)]


@pytest.mark.parametrize("what", ["is_full", "has_no_network"])
def test_what_the_port_refuses_is_told_and_leaves_no_socket(
    both: Any, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    radio, many = both
    with monkeypatch.context() as patch:
        patch.setattr(SocketModule, what, True)
        assert not many.listen(PLACE)
        assert newest().port == 0 or newest().is_closed
    assert radio.receive() is None
    assert many.listen(PLACE) and not newest().is_closed
