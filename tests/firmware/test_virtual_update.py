"""Updates over the air, in virtual time: the real firmware with a badge's heap, sealed sessions,
the leader's campaign, a signed release of a real build."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.firmware.releases import build_release
from tests.host.stepped_venue import Venue, voice
from tests.shared.keys import device_key
from tests.signers import signer_in

from pressel.pack import build_firmware
from pressel.registry.store import Registry
from pressel.signer.signer import Signer
from pressel.update import keys
from pressel.update.campaign import Campaigner, tag_of
from pressel.update.library import Library
from pressel.update.release import ANY_CHIP, Release, sign_build
from pressel.virtual.make_kit import make_kit
from pressel.virtual.stepped import Press, Speak
from pressel.virtual.stepped import Release as LetGo
from pressel.virtual.stepped.heap import HEAP_BYTES
from pressel.virtual.stock import LEFT_OUT, stock_firmware
from ptt.base import clock, events
from ptt.base.numbers import LAST_REPEATS
from ptt.leader import distributor
from ptt.link import update_manifest as manifest
from ptt.link.update_signature import signed_head
from ptt.wire import messages

OLD, NEW, BROKEN = 1, 2, 3
TALK_MS = 3000


@dataclasses.dataclass(frozen=True)
class Made:
    kit: Path
    firmware: Path
    releases: Path
    signer: Signer
    following: Signer


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("updates")
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        yield _make(folder)


def _make(folder: Path) -> Made:
    signers = signer_in(folder / "signer"), signer_in(folder / "following", "two")
    made = Made(folder / "kit.json", folder / "old", folder / "releases", *signers)
    stock_firmware(made.firmware)
    (made.firmware / "a/signer.key").write_bytes(made.signer.public)
    (made.firmware / "guarded").touch()  # crashes are the badge's own affair
    make_kit(folder).save(made.kit)
    made.releases.mkdir()
    for number in (OLD, NEW):
        _release(made, folder, number)
    return made


def _release(made: Made, folder: Path, number: int, raises_after_ms: int | None = None) -> None:
    """Make the release of this number one of `made`."""
    build, out = folder / f"build-{number}", made.releases / f"{number}.zip"
    build_release(build, folder / f"work-{number}", number, raises_after_ms, LEFT_OUT)
    sign_build(build, ANY_CHIP, made.signer, out, flags=manifest.DOWNGRADE * (number == OLD))


class UpdateVenue(Venue):
    """A venue whose leader runs a campaign; `told`: (index, release, state, reason)."""

    def __init__(self, count: int, made: Made, work: Path, heap_bytes: int) -> None:
        super().__init__(count, made.kit, made.firmware, work / "badges", heap_bytes)
        state = work / "leader"
        Registry(state).close()
        keys.trust(state, made.signer.public.hex())
        self.releases = {
            int(file.stem): Library(state).add(file) for file in made.releases.glob("*.zip")
        }
        self.made = made
        self.told: list[tuple[int, int, str, int]] = []  # since the last offer
        self.campaigner = Campaigner(
            state, self.leader, lambda device: device_key(bytes.fromhex(device)), self.clock_ms
        )

    def clock_ms(self) -> int:
        return clock.wrapped(self.now_ms)

    def tell(self, event: tuple[int, Any]) -> None:
        if event[0] == events.UPDATE:
            device, release, state, reason = event[1]
            self.told.append((device[-1], release, distributor.STATES[state], reason))
            self.campaigner.on_told(device, release, state, reason)

    def until(self, state: str, index: int = 0, limit_ms: int = 30_000) -> int:
        """Run until a badge's update is in `state`; the reason that came with it."""
        deadline_ms = self.now_ms + limit_ms
        while True:
            for each in self.told:
                if (each[0], each[2]) == (index, state):
                    return each[3]
            assert self.now_ms < deadline_ms, (state, self.told, self.events[index][-5:])
            self.run(self.now_ms + 100)

    def offer(self, release: Any, tag: bytes | None = None, flags: int = 0) -> None:
        """To badge 0, whatever campaigns would say of it."""
        self.told.clear()
        device = bytes((2, 0, 0, 0, 0, 0, 0, 0))
        tag = tag or tag_of(release, device_key(device), flags)
        self.leader.updates.assign(device, release, flags, tag, self.clock_ms())

    def talk(self, index: int) -> None:
        """One badge talks for three seconds, from now on."""
        self.todo[index] = [Press(), Speak(self.now_ms + 50, voice(TALK_MS))]
        self.run(self.now_ms + TALK_MS)
        self.todo[index] = [LetGo()]
        self.run(self.now_ms + 1500)

    def cut_power(self, index: int) -> None:
        self.badges[index].reset(self.now_ms)
        self.due[index] = self.now_ms
        self.run(self.now_ms + 1000)

    def values(self, index: int, name: str) -> list[Any]:
        return [each["value"] for each in self.events[index] if each.get("event") == name]

    def boot_file(self, index: int) -> dict[str, Any]:
        return json.loads((self.badges[index].flash / "boot.json").read_text("utf-8"))

    def runs(self, index: int) -> set[str]:
        """Release numbers by which the members of this name are known."""
        name = b"ABC"[index : index + 1]
        return {each.build.decode() for each in self.leader.members.all() if each.name == name}


