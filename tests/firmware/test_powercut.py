"""The power is cut at every operation on flash of an update: a badge always starts exactly the old
release or the new one, and can be updated afterwards.

The badge's own code runs: main.py, app.extras.updates and what it loads, hal.store and
the engine.
"""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from tests.firmware.conftest import FIRMWARE, Load
from tests.firmware.cut_flash import CutFlash, CutOs
from tests.firmware.hardware import Reset
from tests.shared.lms_tree import FewLeaves
from tests.shared.update_stage import SIGNER, Release

from ptt.badge import update_receiver as engine
from ptt.badge.join import JOINED
from ptt.base import events
from ptt.link.hmac import HmacKey
from ptt.link.update_manifest import DOWNGRADE
from ptt.wire import codec, envelope, messages

KEY = bytes(range(32))
BOOT = b'{"slot": "a", "former": "a", "left": -1, "release": 0, "failed": 0}'
MANIFEST = "update.txt"
STEPS_MAX = 20_000


def content(seed: int, paths: tuple[str, ...]) -> dict[str, bytes]:
    made = random.Random(seed)
    return {path: made.randbytes(made.randrange(1, 9000)) for path in paths}


OLD = content(1, ("app/guard.mpy", "app/release.py", "badge.mpy", "hal/nvs.mpy", "native/ima.mpy"))
NEW = content(2, ("app/guard.mpy", "app/release.py", "app/trial.mpy", "badge.mpy", "hal/nvs.mpy"))
NEW["hal/nvs.mpy"] = OLD["hal/nvs.mpy"]
OLD["signer.key"] = NEW["signer.key"] = SIGNER.public
V2 = Release(2, NEW)
OTHER = FewLeaves(b"other")


class Badge:
    """The firmware's own modules on a flash, from one start to the next."""

    def __init__(self, firmware: Load, flash: CutFlash) -> None:
        self.flash = flash
        self.now_ms = 1000
        self.reason = 0
        self.downgrades = False
        operating_system = CutOs(flash)
        spec = importlib.util.spec_from_file_location("loader", FIRMWARE / "main.py")
        assert spec and spec.loader
        self.loader: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.loader)
        parts = ("slot_files", "update", "trial", "offer", "updates")
        self.store = firmware("hal.store")
        self.files, self.update, self.trial, self.offer, self.updates = (
            firmware(f"app.extras.{part}") for part in parts
        )
        for module in (
            self.loader,
            self.store,
            self.files,
            self.update,
            self.offer,
            firmware("hal.board"),
        ):
            module.open = flash.open
            if hasattr(module, "os"):
                module.os = operating_system
        nvs = SimpleNamespace(
            number=lambda name, default: flash.nvs.get(name, default),
            set_number=flash.set_number,
            blob=lambda name: KEY,
        )
        # Loaded anew they would be on this machine's own disk.
        self.update.forget = self.updates.forget = lambda *names: None
        self.offer.Nvs = self.trial.Nvs = lambda: nvs
        offers = SimpleNamespace(updater=None, send_update=self._say)
        self.participant = SimpleNamespace(offers=offers, join=SimpleNamespace(state=JOINED))
        self.handset = SimpleNamespace(
            participant=self.participant,
            is_quiet=lambda: True,
            send=lambda: None,
            radio=SimpleNamespace(starved=0),
        )
        self.extra = self.updates.Updates()
        self._asked: list[tuple[int, int, int]] = []

    def start(self) -> dict[str, Any]:
        """What the loader runs."""
        boot = self.loader.choose()
        assert sys.path.pop(0) == boot["slot"]
        self.extra.task = None
        self.participant.offers.updater = None
        return boot

    def runs(self, slot: str) -> dict[str, bytes]:
        files = self.flash.files(slot)
        files.pop(MANIFEST, None)
        return files

    def fetch(self, release: Release) -> bool:
        """Offer `release` and give what is asked for; True when the badge restarts into it."""
        flags = DOWNGRADE if self.downgrades else 0
        offer = (release.number, len(release.parts[0]), flags, release.tag(HmacKey(KEY), flags))
        self.offer.RELEASE = 1
        self.participant.offers.offered = offer
        self.extra.on_event(self.handset, (events.UPDATE, release.number), self.now_ms)
        for _ in range(STEPS_MAX):
            if self.extra.task is None:
                return False
            self.now_ms += 600
            try:
                self.extra.step(self.handset, self.now_ms)
            except Reset:
                return True
            self._give(release)
        raise AssertionError("the update does not end")

    def pass_trial(self) -> None:
        self.extra.task = self.trial.Trial(self.now_ms)
        for _ in range(3):
            self.now_ms += 60_000
            self.extra.step(self.handset, self.now_ms)
        assert self.extra.task is None

    def _say(self, kind: int, values: tuple[Any, ...], now_ms: int) -> None:
        if kind == messages.UPDATE_WANT:
            self._asked.append(values)
        elif values[1] == messages.UPDATE_STATE_FAILED:
            self.reason = values[2]

    def _give(self, release: Release) -> None:
        updater = self.participant.offers.updater
        while updater is not None and self._asked:
            number, file, offset = self._asked.pop()
            piece = release.parts[file][offset : offset + 900]
            self._tell(updater, messages.UPDATE_CHUNK, (number, file, offset), piece)
        if getattr(updater, "state", -1) == engine.READY:
            order = (release.number, messages.UPDATE_ORDER_APPLY)
            self._tell(updater, messages.UPDATE_ORDER, order, b"")

    def _tell(self, updater: Any, kind: int, values: tuple[int, ...], tail: bytes) -> None:
        data = bytearray(1200)
        end = codec.encode(data, envelope.HEADER_BYTES, kind, values)
        data[end : end + len(tail)] = tail
        end += len(tail)
        envelope.seal_header(data, end, kind, 5, 1, 1, 1)
        updater.on_message(kind, list(values), data[:end], self.now_ms)


