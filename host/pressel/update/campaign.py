"""A campaign: which badges are to get a release, how each is doing, and when to stop.

The leader keeps it in `updates/campaign.json` and continues it after a restart. It stops by itself
when too many badges fail: a bad release fails everywhere, a bad badge alone does not.

A campaign that was cancelled stays on disk as such. Each step that counts has an edition, so that a
host that was away meanwhile is told of it, and does not begin again what is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, Field, ValidationError

from pressel.errors import PresselError, UsageError
from pressel.registry import proved
from pressel.rollout import stages as rollout_stages
from pressel.rollout.rollout import Steps
from pressel.rollout.stages import Kind
from ptt.base.numbers import INT_MAX
from ptt.cluster.ballot import TERM_MAX
from ptt.leader import distributor
from ptt.leader.distributor import Distributor
from ptt.leader.members import Members
from ptt.leader.publisher import Publisher
from ptt.link import update_manifest as manifest
from ptt.link.hmac import HmacKey
from ptt.wire import messages

from .library import Library, for_chip
from .release import Release

PILOT = 2  # badges: one that is broken itself must not look like a bad release
FAILED_SHARE_MAX = 0.2  # of those that ended; more than one in five is no accident
FAILED_MIN = 2  # in a stage of more badges than a pilot: the first failure says nothing yet
STAGES = ("pilot", "half", "all")
_HAS = ("applying", "on trial", "done")  # states of badges that have it, or soon will

REASONS = {
    messages.UPDATE_REASON_NONE: "",
    messages.UPDATE_REASON_TAG: "the badge does not believe the manifest; flash it anew",
    messages.UPDATE_REASON_MANIFEST: "the badge cannot read the manifest; make the release anew",
    messages.UPDATE_REASON_FILE: "a file came changed; start again, and flash it if it stays so",
    messages.UPDATE_REASON_CHIP: "no release for its chip; add one",
    messages.UPDATE_REASON_OLDER: "older than what it ran; use --allow-downgrade if meant",
    messages.UPDATE_REASON_FELL_BACK: "fell back in its trial; see `pressel badge logs`",
    messages.UPDATE_REASON_ROOM: "its flash is full; flash it anew",
    messages.UPDATE_REASON_FLASH: "its flash fails; replace the badge if it stays so",
    messages.UPDATE_REASON_KEY: "it has no key; flash it with `pressel flash`",
    messages.UPDATE_REASON_STOPPED: "",
    messages.UPDATE_REASON_SIGNER: "it knows no signer; flash it with `pressel flash`",
    messages.UPDATE_REASON_SIGNATURE: (
        "it knows another signer, or the release was changed; first give it the release that "
        "brings the new key, or flash it"
    ),
}
COMPUTER = "computer"  # what a soft badge calls its chip: it is updated by other means
ROM = "romfs"  # what a badge calls its chip when it runs from an image that only a cable writes
# Reasons of this host's own.
NO_KEY = 100
IN_ROM = 101
REASONS[NO_KEY] = "the registry has no key of it; register it with `pressel flash`"
REASONS[IN_ROM] = "runs from a ROMFS image; flash it with `pressel flash --packing romfs`"


Count = Annotated[int, Field(ge=0, le=INT_MAX)]
Term = Annotated[int, Field(ge=0, le=TERM_MAX)]


class Progress(BaseModel):
    """One badge of a campaign; `state` is a word of `ptt.leader.distributor.STATES`; `build` is
    what it ran before."""

    name: str = ""
    build: str = ""
    chip: str = ""
    state: str = "waiting"
    reason: int = 0


class ReleasePlan(Steps):
    """Of a release that reaches a few badges first; its number is the `version`."""

    @property
    def moves(self) -> bool:
        return True

    @property
    def restarts(self) -> bool:
        return True


class Campaign(BaseModel):
    """What is kept on disk. `edition`: the term in which the last step was taken, and which step of
    that term it was; hosts compare them. `plan`: where it goes in stages by itself. `apart`:
    devices that no release is for."""

    release: int
    edition: tuple[Term, Count] = (0, 0)
    is_over: bool = False
    stage: str = ""
    flags: int = 0
    paused: str = ""  # why
    badges: dict[str, Progress] = {}  # by device
    plan: ReleasePlan | None = None
    apart: list[str] = []

    def in_stages(self) -> bool:
        """Whether its stages follow each other by themselves."""
        return self.plan is not None and not self.plan.is_over()


class Venue(Protocol):
    """What a campaign needs of the leader."""

    @property
    def term(self) -> int: ...
    @property
    def members(self) -> Members: ...
    @property
    def updates(self) -> Distributor: ...
    @property
    def settings(self) -> Publisher: ...


Found = tuple[Campaign | None, dict[str, Release]]  # one that is over, too; and its release by chip


def find_campaign(state: Path) -> Found:
    """What is to go on, from the disk. PresselError when the file is damaged."""
    file = _file(state)
    try:
        campaign = read_campaign(file)
    except FileNotFoundError:
        return None, {}
    except (OSError, ValidationError, ValueError) as error:
        why = "" if isinstance(error, ValidationError) else f" ({error})"
        raise PresselError(
            f"{file} is damaged{why}; delete it and start the update again"
        ) from error
    if campaign.is_over:
        return campaign, {}
    try:
        return campaign, Library(state).get(campaign.release)
    except PresselError as error:  # a leader without its updates is still a leader
        campaign.paused = campaign.paused or str(error)
        return campaign, {}


def _file(state: Path) -> Path:
    return state / proved.CAMPAIGN


class Campaigner:
    """Runs the campaign of one leader. `key_of` gives a device's key or None; `found`: what was
    read from the disk already."""

    def __init__(
        self,
        state: Path,
        venue: Venue,
        key_of: Callable[[str], bytes | None],
        now_ms: Callable[[], int],
        found: Found | None = None,
    ) -> None:
        self._file = _file(state)
        self._library = Library(state)
        self._venue = venue
        self._key_of = key_of
        self._now_ms = now_ms
        kept, self._releases = find_campaign(state) if found is None else found
        self._edition = kept.edition if kept is not None else (0, 0)
        self.campaign = None if kept is None or kept.is_over else kept
        if self.campaign and not self.campaign.paused:
            self._resume()

    # --- the operator ---

    def start(
        self,
        release: int | None,
        stage: str,
        devices: Sequence[str] = (),
        groups: Sequence[int] = (),
        flags: int = 0,
        releases: dict[str, Release] | None = None,
    ) -> Campaign:
        """Begin, widen or go on: badges that have the release already are left alone. `releases`:
        what the library gave for `release`, where it was asked already."""
        found = releases or self._library.get(release)
        number = next(iter(found.values())).number
        _check_meant(found, flags)
        before = self.campaign
        if before is not None and before.in_stages():
            raise UsageError(
                f"release {before.release} is being rolled out in stages; wait for its end, or "
                "stop it with `pressel rollout abort`"
            )
        campaign = Campaign(release=number)
        if before is not None and before.release == number:
            campaign = before.model_copy(deep=True)
        campaign.stage, campaign.flags, campaign.paused = stage, flags, ""
        campaign.plan = None
        for device in self._chosen(stage, devices, groups):
            known = campaign.badges.setdefault(device, self._begun(device))
            _let_try_again(campaign, known)
        self._write(campaign, is_step=True)  # what cannot be kept is not begun
        if before is not None and before.release != number:
            self._stop_all()
        self.campaign, self._releases = campaign, found
        self._resume()
        return campaign

    def pause(self, why: str) -> None:
        """Stop handing out; what badges have stays on their flash. UsageError when there is nothing
        to stop."""
        if self.campaign is None:
            raise UsageError("no update is under way; `pressel update start` begins one")
        if self.campaign.in_stages():
            raise UsageError("it goes in stages; hold it with `pressel rollout pause`")
        self._stop_all()
        self.campaign.paused = why
        self._write(self.campaign, is_step=True)

    def cancel(self) -> None:
        """Forget the campaign. Badges that run the release keep it. UsageError when there is
        none."""
        if self.campaign is None:
            raise UsageError("no update is under way; there is nothing to cancel")
        self._write(Campaign(release=self.campaign.release, is_over=True), is_step=True)
        self._stop_all()
        self.campaign = None

    # --- in stages ---

    def begin_stages(
        self, plan: ReleasePlan, chosen: Iterable[bytes], flags: int, found: dict[str, Release]
    ) -> None:
        """The release in `found` goes to the badges `chosen` first. UsageError while another update
        is under way."""
        _check_meant(found, flags)
        before = self.campaign
        if before is not None and (before.in_stages() or not before.paused):
            raise UsageError(
                f"release {before.release} is under way; stop it with `pressel update cancel`"
            )
        campaign = Campaign(release=plan.version, flags=flags)
        if before is not None and before.release == plan.version:
            again = before.model_copy(deep=True)
            campaign.badges, campaign.apart = again.badges, again.apart
            for known in campaign.badges.values():
                _let_try_again(campaign, known)
        self._step(campaign, plan, chosen)
        self._stop_all()
        self.campaign, self._releases = campaign, found
        self._resume()

    def take_step(self, plan: ReleasePlan, chosen: Iterable[bytes], paused: str = "") -> None:
        """Of the release that goes in stages; `paused`: why no badge gets it for now."""
        assert self.campaign is not None, "no release is under way"
        campaign = self.campaign.model_copy(deep=True)
        campaign.paused = paused
        self._step(campaign, plan, chosen)
        if paused:
            self._stop_all()
        self.campaign = campaign
        if not paused:
            self._resume()

    def go_back(self, plan: ReleasePlan) -> bool:
        """Give the badges that have the release an earlier one, where the hosts keep one that is
        signed for that; was there one? `plan`: how the stages ended."""
        assert self.campaign is not None, "no release is under way"
        has_it = [device for device, known in self.campaign.badges.items() if known.state in _HAS]
        numbers = {each.number for each in self._library.all() if each.number < plan.version}
        for number in sorted(numbers, reverse=True):
            found = self._library.get(number)
            if all(each.flags & manifest.DOWNGRADE for each in found.values()):
                break
        else:
            return False
        badges = {device: Progress(name=self.campaign.badges[device].name) for device in has_it}
        campaign = Campaign(release=number, flags=manifest.DOWNGRADE, badges=badges, plan=plan)
        self._write(campaign, is_step=True)
        self._stop_all()
        self.campaign, self._releases = campaign, found
        self._resume()
        return True

    def kinds(self) -> dict[bytes, Kind]:
        """By device, of the badges that are here and that a release is for: what it ran before this
        one, its access point, and its board."""
        campaign, boards = self.campaign or Campaign(release=0), self._venue.settings.boards
        return {
            each.device: Kind(
                self._build_before(campaign, each.device.hex(), each.build), each.access_point,
                boards.get(each.device, ""),
            )
            for each in self._venue.members.all() if each.device not in self.left_out()
        }  # fmt: skip

    def left_out(self) -> frozenset[bytes]:
        """The devices that no release is for, as far as they have said so."""
        campaign = self.campaign or Campaign(release=0)
        in_rom = [device for device, each in campaign.badges.items() if each.reason == IN_ROM]
        return frozenset(map(bytes.fromhex, (*campaign.apart, *in_rom)))

    def _build_before(self, campaign: Campaign, device: str, build: bytes) -> bytes:
        known = campaign.badges.get(device)
        return known.build.encode() if known is not None and known.build else build

    def _begun(self, device: str) -> Progress:
        member = self._venue.members.by_device(bytes.fromhex(device))
        return Progress(build=member.build.decode() if member else "")

    def _step(self, campaign: Campaign, plan: ReleasePlan, chosen: Iterable[bytes]) -> None:
        """On disk, or not at all."""
        campaign.plan, campaign.stage = plan, rollout_stages.STAGES[plan.stage]
        for device in chosen:
            campaign.badges.setdefault(device.hex(), self._begun(device.hex()))
        self._write(campaign, is_step=True)

    # --- other hosts ---

    def adopt(self, other: Campaign) -> bool:
        """Go on from the step that another host knows of, if it is later than ours, and was taken
        before we led; did we?"""
        if not self._edition < other.edition or other.edition[0] > self._venue.term:
            return False
        self._write(other)
        self._stop_all()
        self._edition = other.edition
        self.campaign, self._releases = None if other.is_over else other, {}
        if self.campaign is not None and not self.campaign.paused:
            try:
                self._releases = self._library.get(other.release)
            except PresselError as error:
                self.pause(str(error))
            else:
                self._resume()
        return True

    # --- what happens ---

    def on_told(self, device: bytes, release: int, state: int, reason: int) -> None:
        """The distributor tells how one badge is doing."""
        campaign = self.campaign
        if campaign is None or campaign.release != release or device.hex() not in campaign.badges:
            return
        known = campaign.badges[device.hex()]
        jobs = {job.device: job for job in self._venue.updates.jobs()}
        job = jobs.get(device)
        if state == distributor.FAILED and reason == messages.UPDATE_REASON_CHIP and job:
            chip = job.chip.decode("ascii", "replace")
            if chip == COMPUTER:
                del campaign.badges[device.hex()]
                campaign.apart = sorted({*campaign.apart, device.hex()})
                self._save()
                return
            better = for_chip(self._releases, chip)
            if chip == ROM:
                reason = IN_ROM
            elif chip and chip != known.chip and better not in (None, job.release):
                known.chip = chip
                self._assign(device.hex(), known)
                return
        known.state, known.reason = distributor.STATES[state], reason
        if self.fails_too_often() and not campaign.in_stages():  # these have a gate
            self.pause("too many badges failed; `pressel update status` says why")
        self._save()

    def fails_too_often(self) -> bool:
        """Whether more badges have failed than a bad badge explains."""
        if self.campaign is None:
            return False
        badges = self.campaign.badges.values()
        states = [each.state for each in badges if each.reason != IN_ROM]  # no release's fault
        failed, done = states.count("failed"), states.count("done")
        least = 1 if len(states) <= PILOT else FAILED_MIN
        return failed >= least and failed > FAILED_SHARE_MAX * (failed + done)

    def status(self) -> dict[str, Any]:
        """The fleet: every member and every badge of the campaign."""
        jobs = {job.device.hex(): job for job in self._venue.updates.jobs()}
        members = {member.device.hex(): member for member in self._venue.members.all()}
        badges = dict(self.campaign.badges) if self.campaign else {}
        rows = []
        for device in sorted(members.keys() | badges.keys()):
            member, job, known = members.get(device), jobs.get(device), badges.get(device)
            rows.append({
                "device": device,
                "name": member.name.decode() if member else known.name if known else "",
                "here": member is not None,
                "build": member.build.decode() if member else "",
                "running": job.running if job else 0,
                "state": known.state if known else "",
                "percent": _percent(job) if job and job.state == distributor.FETCHING else None,
                "reason": reason_words(known.reason) if known and known.state == "failed" else "",
            })  # fmt: skip
        campaign = self.campaign
        return {
            "release": campaign.release if campaign else 0,
            "stage": campaign.stage if campaign else "",
            "paused": campaign.paused if campaign else "",
            "badges": rows,
        }

    # --- inside ---

    def _chosen(self, stage: str, devices: Sequence[str], groups: Sequence[int]) -> list[str]:
        members = sorted(self._venue.members.all(), key=lambda each: each.device)
        if devices:
            return [each.device.hex() for each in members if each.device.hex() in devices]
        if groups:
            return [each.device.hex() for each in members if set(groups) & set(each.groups)]
        count = {"pilot": PILOT, "half": -(-len(members) // 2)}.get(stage, len(members))
        return [each.device.hex() for each in members[:count]]

    def _resume(self) -> None:
        assert self.campaign is not None
        for device, known in sorted(self.campaign.badges.items()):
            if known.state not in ("done", "failed"):
                self._assign(device, known)
        self._save()

    def _assign(self, device: str, known: Progress) -> None:
        assert self.campaign is not None
        raw = bytes.fromhex(device)
        member = self._venue.members.by_device(raw)
        known.name = member.name.decode() if member else known.name
        release = for_chip(self._releases, known.chip)
        key = self._key_of(device)
        if release is None or key is None:
            known.state = "failed"
            known.reason = NO_KEY if key is None else messages.UPDATE_REASON_CHIP
            return
        known.state = "waiting"
        flags = self.campaign.flags
        tag = tag_of(release, key, flags)
        self._venue.updates.assign(raw, release, flags, tag, self._now_ms())

    def _stop_all(self) -> None:
        for job in self._venue.updates.jobs():
            self._venue.updates.unassign(job.device, self._now_ms())
        if self.campaign is not None:
            for known in self.campaign.badges.values():
                if known.state in ("offered", "fetching"):
                    known.state = "waiting"

    def _save(self) -> None:
        if self.campaign is not None:
            self._write(self.campaign)

    def _write(self, campaign: Campaign, *, is_step: bool = False) -> None:
        """PresselError when the disk does not take it; an operator's step has not counted then."""
        before = campaign.edition
        if is_step:
            campaign.edition = self._next_edition()
        try:
            store_campaign(self._file, campaign)
        except PresselError:
            campaign.edition = before
            raise
        self._edition = campaign.edition

    def _next_edition(self) -> tuple[int, int]:
        term, count = self._venue.term, 1
        known, steps = self._edition
        if known >= term and steps < INT_MAX:  # who led in this term before, on the same disk
            term, count = known, steps + 1
        elif known >= term:  # a host named the last step there is: the term after it has more
            term = known + 1
        return term, count


