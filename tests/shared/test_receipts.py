"""The leader's account of who heard a burst."""

from ptt.base.clock import NEVER
from ptt.base.numbers import MEMBERS_MAX, RECEIPT_WAIT_MS
from ptt.leader.receipts import Receipts

NOW_MS = 5000
GROUP = 1
TALKER = 2
FRAMES = 50


class Account(Receipts):
    """`told` has (talker, lease, listeners, heard, whole, time) of each receipt."""

    def __init__(self):
        self.told = []
        super().__init__(GROUP, self)

    def send_receipt(self, group, talker, counts, now_ms):
        assert group == GROUP
        self.told.append((talker,) + counts + (now_ms,))

    def report(self, node, played, concealed=0, late=0, lease=1, now_ms=NOW_MS):
        return self.on_report(node, lease, played, concealed, late, now_ms)


def running(*listeners):
    """A burst of `FRAMES` frames, lease 1, that still runs."""
    account = Account()
    account.begin(1, TALKER, list(listeners))
    account.on_voice(1, FRAMES - 3)
    account.on_voice(1, FRAMES)
    account.on_voice(1, FRAMES - 1)  # overtaken on its way
    return account


def over(*listeners):
    account = running(*listeners)
    account.end(1, NOW_MS)
    return account


def test_told_when_all_have_reported():
    account = over(3, 4)
    assert account.report(3, FRAMES)
    assert account.told == []
    assert account.report(4, FRAMES, now_ms=NOW_MS + 200)
    assert account.told == [(TALKER, 1, 2, 2, 2, NOW_MS + 200)]
    assert account.next_timeout_ms() == NEVER
    account.handle_timeout(NOW_MS + 10000)
    assert len(account.told) == 1


def test_who_never_reports_is_awaited_for_a_while():
    account = over(3, 4)
    account.report(3, FRAMES)
    assert account.next_timeout_ms() == NOW_MS + RECEIPT_WAIT_MS
    account.handle_timeout(NOW_MS + RECEIPT_WAIT_MS - 1)
    assert account.told == []
    account.handle_timeout(NOW_MS + RECEIPT_WAIT_MS)
    assert account.told == [(TALKER, 1, 2, 1, 1, NOW_MS + RECEIPT_WAIT_MS)]
    assert not account.report(4, FRAMES)  # too late
    assert len(account.told) == 1


def test_a_burst_that_runs_is_not_awaited():
    account = running(3)
    assert account.next_timeout_ms() == NEVER
    account.handle_timeout(NOW_MS + 10 * RECEIPT_WAIT_MS)
    assert account.told == []


def test_who_reports_before_the_end_is_awaited_no_longer():
    """A release that was lost comes after the reports."""
    account = running(3)
    assert account.report(3, FRAMES)
    assert account.told == []
    account.end(1, NOW_MS + 300)
    assert account.told == [(TALKER, 1, 1, 1, 1, NOW_MS + 300)]


def test_a_second_report_does_not_count():
    account = over(3, 4)
    assert account.report(3, FRAMES)
    assert not account.report(3, FRAMES)
    assert account.told == []
    account.handle_timeout(NOW_MS + RECEIPT_WAIT_MS)
    assert account.told[0][2:5] == (2, 1, 1)


def test_reports_about_another_burst():
    account = over(3, 4)
    for lease in (0, 2, 0x3FFFFFFF):
        assert not account.report(3, FRAMES, lease=lease)
    assert account.report(3, FRAMES)


def test_reports_of_those_who_were_not_to_hear_it():
    account = over(3)
    assert not account.report(TALKER, FRAMES)
    assert not account.report(9, FRAMES)
    assert account.told == []


def test_who_heard_nothing_or_not_all():
    for played, concealed, late, counts in (
        (FRAMES, 0, 0, (1, 1, 1)),
        (FRAMES - 1, 1, 0, (1, 1, 0)),
        (FRAMES - 1, 0, 1, (1, 1, 0)),
        (FRAMES, 0, 1, (1, 1, 0)),
        (FRAMES - 1, 0, 0, (1, 1, 0)),  # without its first, or its last
        (1, 0, 0, (1, 1, 0)),
        (0, 0, 0, (1, 0, 0)),
        (0, 3, 0, (1, 0, 0)),
    ):
        account = over(3)
        account.report(3, played, concealed, late)
        assert account.told[0][2:5] == counts, (played, concealed, late)


def test_frames_that_come_behind_the_release_count():
    account = over(3, 4)
    account.report(3, FRAMES)
    account.on_voice(1, FRAMES + 1)
    account.report(4, FRAMES + 1)
    assert account.told[0][2:5] == (2, 2, 1)