@pytest.fixture
def badge(firmware: Load) -> Callable[[CutFlash], Badge]:
    return lambda flash: Badge(firmware, flash)


def flashed(slot: str = "a") -> CutFlash:
    """A badge that runs the old release from `slot`."""
    flash = CutFlash()
    board = json.dumps({"chip": "esp32"}).encode()
    boot = BOOT.replace(b'"a"', b'"%s"' % slot.encode())
    files = {"main.py": b"", "boot.json": boot, "board.json": board}
    flash.put({**files, **{f"{slot}/{path}": data for path, data in OLD.items()}})
    return flash


def live(badge: Badge) -> None:
    """An update from its offer to the end of its trial, and the start after that."""
    before = badge.start()["slot"]
    assert badge.fetch(V2)
    assert badge.start()["slot"] != before
    badge.pass_trial()
    assert badge.start()["left"] == -1


def verdict(badge: Badge) -> str:
    """What a badge runs after a cut: "old", "trial" or "new"; anything else is broken."""
    boot = badge.start()
    files = badge.runs(boot["slot"])
    if files == OLD and boot["left"] == -1:
        return "old"
    if files == NEW:
        return "new" if boot["left"] == -1 else "trial"
    return "broken"


def finish(badge: Badge, seen: str) -> None:
    """Bring an update to its end from wherever a cut left it."""
    if seen == "old":
        assert badge.fetch(V2)
        badge.start()
    if seen != "new":
        badge.pass_trial()


def sweep(made: Callable[[CutFlash], Badge], flash: CutFlash) -> dict[str, int]:
    """Cut at every operation that `flash` noted, finish the update, with a second cut in that."""
    found = {"old": 0, "trial": 0, "new": 0, "broken": 0}
    chance = random.Random(1)
    for _, _, cut in flash.cuts():
        after = made(cut)
        cut.begin()
        seen = verdict(after)
        found[seen] += 1
        if seen == "broken":
            continue
        finish(after, seen)
        assert verdict(after) == "new"
        again = cut.cut_before(chance.randrange(len(cut.noted) + 1))
        assert verdict(made(again)) != "broken"
    return found


@pytest.mark.proof
@pytest.mark.parametrize("slot", ["a", "b"])
def test_a_cut_at_any_operation_leaves_the_old_release_or_the_new_one(
    badge: Any, slot: str
) -> None:
    flash = flashed(slot)
    flash.begin()
    live(badge(flash))
    found = sweep(badge, flash)
    print(f"{len(flash.noted)} operations on flash, {found}")
    assert len(flash.noted) > 200
    assert found["broken"] == 0
    assert found["old"] > 300 and found["trial"] >= 8 and found["new"] >= 1


