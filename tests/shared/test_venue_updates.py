"""An update: pulled, checked, resumed, refused, and nothing of it while somebody talks."""

from tests.shared.lms_tree import FewLeaves
from tests.shared.update_stage import SIGNER, Release, UpdateVenue

from ptt.badge import update_receiver as receiver
from ptt.leader import distributor
from ptt.link import lms
from ptt.link.update_manifest import DOWNGRADE
from ptt.wire import messages, refusal

FILES = {
    "app/boot.mpy": bytes(range(256)) * 12,
    "app/empty.py": b"",
    "ptt/leader/leader.mpy": b"\x01" * 901,
    "ptt/wire/codec.mpy": b"\x02" * 900,
    "z.mpy": b"\x03",
}
V2 = Release(2, FILES)
MANIFEST_CHUNKS = 4  # with its signature
FILE_CHUNKS = 4 + 2 + 1 + 1


def fetched(venue, duration_ms=20000):
    venue.run(1000)
    venue.assign(V2, 0)
    venue.run(duration_ms)
    return venue


def run_until(venue, limit_ms, is_so):
    for _ in range(0, limit_ms, 1000):
        venue.run(1000)
        if is_so():
            return
    raise AssertionError("not within %d ms" % limit_ms)


def test_a_badge_fetches_a_release_and_says_that_it_is_ready():
    venue = fetched(UpdateVenue())
    assert venue.is_whole(0, V2)
    assert venue.receiver(0).state == receiver.READY
    assert venue.receiver(0).wants_apply
    assert venue.states() == [distributor.APPLYING]
    assert venue.leader.updates.chunks == MANIFEST_CHUNKS + FILE_CHUNKS
    assert venue.leader.refusals.as_dict() == {
        "accepted": venue.leader.refusals.as_dict()["accepted"]
    }


def test_losses_and_another_order_do_not_harm_it():
    venue = fetched(UpdateVenue(loss_percent=20, jitter_ms=60, seed=3), 5000)
    run_until(venue, 115000, lambda: venue.receiver(0).state == receiver.READY)
    assert venue.is_whole(0, V2)


def test_a_duplicate_chunk_and_one_out_of_order_are_refused():
    venue = fetched(UpdateVenue(), 200)
    badge = venue.badges[0].engine
    taken = []
    deliver = badge.receive_datagram

    def twice(data, source, now_ms):
        deliver(data, source, now_ms)
        if data[1] == messages.UPDATE_CHUNK:
            taken.append(bytes(data))
            before = dict(venue.slots[0].files)
            deliver(data, source, now_ms)
            deliver(taken[0], source, now_ms)
            assert venue.slots[0].files == before

    badge.receive_datagram = twice
    venue.run(20000)
    assert len(taken) >= 5
    assert venue.is_whole(0, V2)
    assert badge.refusals.as_dict()["replay"] >= len(taken)


def test_what_lies_there_already_is_not_sent_again():
    venue = UpdateVenue()
    kept = dict(FILES)
    kept["app/boot.mpy"] = b"x" + FILES["app/boot.mpy"][1:]
    kept["native/old.mpy"] = b"of another release"
    venue.slots[0].files = kept
    fetched(venue)
    assert venue.is_whole(0, V2)
    assert venue.leader.updates.chunks == MANIFEST_CHUNKS + 4  # and the one file that differs


def test_a_run_that_broke_off_goes_on_where_it_was():
    venue = fetched(UpdateVenue(), 1000)
    assert 0 < venue.leader.updates.chunks < MANIFEST_CHUNKS + 4
    assert len(venue.slots[0].files["part"]) >= 900
    venue.stop(0)  # it restarts
    venue.run(30000)
    assert venue.is_whole(0, V2)
    assert venue.leader.updates.chunks <= MANIFEST_CHUNKS + FILE_CHUNKS + 1


def test_another_leader_goes_on_where_the_former_was():
    venue = fetched(UpdateVenue(), 1000)
    chunks = venue.leader.updates.chunks
    venue.restart_leader(2)
    venue.run(5000)
    venue.assign(V2, 0)
    venue.run(20000)
    assert venue.is_whole(0, V2)
    assert chunks + venue.leader.updates.chunks <= MANIFEST_CHUNKS + FILE_CHUNKS + 1


def test_a_chunk_that_comes_behind_a_press_is_not_written():
    """It was on its way when somebody began to talk."""
    venue = UpdateVenue(1)
    venue.run(1000)
    venue.assign(V2, 0)
    for _ in range(4000):
        venue.run(1)
        if 0 in venue.receivers and venue.receivers[0].state == receiver.FETCHING:
            break
    one = venue.receivers[0]
    files = dict(venue.slots[0].files)
    chunk = bytearray(1000)
    for is_quiet, reason in ((False, refusal.FLOOR), (True, refusal.FIELD)):  # it has no bytes
        one.is_quiet = is_quiet
        assert one._on_chunk((2, one._file, one._have), chunk, venue.now_ms) == reason
    assert venue.slots[0].files == files