@pytest.fixture
def make_venue(made: Made, tmp_path: Path) -> Iterator[Any]:
    venues: list[UpdateVenue] = []

    def make(count: int, heap_bytes: int = HEAP_BYTES) -> UpdateVenue:
        venues.append(UpdateVenue(count, made, tmp_path, heap_bytes))
        venues[-1].run(2500)
        return venues[-1]

    yield make
    for venue in venues:
        for badge in venue.badges:
            badge.kill()


def is_whole(heard: list[int], sent: int) -> bool:
    """None of the frames was concealed, late or dropped; repetitions may come after the end."""
    played, concealed, late, again, dropped = heard[2:]
    return (played, concealed, late, dropped) == (sent, 0, 0, 0) and again <= LAST_REPEATS


def test_a_group_is_updated_while_somebody_speaks(make_venue: Any) -> None:
    venue = make_venue(2)
    venue.campaigner.start(NEW, "all")
    venue.until("fetching", 0)
    venue.run(venue.now_ms + 2000)
    assert venue.leader.updates.chunks > 10
    for talker, listener in ((1, 0), (0, 1)):  # both are being updated
        chunks = venue.leader.updates.chunks
        venue.talk(talker)
        assert venue.leader.updates.chunks - chunks < 25  # before and after, none meanwhile
        sent = venue.values(talker, "sent")[-1][1]
        heard = venue.values(listener, "heard")[-1]
        assert sent > TALK_MS // 20
        assert is_whole(heard, sent)
    for index in (0, 1):
        venue.until("on trial", index, 60_000)
        assert venue.boot_file(index)["slot"] == "b"
    venue.talk(1)
    sent, heard = venue.values(1, "sent")[-1][1], venue.values(0, "heard")[-1]
    assert is_whole(heard, sent)  # the new release talks and listens
    for index in (0, 1):
        venue.until("done", index, 90_000)
    assert venue.runs(0) == venue.runs(1) == {"0.1.2"}
    assert venue.badges[0].stats()["resets"] == 1
    venue.cut_power(0)
    assert venue.boot_file(0) == {
        "slot": "b", "former": "b", "left": -1, "release": NEW, "failed": 0
    }  # fmt: skip
    # The one that it came from is older now; so is any that the leader vouches for by mistake.
    venue.offer(venue.releases[OLD])
    assert venue.until("failed") == messages.UPDATE_REASON_OLDER


@pytest.mark.proof
def test_an_older_release_is_taken_where_the_operator_wants_it(make_venue: Any) -> None:
    venue = make_venue(1)
    venue.campaigner.start(NEW, "all")
    venue.until("done", 0, 150_000)
    venue.offer(venue.releases[OLD], flags=manifest.DOWNGRADE)
    venue.until("on trial", 0, 60_000)
    assert venue.runs(0) == {"0.1.1"}
    assert venue.boot_file(0)["slot"] == "a"


def changed(release: Release, part: int) -> Release:
    """One bit of one part is another."""
    parts = list(release.parts)
    parts[part] = bytes((parts[part][0] ^ 1,)) + parts[part][1:]
    return dataclasses.replace(release, parts=parts)


def signed(signer: Signer, release: Release, text: bytes) -> Release:
    """The release with another manifest, or another signer."""
    with signer.held():
        signature = signer.sign(signed_head(0) + text)
    return dataclasses.replace(release, parts=[text + signature, *release.parts[1:]])


@pytest.mark.proof
def test_what_is_wrong_is_refused_and_the_badge_goes_on(make_venue: Any) -> None:
    venue = make_venue(1)
    good = venue.releases[NEW]
    device = bytes((2, 0, 0, 0, 0, 0, 0, 0))
    good_tag = tag_of(good, device_key(device), 0)
    other_chip = signed(venue.made.signer, good, good.text.replace(b"chip any", b"chip esp32s3"))
    by_leader = dataclasses.replace(
        good, parts=[good.parts[0].replace(b"0.1.2", b"0.1.9"), *good.parts[1:]]
    )  # whose tag is right: the leader has all keys of badges
    by_another = signed(venue.made.following, good, good.text)
    by_nobody = dataclasses.replace(good, parts=[good.text, *good.parts[1:]])
    short = dataclasses.replace(good, parts=[*good.parts[:-1], good.parts[-1][:-1]])
    for release, tag, reason in (
        (changed(good, 0), good_tag, messages.UPDATE_REASON_TAG),
        (good, tag_of(good, bytes(32), 0), messages.UPDATE_REASON_TAG),
        (good, tag_of(good, device_key(device), manifest.DOWNGRADE), messages.UPDATE_REASON_TAG),
        (by_leader, None, messages.UPDATE_REASON_SIGNATURE),
        (by_another, None, messages.UPDATE_REASON_SIGNATURE),
        (by_nobody, None, messages.UPDATE_REASON_SIGNATURE),
        (other_chip, None, messages.UPDATE_REASON_CHIP),
        (changed(good, 1), good_tag, messages.UPDATE_REASON_FILE),
    ):
        venue.offer(release, tag)
        assert venue.until("failed", 0, 40_000) == reason
    venue.offer(short, good_tag)  # asks for what is not there, in vain, until it gives up
    venue.until("fetching")
    venue.run(venue.now_ms + 20_000)
    assert venue.badges[0].stats()["resets"] == 0
    assert venue.boot_file(0)["slot"] == "a"
    venue.offer(good)
    venue.until("on trial", 0, 60_000)
    assert venue.runs(0) == {"0.1.2"}


