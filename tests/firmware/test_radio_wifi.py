"""Radio and Wi-Fi: nothing raises, nothing waits, losses are counted."""

from __future__ import annotations

import errno
import itertools
from typing import Any

import pytest
from tests.firmware.conftest import Load
from tests.firmware.hardware import Poll, Socket, SocketModule, Wlan

from ptt.base.numbers import DATAGRAM_BYTES_MAX
from ptt.base.outbox import Datagram

LEADER = ("10.0.0.1", 47800)


def radio(firmware: Load) -> tuple[Any, Socket]:
    made = firmware("hal.radio").Radio()
    return made, SocketModule.made[-1]


def datagram(data: bytes) -> Datagram:
    made = Datagram(100)
    made.buffer[: len(data)] = data
    made.resize(len(data))
    made.destination = LEADER
    return made


def test_a_datagram_goes_out(firmware: Load) -> None:
    made, socket = radio(firmware)
    made.send(datagram(b"hello"))
    assert socket.sent == [(b"hello", LEADER)]
    assert made.send_drops == 0


def test_no_memory_or_no_network_is_a_counted_drop(firmware: Load) -> None:
    made, socket = radio(firmware)
    for number, code in enumerate((errno.ENOMEM, errno.EHOSTUNREACH, errno.ENETUNREACH), start=1):
        socket.send_error = code
        made.send(datagram(b"hello"))
        assert made.send_drops == number
    socket.send_error = 0
    made.send(datagram(b"again"))
    assert socket.sent == [(b"again", LEADER)]


def test_nothing_has_come(firmware: Load) -> None:
    made, _ = radio(firmware)
    assert made.receive() is None