def _let_try_again(campaign: Campaign, known: Progress) -> None:
    if known.state == "failed":
        known.state, known.reason = "waiting", 0
        campaign.flags |= manifest.AGAIN


def read_campaign(file: Path) -> Campaign:
    """ValueError when `file` is damaged, or was changed since this host wrote it."""
    return Campaign.model_validate(proved.load(file.parents[1], proved.CAMPAIGN))


def store_campaign(file: Path, campaign: Campaign) -> None:
    """PresselError when the disk does not take it."""
    try:
        proved.store(file.parents[1], proved.CAMPAIGN, campaign.model_dump(mode="json"))
    except OSError as error:
        raise PresselError(f"cannot keep the update in {file}: {error.strerror}") from error


def tag_of(release: Release, key: bytes, flags: int) -> bytes:
    """What the badge with `key` must find over the manifest."""
    hmac_key = HmacKey(key)
    inner = manifest.begin_tag(hmac_key, flags)
    inner.update(release.parts[0])
    return manifest.end_tag(hmac_key, inner)


def _check_meant(releases: dict[str, Release], flags: int) -> None:
    """That an older release may be run is the signer's word and the operator's."""
    signed = {each.flags & manifest.DOWNGRADE for each in releases.values()}
    if len(signed) > 1:
        raise UsageError(
            "some chips' releases are signed for a downgrade and others are not; sign them alike"
        )
    if signed == {manifest.DOWNGRADE} and not flags & manifest.DOWNGRADE:
        raise UsageError(
            "this release is signed for a downgrade; confirm that with --allow-downgrade"
        )
    if signed == {0} and flags & manifest.DOWNGRADE:
        raise UsageError(
            "this release is not signed for a downgrade, so no badge would take it for one; sign "
            "it again with `pressel release sign --allow-downgrade`"
        )


def _percent(job: distributor.Job) -> int:
    """Of the bytes, files that are there already counted as brought."""
    parts = job.release.parts
    return 100 * sum(len(part) for part in parts[: job.file]) // sum(len(part) for part in parts)


def reason_words(reason: int) -> str:
    """What the operator does about `reason`, which badges may name as they like."""
    return REASONS.get(reason, f"reason {reason}")
