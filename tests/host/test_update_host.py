"""Releases: who signed them, what is refused; campaigns: stages, failures, a restarted leader."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.shared.update_stage import UpdateVenue
from tests.signers import own_state, signer_in

from pressel.cli import main
from pressel.errors import PresselError, UsageError
from pressel.node.channel.channel import host_of
from pressel.node.desk.releases import Releases
from pressel.node.release_door import first_signer
from pressel.node.update_copy import Copied, UpdateCopy
from pressel.registry.store import Registry
from pressel.signer.signer import Signer
from pressel.update import keys, voices
from pressel.update.campaign import Campaign, Campaigner, read_campaign, store_campaign
from pressel.update.library import Library
from pressel.update.release import MANIFEST, SIGNATURE, read_release, sign_build
from ptt.base import events
from ptt.base.numbers import INT_MAX
from ptt.link.update_manifest import DOWNGRADE
from ptt.wire import messages

RELEASE = 1  # firmware/app/release.py


def build(folder: Path, release: int = 2, machine: str = "") -> Path:
    (folder / "a/app").mkdir(parents=True)
    (folder / "a/badge.mpy").write_bytes(b"M\x06" + bytes(3000))
    (folder / "a/app/boot.mpy").write_bytes(b"M\x06boot%d" % release)
    listing = {"release": release, "build": f"0.{release}.0", "table": "00112233",
               "architecture": machine}  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(listing))
    return folder


__all__ = ["own_state"]


@pytest.fixture
def key(tmp_path: Path, own_state: Path) -> Signer:
    return signer_in(tmp_path / "signer")


@pytest.fixture
def package(tmp_path: Path, key: Signer) -> Path:
    sign_build(build(tmp_path / "build"), "any", key, tmp_path / "release.zip")
    return tmp_path / "release.zip"


def believed(state: Path, key: Signer) -> Library:
    keys.trust(state, key.public.hex())
    return Library(state)


def changed(package: Path, name: str, data: bytes) -> Path:
    out = package.with_name("changed.zip")
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(out, "w") as new:
        for each in old.namelist():
            new.writestr(each, data if each == name else old.read(each))
        if name not in old.namelist():
            new.writestr(name, data)
    return out


def test_a_signed_release_is_read_back(tmp_path: Path, key: Signer, package: Path) -> None:
    release = read_release(package, [key.public.hex()])
    assert (release.number, release.build, release.chip) == (2, "0.2.0", "any")
    assert release.paths == ["app/boot.mpy", "badge.mpy", "signer.key"]
    assert (release.signer, release.brings, release.leaf, release.flags) == (
        key.public.hex(), key.public.hex(), 0, 0,
    )  # fmt: skip
    with zipfile.ZipFile(package) as files:
        files.extractall(tmp_path / "folder")
    assert read_release(tmp_path / "folder", [key.public.hex()]) == release


def test_a_build_that_is_an_image_is_not_sent_over_the_air(tmp_path: Path, key: Signer) -> None:
    made = build(tmp_path / "build")
    listing = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(json.dumps({**listing, "packing": "romfs"}))
    with pytest.raises(UsageError, match=r"is packed as romfs.* sign a build with --packing stock"):
        sign_build(made, "any", key, tmp_path / "release.zip")
    assert not (tmp_path / "release.zip").exists()


def test_what_nobody_trusted_signed_is_refused(tmp_path: Path, key: Signer, package: Path) -> None:
    with pytest.raises(UsageError, match="no signer is trusted yet"):
        Library(tmp_path / "state").add(package)
    other = signer_in(tmp_path / "other", "two")
    with pytest.raises(UsageError, match="no trusted signer signed"):
        believed(tmp_path / "state", other).add(package)
    assert believed(tmp_path / "state", key).add(package).number == 2


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (MANIFEST, b"pressel-update 1\n"),
        (SIGNATURE, b""),
        (SIGNATURE, bytes(2508)),
        ("files/signer.key", bytes(56)),
        ("files/badge.mpy", b"cut"),
        ("files/more.mpy", b"x"),
    ],
)
def test_a_tampered_release_is_refused(
    tmp_path: Path, key: Signer, package: Path, name: str, data: bytes
) -> None:
    library = believed(tmp_path / "state", key)
    with pytest.raises(UsageError):
        library.add(changed(package, name, data))
    assert library.all() == []


def test_what_is_no_release_is_said_so(tmp_path: Path, key: Signer) -> None:
    library = believed(tmp_path / "state", key)
    (tmp_path / "text").write_text("hello")
    for source in (tmp_path / "text", tmp_path / "nowhere", build(tmp_path / "unsigned")):
        with pytest.raises(UsageError):
            library.add(source)
    with pytest.raises(UsageError, match="machine code"):
        sign_build(build(tmp_path / "native", 3, "xtensawin"), "any", key, tmp_path / "x.zip")


def test_a_release_that_changed_on_disk_is_not_offered(
    tmp_path: Path, key: Signer, package: Path
) -> None:
    library = believed(tmp_path / "state", key)
    library.add(package)
    kept = library.folder / "2-any.zip"
    shutil.copyfile(changed(package, "files/badge.mpy", b"x"), kept)
    assert library.all() == []
    with pytest.raises(UsageError, match="there is no release"):
        library.get(2)


# --- campaigns, with engines in virtual time ---


class Fleet:
    """A venue whose leader runs a campaign of its own."""

    def __init__(self, state: Path, key: Signer, badges: int, chip: bytes = b"esp32") -> None:
        self.state = state
        Registry(state).close()
        self.venue = UpdateVenue(badges, chip=chip)
        self.venue.signer = key.public
        self.venue.run(2000)
        self.keys = {
            self.venue.device(index).hex(): bytes([index + 1]) * 32 for index in range(badges)
        }
        self.again()

    def again(self) -> None:
        """As after a restart of the leader."""
        self.campaigner = Campaigner(
            self.state, self.venue.leader, self.keys.get, lambda: self.venue.now_ms
        )

    def run(self, duration_ms: int) -> None:
        for _ in range(duration_ms // 100):
            seen = len(self.venue.leader_events)
            self.venue.run(100)
            for _, kind, value in self.venue.leader_events[seen:]:
                if kind == events.UPDATE:
                    self.campaigner.on_told(*value)

    def say(self, index: int, state: int, reason: int = 0, chip: bytes = b"esp32") -> None:
        values = (2, state, reason, 1, 0, chip)
        self.venue.badges[index].engine.offers.send_update(
            messages.UPDATE_STATE, values, self.now_ms
        )

    @property
    def now_ms(self) -> int:
        return self.venue.now_ms

    def states(self) -> list[str]:
        return [row["state"] for row in self.campaigner.status()["badges"]]


@pytest.fixture
def fleet(tmp_path: Path, key: Signer, package: Path) -> Fleet:
    believed(tmp_path / "state", key).add(package)
    return Fleet(tmp_path / "state", key, 6)


def test_stages_widen_and_a_restarted_leader_goes_on(fleet: Fleet) -> None:
    fleet.campaigner.start(None, "pilot")
    assert fleet.states() == ["waiting", "waiting", "", "", "", ""]
    fleet.run(8000)
    assert fleet.states()[:2] == ["applying"] * 2
    for index in (0, 1):
        fleet.say(index, messages.UPDATE_STATE_TRIAL)
    fleet.run(200)
    assert fleet.states()[:2] == ["on trial"] * 2
    for index in (0, 1):
        fleet.say(index, messages.UPDATE_STATE_CURRENT)
    fleet.run(200)
    assert fleet.states()[:2] == ["done"] * 2
    fleet.campaigner.start(None, "half")
    fleet.again()
    assert fleet.states() == ["done", "done", "waiting", "", "", ""]
    fleet.campaigner.start(None, "all")
    assert fleet.states() == ["done", "done", *["waiting"] * 4]


def test_a_pilot_that_fails_stops_it(fleet: Fleet) -> None:
    fleet.campaigner.start(None, "pilot")
    fleet.run(300)
    fleet.say(0, messages.UPDATE_STATE_FAILED, messages.UPDATE_REASON_FELL_BACK)
    fleet.run(300)
    status = fleet.campaigner.status()
    assert "too many badges failed" in status["paused"]
    assert "fell back" in status["badges"][0]["reason"]
    assert fleet.states()[1] == "waiting"
    assert not fleet.venue.leader.updates.jobs()


def test_one_failure_of_many_does_not_stop_it_two_do(fleet: Fleet) -> None:
    fleet.campaigner.start(None, "all")
    fleet.run(300)
    fleet.say(0, messages.UPDATE_STATE_FAILED, messages.UPDATE_REASON_FLASH)
    fleet.run(300)
    assert not fleet.campaigner.status()["paused"]
    fleet.say(1, messages.UPDATE_STATE_FAILED, messages.UPDATE_REASON_FLASH)
    fleet.run(300)
    assert fleet.campaigner.status()["paused"]
    fleet.campaigner.start(None, "all")  # the operator says: once more
    assert not fleet.campaigner.status()["paused"]
    assert fleet.states() == ["waiting"] * 6


def test_a_badge_that_runs_from_an_image_is_told_as_such_and_is_no_failure(fleet: Fleet) -> None:
    fleet.campaigner.start(None, "all")
    fleet.run(300)
    for index in (0, 1, 2):
        failed, chip = messages.UPDATE_STATE_FAILED, messages.UPDATE_REASON_CHIP
        fleet.say(index, failed, chip, b"romfs")
    fleet.run(300)
    status = fleet.campaigner.status()
    assert fleet.states()[:3] == ["failed"] * 3
    for row in status["badges"][:3]:
        assert row["reason"].endswith("flash it with `pressel flash --packing romfs`")
    assert not status["paused"]
    for index in (3, 4):
        fleet.say(index, messages.UPDATE_STATE_FAILED, messages.UPDATE_REASON_FLASH)
    fleet.run(300)
    assert fleet.campaigner.status()["paused"]


def test_pause_and_cancel(fleet: Fleet) -> None:
    fleet.campaigner.start(None, "all")
    fleet.run(500)
    fleet.campaigner.pause("you paused it")
    chunks = fleet.venue.leader.updates.chunks
    fleet.run(3000)
    assert fleet.venue.leader.updates.chunks == chunks
    assert fleet.venue.receivers == {}  # they have let go of the memory
    fleet.campaigner.cancel()
    assert fleet.campaigner.status()["release"] == 0
    fleet.again()
    assert fleet.campaigner.campaign is None


def test_where_nothing_is_under_way_nothing_is_stopped(fleet: Fleet) -> None:
    for act in (lambda: fleet.campaigner.pause("you paused it"), fleet.campaigner.cancel):
        with pytest.raises(UsageError, match="no update is under way"):
            act()
    fleet.campaigner.start(None, "all")
    fleet.campaigner.cancel()
    with pytest.raises(UsageError, match="no update is under way"):
        fleet.campaigner.cancel()


def test_what_the_disk_does_not_take_is_neither_begun_nor_over(fleet: Fleet) -> None:
    beside = fleet.state / "updates" / "campaign.new"
    beside.mkdir()
    with pytest.raises(PresselError, match="cannot keep the update"):
        fleet.campaigner.start(None, "all")
    assert fleet.campaigner.campaign is None and not fleet.venue.leader.updates.jobs()
    beside.rmdir()
    fleet.campaigner.start(None, "pilot")
    beside.mkdir()
    for act in (fleet.campaigner.cancel, lambda: fleet.campaigner.start(None, "all")):
        with pytest.raises(PresselError, match="cannot keep the update"):
            act()
        assert len(fleet.venue.leader.updates.jobs()) == 2
    beside.rmdir()
    fleet.again()
    assert fleet.states() == ["waiting", "waiting", "", "", "", ""]


def test_of_two_hosts_the_later_step_counts(fleet: Fleet) -> None:
    """Each host that led may have continued while the other was away."""
    fleet.campaigner.start(None, "all")
    assert fleet.campaigner.campaign is not None
    own = fleet.campaigner.campaign
    term = fleet.venue.leader.term
    assert own.edition == (term, 1)
    cancelled = Campaign(release=2, is_over=True)
    for edition in ((0, 0), (term - 1, 9), own.edition, (term + 1, 1)):  # the last: cannot be yet
        assert not fleet.campaigner.adopt(cancelled.model_copy(update={"edition": edition}))
    assert len(fleet.venue.leader.updates.jobs()) == 6
    later = {"edition": (term, 2)}
    assert fleet.campaigner.adopt(cancelled.model_copy(update=later))
    assert fleet.campaigner.campaign is None and not fleet.venue.leader.updates.jobs()
    fleet.again()
    assert fleet.campaigner.campaign is None
    fleet.campaigner.start(None, "all")  # the operator's next word counts more
    assert fleet.campaigner.campaign.edition == (term, 3)
    assert fleet.campaigner.adopt(own.model_copy(update={"edition": (term, 4), "release": 7}))
    assert "no release 7" in fleet.campaigner.status()["paused"]
    assert not fleet.venue.leader.updates.jobs()


@pytest.mark.parametrize("term", [0, 1 << 24])
def test_no_step_of_a_host_is_the_last(fleet: Fleet, term: int) -> None:
    """Who led before named the highest; what comes next is later, and read back from the disk."""
    highest = (fleet.venue.leader.term + term, INT_MAX)
    file = fleet.state / "updates/campaign.json"
    store_campaign(file, Campaign(release=2, edition=highest, is_over=True))
    fleet.again()
    fleet.campaigner.start(None, "all")
    assert highest < read_campaign(file).edition
    fleet.again()
    assert fleet.campaigner.campaign is not None


HOSTS = {"aa" * 8: "", "bb" * 8: "annex", "cc" * 8: "cellar"}  # the first is this one


def standby(state: Path, hosts: dict[str, str] = HOSTS) -> UpdateCopy:
    return UpdateCopy(state, lambda event, fields: None, lambda term: term <= 9, lambda: hosts)


def test_a_standby_keeps_no_campaign_of_a_term_that_cannot_be(tmp_path: Path) -> None:
    copy = standby(tmp_path)
    copied = Copied(releases=[], campaign=Campaign(release=2, edition=(9, INT_MAX)))
    copy._believe(copied, "annex")
    copied.campaign = Campaign(release=2, edition=(10, 1))
    with pytest.raises(PresselError, match="a term in which nobody can have led"):
        copy._believe(copied, "annex")


def test_a_badge_without_a_key_is_told_as_such(fleet: Fleet) -> None:
    fleet.keys.clear()
    fleet.campaigner.start(None, "pilot")
    assert "registry has no key" in fleet.campaigner.status()["badges"][0]["reason"]


def test_each_badge_gets_the_release_for_its_chip(tmp_path: Path, key: Signer) -> None:
    library = believed(tmp_path / "state", key)
    for number, (chip, machine) in enumerate((("esp32", "xtensawin"), ("esp32c3", "rv32imc"))):
        folder = build(tmp_path / f"build-{number}", 2, machine)
        (folder / "a/app/boot.mpy").write_bytes(chip.encode())
        sign_build(folder, chip, key, tmp_path / "chip.zip")
        library.add(tmp_path / "chip.zip")
    fleet = Fleet(tmp_path / "state", key, 1, chip=b"esp32c3")
    fleet.campaigner.start(None, "all")
    fleet.run(30_000)
    assert fleet.venue.slots[0].files["app/boot.mpy"] == b"esp32c3"
    assert fleet.states() == ["applying"]


def test_the_commands(tmp_path: Path, own_state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: Any) -> tuple[int, str]:
        code = main([str(word) for word in words])
        return code, capsys.readouterr().out.strip()

    state, signer = tmp_path / "state", ("--signer", tmp_path / "signer")
    code, public = run("release", "keygen", *signer)
    assert code == 0 and len(public) == 112
    assert run("release", "keygen", *signer)[0] == 2
    assert run("release", "show", *signer) == (0, public)
    assert run("update", "trust", public, "--state", state)[0] == 0
    build(tmp_path / "build")
    code, file = run("release", "sign", tmp_path / "build", *signer, "--out", tmp_path / "r.zip")
    assert (code, file) == (0, str(tmp_path / "r.zip"))
    shown = json.loads(run("release", "show", *signer, "--json")[1])
    assert shown == {"public": public, "leaves": 1024, "left": 1023}
    assert run("update", "add", file, "--state", state)[0] == 0
    code, listed = run("update", "list", "--state", state, "--json")
    assert [(each["release"], each["leaf"]) for each in json.loads(listed)] == [(2, 0)]
    assert "0.2.0" in run("update", "list", "--state", state)[1]
    assert run("update", "start", "--control", tmp_path / "none")[0] == 2
    assert run("update", "status", "--control", tmp_path / "none")[0] == 3


# --- signers: what hosts notice, and how one takes over from another ---


def test_the_firmware_of_this_installation_becomes_a_release(
    tmp_path: Path, key: Signer, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["release", "sign", "--signer", str(tmp_path / "signer"), "--chip", "any"]
    assert main([*words, "--out", str(tmp_path / "own.zip")]) == 0
    assert "1,023 of 1,024 leaves are left" in capsys.readouterr().err
    release = believed(tmp_path / "state", key).add(tmp_path / "own.zip")
    assert (release.number, release.chip) == (RELEASE, "any")


def test_a_release_of_the_former_rule_is_refused(
    tmp_path: Path, key: Signer, package: Path
) -> None:
    former = package.with_name("former.zip")
    with zipfile.ZipFile(package) as new, zipfile.ZipFile(former, "w") as old:
        for each in new.namelist():
            old.writestr(each.replace(SIGNATURE, "update.sig"), new.read(each))
    with pytest.raises(UsageError, match="no badge takes it; sign its build again"):
        believed(tmp_path / "state", key).add(former)


def test_a_signer_that_was_rolled_back_with_its_counter_is_noticed_by_hosts(
    tmp_path: Path, key: Signer, package: Path
) -> None:
    library = believed(tmp_path / "state", key)
    library.add(package)
    shutil.rmtree(tmp_path / "signer")
    again = signer_in(tmp_path / "signer")
    sign_build(build(tmp_path / "build-3", 3), "any", again, tmp_path / "three.zip")
    with pytest.raises(UsageError, match="has signed two releases by leaf 0"):
        library.add(tmp_path / "three.zip")
    assert [each.number for each in library.all()] == [2]
    library.add(package)  # the same again is no harm


def test_a_signature_of_another_release_and_board_is_refused(tmp_path: Path, key: Signer) -> None:
    made = {}
    for chip, machine in (("esp32", "xtensawin"), ("esp32c3", "rv32imc")):
        sign_build(build(tmp_path / chip, 2, machine), chip, key, tmp_path / f"{chip}.zip")
        with zipfile.ZipFile(tmp_path / f"{chip}.zip") as package:
            made[chip] = package.read(SIGNATURE)
    swapped = changed(tmp_path / "esp32.zip", SIGNATURE, made["esp32c3"])
    with pytest.raises(UsageError, match="no trusted signer signed"):
        believed(tmp_path / "state", key).add(swapped)


def test_one_signer_hands_over_to_the_next(tmp_path: Path, key: Signer, package: Path) -> None:
    library = believed(tmp_path / "state", key)
    following = signer_in(tmp_path / "next", "two")
    sign_build(build(tmp_path / "build-4", 4), "any", following, tmp_path / "four.zip")
    with pytest.raises(UsageError, match="no trusted signer signed"):
        library.add(tmp_path / "four.zip")
    bringing = build(tmp_path / "build-3", 3)
    sign_build(bringing, "any", key, tmp_path / "three.zip", following.public.hex())
    release = library.add(tmp_path / "three.zip")
    assert (release.signer, release.brings) == (key.public.hex(), following.public.hex())
    assert release.parts[release.paths.index("signer.key") + 1] == following.public
    assert library.add(tmp_path / "four.zip").number == 4
    assert keys.trusted(tmp_path / "state")[-1] == following.public.hex()


def without(name: str) -> dict[str, str]:
    return {host: each for host, each in HOSTS.items() if each != name}


def test_a_signer_that_a_removed_host_has_named_is_doubted(tmp_path: Path, key: Signer) -> None:
    """Whoever leads can name a signer of its own, which badges would get when they are flashed; so
    can a host that asks the leader. What they have named outlives their removal."""
    honest, evil, third = (bytes([n]).join((key.public[:55], b"")).hex() for n in range(3))
    state, at_leader = tmp_path / "state", Releases(tmp_path / "leader", lambda: HOSTS)
    keys.name(state, honest)
    standby(state)._believe(Copied(signers=[evil], releases=[], campaign=None), "cellar")
    assert keys.trusted(state) == [evil] and voices.doubted(state, HOSTS) == {}
    assert voices.doubted(state, without("cellar")) == {evil: "cc" * 8}
    copied = Copied(signers=[evil], voices=voices.read_voices(state), releases=[], campaign=None)
    standby(tmp_path / "other")._believe(copied, "annex")  # and who got it from that one
    assert voices.doubted(tmp_path / "other", without("cellar")) == {evil: "cc" * 8}
    at_leader.trust({"key": honest, "where": ""})
    at_leader.trust({"key": evil, "where": "cellar"})
    at_leader.trust({"key": honest, "where": "cellar"})  # says nothing new
    assert voices.doubted(tmp_path / "leader", without("cellar")) == {evil: "cc" * 8}
    with pytest.raises(UsageError, match="is not allowed"):
        at_leader.trust({"key": third, "where": "nobody"})
    keys.name(state, honest)  # the operator says which one it is
    assert keys.trusted(state) == [evil, honest]
    keys.name(state, evil)
    assert voices.doubted(state, without("cellar")) == {}
    standby(state)._believe(Copied(signers=[third], releases=[], campaign=None), "annex")
    assert voices.read_voices(state) == {third: ["bb" * 8]}


def test_what_a_doubted_signer_brings_is_doubted(tmp_path: Path, key: Signer) -> None:
    state, following = tmp_path / "state", signer_in(tmp_path / "next", "two").public.hex()
    copied = Copied(signers=[key.public.hex()], releases=[], campaign=None)
    standby(state)._believe(copied, "cellar")
    sign_build(build(tmp_path / "build", 3), "any", key, tmp_path / "three.zip", following)
    Library(state).add(tmp_path / "three.zip")
    assert set(voices.doubted(state, without("cellar"))) == {key.public.hex(), following}


def test_no_badge_is_flashed_with_the_signer_of_a_removed_host(
    tmp_path: Path, own_state: Path, key: Signer
) -> None:
    state, public = tmp_path / "state", key.public.hex()
    with Registry(tmp_path / "evil") as evil, Registry(state) as registry:
        registry.allow_host("cellar", evil.own_key())
        host = host_of(bytes.fromhex(evil.own_key())).hex()
    standby(state, {host: "cellar"})._believe(
        Copied(signers=[public], releases=[], campaign=None), "cellar"
    )
    assert first_signer(state) == public
    with Registry(state) as registry:
        registry.remove_host("cellar")
    with pytest.raises(PresselError, match=f"was named by host {host}, which has been removed"):
        first_signer(state)
    assert main(["update", "trust", public, "--state", str(state)]) == 0
    assert first_signer(state) == public


def test_an_older_release_needs_the_signers_word_and_the_operators(
    tmp_path: Path, fleet: Fleet, key: Signer
) -> None:
    with pytest.raises(UsageError, match="is not signed for a downgrade"):
        fleet.campaigner.start(2, "all", flags=DOWNGRADE)
    made = tmp_path / "build"
    sign_build(made, "any", key, tmp_path / "back.zip", flags=DOWNGRADE)
    library = Library(tmp_path / "state")
    assert library.add(tmp_path / "back.zip").flags == DOWNGRADE  # takes the other's place
    with pytest.raises(UsageError, match="confirm that with --allow-downgrade"):
        fleet.campaigner.start(2, "all")
    fleet.campaigner.start(2, "all", flags=DOWNGRADE)
    assert fleet.states() == ["waiting"] * 6


def test_planted_a_host_that_keeps_no_note_of_leaves(
    tmp_path: Path, key: Signer, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pressel.update.used_leaves.UsedLeaves.note", lambda *_: None)
    with pytest.raises(pytest.fail.Exception):
        test_a_signer_that_was_rolled_back_with_its_counter_is_noticed_by_hosts(
            tmp_path, key, package
        )