def test_a_wait_asks_for_a_part_of_a_tick_less(
    firmware: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The port waits for whole ticks of 10 ms, and one more when it is asked for all of them."""
    made, _ = radio(firmware)
    asked: list[int] = []
    monkeypatch.setattr(Poll, "poll", lambda self, timeout_ms: asked.append(timeout_ms) or [])
    for timeout_ms in (0, 5, 10, 20, 25):
        made.wait(timeout_ms)
    assert asked == [1, 1, 1, 11, 16]


def test_without_memory_a_datagram_waits_until_somebody_has_given_some(
    firmware: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, socket = radio(firmware)
    socket.inbox += [(b"one", LEADER)]

    def starve(limit: int) -> Any:
        raise MemoryError

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(socket, "recvfrom", starve)
            for looks in (1, 2, 3):
                assert made.receive() is None
                assert made.starved == looks
        assert made.receive() == (b"one", LEADER)
        assert made.starved == 0
        socket.inbox += [(b"one", LEADER)]
    monkeypatch.setattr(socket, "recvfrom", starve)
    for _ in range(3):
        made.receive()
    with pytest.raises(MemoryError):  # nobody gave any: a restart does
        made.receive()


def test_what_came_in_order(firmware: Load) -> None:
    made, socket = radio(firmware)
    socket.inbox += [(b"one", LEADER), (b"", LEADER)]
    assert made.receive() == (b"one", LEADER)
    assert made.receive() == (b"", LEADER)
    assert made.receive() is None


def test_an_oversized_datagram_is_seen_as_such(firmware: Load) -> None:
    made, socket = radio(firmware)
    socket.inbox.append((bytes(5000), LEADER))
    assert len(made.receive()[0]) == DATAGRAM_BYTES_MAX + 1


def test_it_may_look_for_its_leader_by_broadcast(firmware: Load) -> None:
    _, socket = radio(firmware)
    assert (SocketModule.SOL_SOCKET, SocketModule.SO_BROADCAST, 1) in socket.options


def wifi(firmware: Load) -> tuple[Any, Wlan]:
    made = firmware("hal.wifi").Wifi("venue", "secret")
    return made, Wlan.made[-1]


def changes(made: Any, wlan: Wlan, *moments: tuple[int, bool]) -> list[bool]:
    told = []
    for now_ms, is_near in moments:
        wlan.is_near = is_near
        told.append(made.poll(now_ms))
    return told


def test_it_connects_once(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    changes(made, wlan, (0, False), (5, False), (600, False))
    assert wlan.calls == [("active", True), ("connect", "venue", "secret")]


def test_it_tells_when_the_network_comes_and_goes(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    told = changes(made, wlan, (0, False), (500, True), (1000, True), (1500, False), (2000, False))
    assert told == [False, True, False, True, False]
    assert not made.is_connected


def test_power_save_is_off_after_every_connect(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    changes(made, wlan, (0, False), (500, True), (1000, False), (1500, True))
    assert wlan.calls.count(("pm", Wlan.PM_NONE)) == 2


def test_it_does_not_ask_the_radio_all_the_time(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    told = changes(made, wlan, (0, False), *((ms, True) for ms in range(5, 505, 5)))
    assert told.index(True) == 100


def test_across_the_wrap_of_the_clock(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    told = changes(made, wlan, (0x40000000 - 200, False), (299, True), (300, True))
    assert told == [False, False, True]


def test_sends_without_memory_are_counted_apart(firmware: Load) -> None:
    made, socket = radio(firmware)
    for code in (errno.ENOMEM, 105, errno.EHOSTUNREACH):
        socket.send_error = code
        made.send(datagram(b"hello"))
    assert (made.send_drops, made.no_memory) == (3, 2)


def connects(wlan: Wlan) -> int:
    return sum(1 for call in wlan.calls if call[0] == "connect")


def test_joining_in_vain_is_begun_anew_less_and_less_often(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    begun_ms = []
    for now_ms in range(0, 600_000, 100):
        before = connects(wlan)
        made.poll(now_ms)
        if connects(wlan) > before:
            begun_ms.append(now_ms)
    pauses = [later - earlier for earlier, later in itertools.pairwise(begun_ms)]
    assert 7000 < pauses[0] < 9000
    assert pauses == sorted(pauses)
    assert 55_000 < pauses[-1] <= 61_000
    assert wlan.calls.count(("disconnect",)) == len(pauses)


def test_a_loss_is_left_to_the_driver_first(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    changes(made, wlan, (0, False), (500, True), (1000, False), (6000, False), (7000, True))
    assert connects(wlan) == 1
    assert made.is_connected


@pytest.fixture(params=[OSError, RuntimeError])
def trouble(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the driver raises: the second where the port has no words for it, as without memory."""
    monkeypatch.setattr(Wlan, "trouble", request.param)


@pytest.mark.usefixtures("trouble")
def test_a_busy_driver_is_asked_again_later(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    wlan.is_busy = True
    changes(made, wlan, *((ms, False) for ms in range(0, 20_000, 100)))
    assert connects(wlan) == 1
    wlan.is_busy = False
    changes(made, wlan, *((ms, False) for ms in range(20_000, 60_000, 100)))
    assert connects(wlan) > 1


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize("refused", [1, 3])
def test_row_12_a_connect_that_raises_is_tried_again_soon(firmware: Load, refused: int) -> None:
    """At the first start, where nothing else would begin to join, and after a soft reset, which
    leaves the driver in the middle of something."""
    made, wlan = wifi(firmware)
    wlan.refused = refused
    changes(made, wlan, *((ms, False) for ms in range(0, 600 * (refused + 1), 100)))
    assert connects(wlan) == 1
    assert changes(made, wlan, (5000, True)) == [True]


@pytest.mark.usefixtures("trouble")
def test_row_12_a_move_whose_connect_raises_is_not_the_end(firmware: Load) -> None:
    """Leaving has ended the driver's own tries: the badge would be off the air until the next."""
    made, wlan = wifi(firmware)
    changes(made, wlan, (0, False), (500, True))
    wlan.refused = 1
    made.move_to(b"sixth6", 600)
    changes(made, wlan, *((ms, False) for ms in range(700, 2000, 100)))
    assert wlan.calls[-1] == ("connect", "venue", "secret")


@pytest.mark.usefixtures("trouble")
def test_the_strongest_of_our_network(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    assert made.strongest() == (-128, None)
    wlan.points = [(b"venue", b"a", -70), (b"other", b"b", -20), (b"venue", b"sixth6", -60)]
    assert made.strongest() == (-60, b"sixth6")
    wlan.is_busy = True
    assert made.strongest() == (-128, None)


@pytest.mark.usefixtures("trouble")
def test_the_signal_is_known_only_while_connected(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    assert made.rssi() == -128
    changes(made, wlan, (0, False), (500, True))
    assert made.rssi() == -50
    wlan.is_near = False  # lost since the last look
    assert made.rssi() == -128


def test_power_save_is_off_after_a_move_however_fast(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    changes(made, wlan, (0, False), (500, True))
    made.move_to(b"sixth6", 600)
    assert wlan.calls[-1] == ("connect", "venue", "secret", b"sixth6")
    assert changes(made, wlan, (1000, True)) == [True]
    assert wlan.calls.count(("pm", Wlan.PM_NONE)) == 2


def test_a_move_that_fails_takes_any_access_point(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    changes(made, wlan, (0, False), (500, True))
    made.move_to(b"sixth6", 600)
    changes(made, wlan, *((ms, False) for ms in range(1000, 20_000, 100)))
    assert wlan.calls[-1] == ("connect", "venue", "secret")


def test_a_radio_that_is_off_stays_off(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    changes(made, wlan, (0, False), (500, True))
    made.off()
    calls = len(wlan.calls)
    assert not any(changes(made, wlan, *((ms, False) for ms in range(1000, 90_000, 500))))
    assert len(wlan.calls) == calls


def test_it_joins_the_strongest_access_point(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    wlan.points = [(b"venue", b"near", -50), (b"venue", b"far", -70), (b"other", b"loud", -30)]
    made.poll(0)
    assert wlan.calls[-1] == ("connect", "venue", "secret", b"near")


def test_too_many_access_points_for_the_memory_are_no_reason_not_to_join(
    firmware: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, wlan = wifi(firmware)

    def crowded() -> None:
        raise MemoryError

    monkeypatch.setattr(wlan, "scan", crowded)
    made.poll(0)
    assert wlan.calls[-1] == ("connect", "venue", "secret")


def test_a_network_that_goes_as_it_comes_is_no_crash(
    firmware: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, wlan = wifi(firmware)

    def lost(pm: int) -> None:
        raise OSError("Wifi Not Connected")

    with monkeypatch.context() as patched:
        patched.setattr(wlan, "config", lost)
        assert changes(made, wlan, (0, False), (500, True)) == [False, False]
    assert changes(made, wlan, (1000, True)) == [True]
    assert wlan.calls[-1] == ("pm", Wlan.PM_NONE)


@pytest.mark.usefixtures("trouble")
def test_a_badge_whose_orders_about_power_save_raise_gives_them_again(firmware: Load) -> None:
    made, wlan = wifi(firmware)
    Wlan.pm_errors = 2
    told = changes(made, wlan, *((ms, True) for ms in range(0, 2000, 100)))
    assert told.count(True) == 1 and made.is_connected and Wlan.pm_errors == 0
    Wlan.pm_errors = 1
    power_save = firmware("hal.power_save")
    assert [power_save.switch(True), power_save.switch(True)] == [False, True]