def test_a_cut_while_a_release_falls_back(badge: Any) -> None:
    flash = flashed()
    one = badge(flash)
    one.start()
    assert one.fetch(V2)
    flash.begin()
    assert [one.start()["slot"] for _ in range(5)] == ["b", "b", "b", "a", "a"]
    found = {"old": 0, "trial": 0}
    for _, _, cut in flash.cuts():
        after = badge(cut)
        found[verdict(after)] += 1  # nothing else
        for _ in range(4):
            after.start()
        assert verdict(after) == "old"
        assert after.store.Store().load("boot")["failed"] == 2
    assert found["old"] >= 2 and found["trial"] >= 6


def test_a_cut_at_a_crash_on_trial(badge: Any) -> None:
    flash = flashed()
    one = badge(flash)
    one.start()
    assert one.fetch(V2)
    one.start()
    flash.begin()
    one.trial.fail(one.store.Store())
    assert one.start()["slot"] == "a"
    assert {verdict(badge(cut)) for _, _, cut in flash.cuts()} == {"trial", "old"}


def test_a_flash_that_keeps_something_else_than_was_written_is_noticed(badge: Any) -> None:
    flash = flashed()
    flash.begin()
    live(badge(flash))
    content = flash.before
    ends = set()
    for number, (_, data) in enumerate(flash.noted):
        if data is None or len(data) < 128 or not any(data in part for part in V2.parts):
            continue  # what littlefs writes for itself has its own check sums
        worn = CutFlash(content)
        worn.device.flips_at = len(worn.noted) + number
        ends.add(outlive(badge(worn)))
    assert "broken" not in ends
    assert ends == {"kept the old one"}


def outlive(one: Badge) -> str:
    """An update on a flash that goes wrong once."""
    one.start()
    try:
        is_new = one.fetch(V2)
    except OSError:
        is_new = False
    seen = verdict(one)
    if seen == "broken":
        return seen
    return "runs the new one" if is_new and seen != "old" else "kept the old one"


# --- planted: each must be noticed by the same tests ---


def planted(badge: Any, plant: Callable[[Badge], None]) -> int:
    """How many cuts of an update with a fault end in what is neither release."""
    flash = flashed()
    one = badge(flash)
    plant(one)
    flash.begin()
    one.start()
    assert one.fetch(V2)
    broken = 0
    for _, _, cut in flash.cuts():
        broken += verdict(badge(cut)) == "broken"
    return broken


def test_planted_an_update_into_the_slot_that_runs(badge: Any, firmware: Load) -> None:
    def plant(one: Badge) -> None:
        real = one.update.Update
        one.update.Update = lambda offer, slot, *more: real(offer, "b", *more)

    assert planted(badge, plant) > 50


def test_planted_a_rename_before_all_is_there(badge: Any) -> None:
    def plant(one: Badge) -> None:
        give = one._give

        def early(release: Release) -> None:
            give(release)
            updater = one.participant.offers.updater
            state = getattr(updater, "state", -1)
            updater.wants_apply = state == engine.FETCHING and updater._file == 4

        one._give = early

    assert planted(badge, plant) >= 1


