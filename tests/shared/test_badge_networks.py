"""A badge that tries another Wi-Fi network: its time to find a leader there, and what it says."""

from ptt.badge.networks import STAYING, TRYING, Networks
from ptt.base.clock import add
from ptt.base.numbers import CONFIRM_MS, WIFI_TRIAL_MS
from ptt.wire import messages

NOW_MS = (1 << 30) - 500  # the clock wraps early
FLASHED = (0, b"", b"")
OTHER = (7, b"venue 2", b"a password")


class Link:
    address = ("leader", 1)


class Join:
    state = 0

    def silent_ms(self, now_ms):
        return 0


class Owner:
    """A participant without a leader; `said` has what it answers."""

    def __init__(self):
        self.join = Join()
        self.link = Link()
        self.said = []

    def send(self, kind, values, destination, now_ms):
        assert kind == messages.WIFI_STATE
        self.said.append(values)


def trying():
    owner = Owner()
    networks = Networks(owner, FLASHED, FLASHED)  # pyright: ignore[reportArgumentType]
    networks._on_network(list(OTHER), None, None, NOW_MS)
    networks.begin(NOW_MS)
    assert networks.state == TRYING and networks.used == OTHER
    return owner, networks


def wait(networks, until_ms):
    """Its timers, up to `until_ms` after the change."""
    while True:
        due_ms = networks.next_timeout_ms()
        passed_ms = due_ms - NOW_MS & 0x3FFFFFFF
        if networks.state != TRYING or passed_ms > until_ms:
            return
        networks.handle_timeout(due_ms)


def test_a_trial_has_its_whole_time():
    owner, networks = trying()
    wait(networks, WIFI_TRIAL_MS - 1)
    assert networks.state == TRYING and CONFIRM_MS < WIFI_TRIAL_MS
    wait(networks, WIFI_TRIAL_MS + 1000)
    assert networks.state == STAYING and networks.used == FLASHED
    owner.said.clear()
    networks._on_network(list(OTHER), None, None, add(NOW_MS, WIFI_TRIAL_MS))
    assert owner.said == [(7, messages.WIFI_CUT_OFF)]
    assert networks.state == STAYING