def test_nothing_is_sent_or_written_while_somebody_talks():
    venue = UpdateVenue(2)
    venue.run(1000)
    venue.press("A")
    venue.run(300)
    venue.assign(V2, 0, 1)
    venue.run(10000)
    assert venue.leader.updates.chunks == 0
    assert venue.states() == [distributor.WAITING] * 2
    venue.release("A")
    venue.run(1000)
    chunks = venue.leader.updates.chunks
    assert chunks > 2
    venue.press("B")
    venue.run(200)
    before = venue.leader.updates.chunks
    files = [dict(slot.files) for slot in venue.slots]
    venue.run(10000)
    assert venue.leader.updates.chunks == before
    assert [slot.files for slot in venue.slots] == files
    lease = venue.badge("B").last(3)
    heard = venue.badge("A").heard_of(lease)
    assert heard == list(range(len(heard))) and len(heard) > 400
    venue.release("B")
    venue.run(30000)
    assert venue.is_whole(0, V2) and venue.is_whole(1, V2)


def test_the_rate_is_kept():
    big = Release(2, {"app/big.mpy": bytes(90000)})
    venue = UpdateVenue(6)
    venue.run(2000)
    venue.assign(big, *range(6))
    venue.run(1000)
    before = venue.leader.updates.chunks
    venue.run(2000)
    assert 60 <= venue.leader.updates.chunks - before <= 80  # 40 a second for all together
    assert venue.states().count(distributor.FETCHING) == 4


def refused(release, reason, flags=0, tag_of=None, meddle=None, chip=b"esp32"):
    venue = UpdateVenue(chip=chip)
    venue.run(1000)
    before = {"old": b"1"}
    venue.slots[0].files = dict(before)
    tag = (tag_of or release).tag(venue.keys[0], flags)
    venue.leader.updates.assign(venue.device(0), release, flags, tag, venue.now_ms)
    if meddle:
        meddle(venue)
    venue.run(20000)
    (job,) = venue.leader.updates.jobs()
    assert job.state == distributor.FAILED
    assert job.reason == reason, job.reason
    assert venue.ended[0] == [reason]
    return venue


def test_a_tampered_manifest_is_refused():
    tampered = Release(2, dict(FILES))
    tampered.parts[0] = V2.parts[0].replace(b"build 0.2.0", b"build 0.2.1")
    venue = refused(tampered, messages.UPDATE_REASON_TAG, tag_of=V2)
    assert "app/boot.mpy" not in venue.slots[0].files


def test_the_flag_that_allows_an_older_release_is_vouched_for():
    venue = UpdateVenue()
    venue.run(1000)
    tag = V2.tag(venue.keys[0], 0)
    venue.leader.updates.assign(venue.device(0), V2, DOWNGRADE, tag, venue.now_ms)
    venue.run(20000)
    assert venue.ended[0] == [messages.UPDATE_REASON_TAG]


# --- what a leader with all keys of badges cannot do: `refused` lets it make every tag ---


def resigned(change):
    """A release whose signed part was changed by who can make tags, and no signature."""
    release = Release(2, FILES)
    release.parts[0] = change(release.parts[0][: release.text_bytes], release.parts[0])
    return release


def test_a_release_that_the_signer_did_not_sign_is_refused_before_any_file_is_sent():
    for change in (
        lambda text, whole: text,  # the former rule: nobody has signed
        lambda text, whole: text + bytes(2508),
        lambda text, whole: whole[:-1],
        lambda text, whole: whole + b"x",
        lambda text, whole: whole[-2508:],  # a signature, and no manifest
        lambda text, whole: b"x" + whole[:-1],
        lambda text, whole: whole.replace(b"build 0.2.0", b"build 0.2.1"),
        lambda text, whole: text + Release(2, {"a.py": b"other"}).parts[0][-2508:],
    ):
        venue = refused(resigned(change), messages.UPDATE_REASON_SIGNATURE)
        assert venue.leader.updates.chunks <= MANIFEST_CHUNKS
        assert "app/boot.mpy" not in venue.slots[0].files


def test_another_signer_and_a_key_that_is_none_are_refused():
    for signer in (FewLeaves(b"other").public, b"", SIGNER.public[:55]):
        venue = UpdateVenue()
        venue.signer = signer
        venue.run(1000)
        venue.assign(V2, 0)
        venue.run(20000)
        assert venue.ended[0] == [messages.UPDATE_REASON_SIGNATURE]


def test_only_the_signer_lets_a_release_take_the_place_of_a_newer_one():
    refused(V2, messages.UPDATE_REASON_SIGNATURE, flags=DOWNGRADE)
    back = Release(2, FILES).sign(SIGNER, DOWNGRADE, leaf=1)
    refused(back, messages.UPDATE_REASON_SIGNATURE)
    venue = UpdateVenue()
    venue.run(1000)
    venue.assign(back, 0, flags=DOWNGRADE)
    venue.run(20000)
    assert venue.is_whole(0, back)