def without_the_signers_rule(sources: Path) -> None:
    """The firmware as it was before there were signers: the leader's tag is enough."""
    for file, now, before in (
        ("shared/ptt/badge/update_receiver.py", "SAME if self._file else VOUCHED", "SAME"),
        ("firmware/app/extras/offer.py", "if len(public) != _SIGNER_BYTES:", "if False:"),
    ):
        text = (sources / file).read_text("utf-8")
        assert text.count(now) == 1
        (sources / file).write_text(text.replace(now, before), "utf-8")


@pytest.mark.proof
def test_a_badge_of_before_takes_one_last_release_by_its_leaders_word(
    made: Made, tmp_path: Path
) -> None:
    build_release(tmp_path / "build", tmp_path, OLD, without=LEFT_OUT)
    without_the_signers_rule(tmp_path / "sources")
    former = build_firmware(tmp_path / "former", root=tmp_path / "sources", without=LEFT_OUT).folder
    (former / "guarded").touch()
    venue = UpdateVenue(1, dataclasses.replace(made, firmware=former), tmp_path, HEAP_BYTES)
    try:
        venue.run(2500)
        good = venue.releases[NEW]
        venue.offer(good)
        venue.until("done", 0, 150_000)
        assert venue.runs(0) == {"0.1.2"}
        assert (venue.badges[0].flash / "b/signer.key").read_bytes() == made.signer.public
        third = good.text.replace(b"release 2", b"release 3")
        for parts in (good.parts[0], third, third + good.parts[0][-2508:]):
            next_one = dataclasses.replace(good, number=3, parts=[parts, *good.parts[1:]])
            venue.offer(next_one)
            expected = messages.UPDATE_REASON_SIGNATURE
            if parts == good.parts[0]:
                expected = messages.UPDATE_REASON_MANIFEST  # rightly signed, and called another
            assert venue.until("failed", 0, 60_000) == expected
    finally:
        for badge in venue.badges:
            badge.kill()


@pytest.mark.proof
def test_a_release_that_crashes_is_left_again_and_not_taken_twice(
    made: Made, make_venue: Any
) -> None:
    _release(made, made.firmware.parent, BROKEN, raises_after_ms=500)
    venue = make_venue(1)
    venue.campaigner.start(BROKEN, "pilot")
    assert venue.until("failed", 0, 90_000) == messages.UPDATE_REASON_FELL_BACK
    assert venue.campaigner.campaign.paused
    assert venue.runs(0) == {"0.1.1"}
    venue.cut_power(0)
    boot = venue.boot_file(0)
    assert (boot["slot"], boot["failed"]) == ("a", BROKEN)
    venue.offer(venue.releases[NEW])
    venue.until("on trial", 0, 60_000)


@pytest.mark.proof
def test_a_power_cut_in_the_middle_is_gone_on_from(make_venue: Any) -> None:
    venue = make_venue(1)
    venue.campaigner.start(NEW, "all")
    venue.until("fetching")
    before_ms = venue.now_ms + 20_000
    while venue.leader.updates.chunks <= 30:  # it has looked at the signature, and at some files
        assert venue.now_ms < before_ms
        venue.run(venue.now_ms + 500)
    venue.cut_power(0)
    venue.until("on trial", 0, 90_000)
    pieces = sum(-(-len(part) // 900) for part in venue.releases[NEW].parts)
    assert venue.leader.updates.chunks <= pieces + 8 + 5  # 7 KB come again at most; the manifest


@pytest.mark.proof
def test_an_update_leaves_1500_bytes_of_the_smallest_heap(make_venue: Any) -> None:
    """What a badge keeps of hosts, settings and texts may take it."""
    venue = make_venue(1, HEAP_BYTES - 1500)
    venue.campaigner.start(NEW, "all")
    venue.until("on trial", 0, 40_000)
    assert venue.badges[0].stats()["resets"] == 1  # into the release


@pytest.mark.proof
@pytest.mark.parametrize("less_bytes", [5000, 5990, 6000, 7000])
def test_without_memory_for_it_the_badge_goes_on(make_venue: Any, less_bytes: int) -> None:
    venue = make_venue(2, HEAP_BYTES - less_bytes)
    venue.campaigner.start(NEW, "all")
    venue.run(venue.now_ms + 12_000)
    assert {state for _, _, state, _ in venue.told} == {"offered"}
    venue.talk(0)
    sent, heard = venue.values(0, "sent")[-1][1], venue.values(1, "heard")[-1]
    assert heard[2:] == [sent, 0, 0, LAST_REPEATS, 0]
    assert [badge.stats()["resets"] for badge in venue.badges] == [0, 0]