def test_nobody_was_there_to_hear_it():
    account = over()
    assert account.told == [(TALKER, 1, 0, 0, 0, NOW_MS)]


def test_the_next_burst_begins_before_the_reports_are_there():
    account = over(3, 4)
    account.begin(2, 3, [TALKER, 4])
    account.on_voice(2, 10)
    assert account.report(3, FRAMES)
    assert account.report(4, FRAMES)
    assert account.told == [(TALKER, 1, 2, 2, 2, NOW_MS)]
    account.end(2, NOW_MS + 400)
    assert account.report(4, 10, lease=2)
    assert account.next_timeout_ms() == NOW_MS + 400 + RECEIPT_WAIT_MS
    account.handle_timeout(NOW_MS + 400 + RECEIPT_WAIT_MS)
    assert account.told[1] == (3, 2, 2, 1, 1, NOW_MS + 400 + RECEIPT_WAIT_MS)


def test_two_that_wait_are_told_each_at_its_time():
    account = over(3)
    account.begin(2, 4, [3])
    account.end(2, NOW_MS + 100)
    assert account.next_timeout_ms() == NOW_MS + RECEIPT_WAIT_MS
    account.handle_timeout(NOW_MS + RECEIPT_WAIT_MS)
    assert [each[1] for each in account.told] == [1]
    assert account.next_timeout_ms() == NOW_MS + RECEIPT_WAIT_MS + 100
    account.handle_timeout(NOW_MS + RECEIPT_WAIT_MS + 100)
    assert [each[1] for each in account.told] == [1, 2]


def test_what_is_kept_is_bounded():
    account = Account()
    for lease in range(1, 100):
        account.begin(lease, TALKER, [3])
        account.end(lease, NOW_MS)
    assert len(account._accounts) == 8
    account.handle_timeout(NOW_MS + RECEIPT_WAIT_MS)
    assert [each[1] for each in account.told] == list(range(92, 100))
    assert account._accounts == []


def test_voice_and_end_of_a_burst_that_is_not_known():
    account = Account()
    account.on_voice(1, 5)
    account.end(1, NOW_MS)
    assert account.told == []
    assert account.next_timeout_ms() == NEVER


def test_across_the_wrap_of_the_clock():
    account = running(3)
    account.end(1, 0x40000000 - 500)
    assert account.next_timeout_ms() == RECEIPT_WAIT_MS - 500
    account.handle_timeout(RECEIPT_WAIT_MS - 501)
    assert account.told == []
    account.handle_timeout(RECEIPT_WAIT_MS - 500)
    assert account.told == [(TALKER, 1, 1, 0, 0, RECEIPT_WAIT_MS - 500)]


def test_who_joins_while_it_is_spoken_is_to_hear_the_rest():
    account = running()
    account.joined(9)
    account.on_voice(1, FRAMES + 10)
    account.end(1, NOW_MS)
    assert account.told == []
    assert account.report(9, 10)
    assert account.told == [(TALKER, 1, 1, 1, 0, NOW_MS)]


def test_who_joins_behind_its_last_frame_is_not():
    account = running(3)
    account.joined(9)
    account.end(1, NOW_MS)
    account.joined(10)
    assert not account.report(9, 1)
    assert not account.report(10, 1)
    account.report(3, FRAMES)
    assert account.told == [(TALKER, 1, 1, 1, 1, NOW_MS)]


def test_who_joins_anew_is_counted_once():
    account = running(3, 4)
    account.report(4, FRAMES)
    for before, node in ((3, 9), (4, 10), (9, 11)):
        account.joined(node, before)
    account.on_voice(1, FRAMES + 10)
    account.end(1, NOW_MS)
    assert not account.report(10, 10)  # its report has come
    assert account.report(11, 10)
    assert account.told == [(TALKER, 1, 2, 2, 0, NOW_MS)]


def test_who_joins_hears_nothing_of_what_is_over():
    account = over(3)
    account.joined(9)
    account.on_voice(1, FRAMES)
    assert not account.report(9, 1)


def test_however_many_come_and_go_the_account_has_its_bounds():
    account = running()
    for node in range(3, 3 + 2 * MEMBERS_MAX):
        account.joined(node)
        account.on_voice(1, FRAMES)
    account.end(1, NOW_MS)
    account.handle_timeout(NOW_MS + RECEIPT_WAIT_MS)
    assert account.told[0][2] == MEMBERS_MAX