def test_planted_no_read_back(badge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = engine.Receiver._found

    def trusting(self: Any) -> bytes:
        return self._sha256 if self.state == engine.CHECKING else real(self)

    monkeypatch.setattr(engine.Receiver, "_found", trusting)
    with pytest.raises(AssertionError, match="broken"):
        test_a_flash_that_keeps_something_else_than_was_written_is_noticed(badge)


# --- what is refused ---


def refused(one: Badge, release: Release = V2) -> int:
    """The reason; the badge must run what it ran, and take a right release afterwards."""
    one.start()
    assert not one.fetch(release)
    reason = one.reason
    assert verdict(one) == "old"
    assert one.extra.task is None and one.participant.offers.updater is None
    return reason


def test_an_older_release_is_refused_unless_operator_and_signer_mean_it(badge: Any) -> None:
    flash = flashed()
    flash.nvs["release"] = 3
    assert refused(badge(flash)) == messages.UPDATE_REASON_OLDER
    one = badge(flash)
    one.downgrades = True
    assert refused(one) == messages.UPDATE_REASON_SIGNATURE
    assert one.fetch(Release(2, NEW).sign(SIGNER, DOWNGRADE, leaf=1))
    one.start()
    one.pass_trial()
    assert flash.nvs["release"] == 2 and verdict(one) == "new"


def test_a_badge_takes_releases_only_from_the_signer_that_it_knows(badge: Any) -> None:
    one = badge(flashed())
    stolen = Release(2, NEW).sign(OTHER)
    assert refused(one, stolen) == messages.UPDATE_REASON_SIGNATURE
    unsigned = Release(2, NEW)
    unsigned.parts[0] = unsigned.parts[0][: unsigned.text_bytes]  # as before there were signers
    assert refused(one, unsigned) == messages.UPDATE_REASON_SIGNATURE
    assert one.fetch(V2)


@pytest.mark.parametrize("key", [None, b"", SIGNER.public[:-1], SIGNER.public + b"\n"])
def test_a_badge_that_knows_no_signer_takes_nothing(badge: Any, key: bytes | None) -> None:
    flash = flashed()
    flash.fs.remove("a/signer.key")
    if key is not None:
        flash.put({"a/signer.key": key})
    one = badge(flash)
    one.start()
    assert not one.fetch(V2)
    assert one.reason == messages.UPDATE_REASON_SIGNER


HAND_OVER = Release(2, {**NEW, "signer.key": OTHER.public})


def test_one_signer_hands_over_to_the_next_and_power_cuts_do_not_matter(badge: Any) -> None:
    """Whichever slot starts, its own key counts: never both, never none."""
    flash = flashed()
    one = badge(flash)
    one.start()
    assert one.fetch(HAND_OVER)
    flash.begin()
    one.start()
    one.pass_trial()
    third = {"old": Release(3, NEW).sign(SIGNER, leaf=1), "new": Release(3, NEW).sign(OTHER)}
    for _, _, cut in flash.cuts():
        after = badge(cut)
        boot = after.start()
        if boot["left"] >= 0:
            after.pass_trial()
        assert cut.files("b")["signer.key"] == OTHER.public
        assert not after.fetch(third["old"])
        assert after.reason == messages.UPDATE_REASON_SIGNATURE
        assert after.fetch(third["new"])


def test_a_hand_over_that_falls_back_leaves_the_former_signer(badge: Any) -> None:
    one = badge(flashed())
    one.start()
    assert one.fetch(HAND_OVER)
    for _ in range(4):
        one.start()
    assert verdict(one) == "old"
    assert refused(one, Release(3, NEW).sign(OTHER)) == messages.UPDATE_REASON_SIGNATURE
    assert one.fetch(Release(3, NEW).sign(SIGNER, leaf=1))


def test_a_full_flash_is_refused_and_has_room_again(badge: Any) -> None:
    flash = flashed()
    flash.put({"full": bytes(4096 * 62)})
    free = CutOs(flash).statvfs("/")[3]
    one = badge(flash)
    assert refused(one) == messages.UPDATE_REASON_ROOM
    assert CutOs(flash).statvfs("/")[3] >= free - 4
    flash.fs.remove("full")
    assert one.fetch(V2)


def test_the_wrong_chip_a_tampered_manifest_and_a_truncated_file_are_refused(badge: Any) -> None:
    one = badge(flashed())
    assert refused(one, Release(2, NEW, chip=b"esp32c3")) == messages.UPDATE_REASON_CHIP
    tampered = Release(2, NEW)
    tampered.parts[0] = tampered.parts[0].replace(b"esp32", b"esp33").replace(b"any", b"all")
    tampered.tag = V2.tag  # type: ignore[method-assign]
    assert refused(one, tampered) == messages.UPDATE_REASON_TAG
    changed = Release(2, NEW)
    changed.parts[3] = changed.parts[3][:-1] + b"?"
    assert refused(one, changed) == messages.UPDATE_REASON_FILE
    cut = Release(2, NEW)
    cut.parts[5] = cut.parts[5][:-1]  # those before it lie there by now
    assert refused(one, cut) == messages.UPDATE_REASON_STOPPED
    assert one.fetch(V2)


def test_a_release_that_fell_back_is_not_taken_again_by_itself(badge: Any) -> None:
    one = badge(flashed())
    one.start()
    assert one.fetch(V2)
    for _ in range(4):
        one.start()
    assert refused(one) == messages.UPDATE_REASON_FELL_BACK


def test_a_badge_on_trial_takes_nothing_else(badge: Any) -> None:
    one = badge(flashed())
    one.start()
    assert one.fetch(V2)
    one.start()
    assert not one.fetch(Release(3, OLD))
    assert verdict(one) == "trial"


def test_no_memory_to_tell_that_it_applies_is_not_held_against_the_release(badge: Any) -> None:
    flash = flashed()
    one = badge(flash)

    def send() -> None:
        raise MemoryError

    one.handset.send = send
    one.start()
    assert one.fetch(V2)
    assert verdict(one) == "trial"