def test_voice_and_chunks_wait_for_no_signature():
    """One step takes one chain, and none while somebody talks."""
    venue = UpdateVenue(2)
    venue.run(1000)
    venue.assign(V2, 0)
    for _ in range(4000):
        venue.run(1)
        if 0 in venue.checks and not venue.checks[0]._left:
            break
    verifier = venue.checks[0]._verifier
    venue.press("B")
    venue.run(300)
    before = verifier._chain
    venue.run(3000)
    assert verifier._chain == before
    venue.release("B")
    venue.run(20000)
    assert venue.is_whole(0, V2)
    heard = venue.badge("A").heard_of(venue.badge("B").last(3))
    assert heard == list(range(len(heard))) and len(heard) > 140


def test_a_run_that_broke_off_verifies_again():
    """What lies on the flash may have been written by anybody since."""
    venue = fetched(UpdateVenue(), 1000)
    venue.stop(0)
    assert venue.slots[0].files["update.txt"] == V2.parts[0]
    venue.signer = FewLeaves(b"other").public
    venue.run(30000)
    assert venue.ended[0][0] == messages.UPDATE_REASON_SIGNATURE


def test_planted_a_badge_that_does_not_look_at_the_answer():
    real = lms.Verifier.step

    def trusting(self):
        more = real(self)
        self.is_right = True
        return more

    lms.Verifier.step = trusting
    try:
        test_a_release_that_the_signer_did_not_sign_is_refused_before_any_file_is_sent()
    except AssertionError:
        return
    finally:
        lms.Verifier.step = real
    raise RuntimeError("not noticed")


def test_a_tampered_file_is_refused():
    tampered = Release(2, dict(FILES))
    tampered.parts[1] = tampered.parts[1][:-1] + b"x"
    refused(tampered, messages.UPDATE_REASON_FILE)


def test_a_truncated_file_is_never_whole():
    cut = Release(2, dict(FILES))
    cut.parts[1] = cut.parts[1][:-1]
    venue = UpdateVenue()
    venue.run(1000)
    venue.assign(cut, 0)
    run_until(venue, 200000, lambda: venue.ended[0])
    assert venue.states()[0] != distributor.APPLYING
    assert messages.UPDATE_REASON_STOPPED in venue.ended[0]  # it waited, and let go


def test_the_wrong_chip_is_refused_before_any_file_is_sent():
    other = Release(2, FILES, chip=b"esp32c3")
    venue = refused(other, messages.UPDATE_REASON_CHIP)
    assert venue.leader.updates.chunks == MANIFEST_CHUNKS
    assert venue.leader.updates.jobs()[0].chip == b"esp32"


def test_a_manifest_of_another_release_is_refused():
    refused(Release(2, FILES, names_itself=3), messages.UPDATE_REASON_MANIFEST)


def test_paths_with_tricks_are_refused():
    for path in ("../main.py", "/main.py", "a//b", "A.py", "x" * 49, "a/.b", "a\\b"):
        refused(Release(2, {path: b"x"}), messages.UPDATE_REASON_MANIFEST)


def test_a_full_flash_is_refused_and_left_as_it_was():
    def fill(venue):
        venue.slots[0].room_bytes = 34000

    venue = refused(V2, messages.UPDATE_REASON_ROOM, meddle=fill)
    assert venue.slots[0].files == {}  # room for settings and crashes again


def test_a_flash_that_fails_ends_it_wherever_that_happens():
    calls = UpdateVenue()
    total = fetched(calls).slots[0].calls
    assert total > 40
    for at in range(1, total, 3):
        venue = UpdateVenue()
        venue.slots[0].fails_at = at
        try:
            fetched(venue, 8000)
        except OSError:
            continue  # at the start of one: whoever makes the receiver says no
        assert venue.ended[0][0] == messages.UPDATE_REASON_FLASH, at


def test_who_is_let_be_stops():
    venue = fetched(UpdateVenue(), 500)
    venue.leader.updates.unassign(venue.device(0), venue.now_ms)
    venue.run(1000)
    assert venue.ended[0] == [messages.UPDATE_REASON_STOPPED]
    assert venue.states() == []


def test_a_stranger_cannot_ask_for_chunks():
    venue = UpdateVenue(2)
    venue.run(1000)
    venue.assign(V2, 0)
    other = venue.badges[1].engine
    for file, offset in ((0, 0), (1, 0), (9, 0), (0, 99999)):
        other.offers.send_update(messages.UPDATE_WANT, (2, file, offset), venue.now_ms)
    venue.badges[0].engine.offers.send_update(messages.UPDATE_WANT, (2, 9, 0), venue.now_ms)
    venue.badges[0].engine.offers.send_update(messages.UPDATE_WANT, (2, 0, 99999), venue.now_ms)
    venue.run(100)
    assert venue.leader.refusals.as_dict()["stale"] == 6
