"""What a leader reports about itself to `pressel status`: plain data, checked on both ends."""

from __future__ import annotations

from pydantic import BaseModel

from pressel.legacy.state import V1ClientState
from ptt.leader.settings_in_force import BATTERY_LOW_PERCENT

from .badge_state import BadgeState
from .way_state import RelayState, WayState

UNTOLD = "not told"  # where soft badges are, and badges of former releases


class MicrophoneState(BaseModel):
    """Of what a member said: `spoken` frames were looked at, of these cut off at full scale, and
    with wind or rubbing cloth; `noise_dbfs` is heard between words, and these are `above_noise_db`
    louder, None before enough was heard, or from a former version; `noise` is "hum", "hiss" or
    anything else, "". `silent_s`: so much of its talk since any sound was heard."""

    spoken: int
    clipped_percent: int
    windy_percent: int
    noise_dbfs: int | None = None
    silent_s: int = 0
    above_noise_db: int | None = None
    noise: str = ""


class MemberState(BaseModel):
    """One member; `silent_ms` since it was last heard. In the last quarter of an hour it has
    started anew `restarts` times, and `doubles` times it came from two places at once."""

    node: int
    name: str
    device: str
    address: str
    build: str
    features: list[str] = []  # names of schema/features.toml
    group: int
    silent_ms: int
    table_advice: str | None
    settings_version: int
    played: int = 0  # frames of all bursts that it has told of
    concealed: int = 0  # frames replaced because they were missing
    late: int = 0  # frames that came after their time
    badge: BadgeState | None = None  # what it last reported; older badges report nothing
    microphone: MicrophoneState | None = None  # None before it has talked
    restarts: int = 0
    doubles: int = 0
    way: WayState | None = None  # by which it gets voice; older leaders know one only

    @property
    def lost_percent(self) -> float | None:
        """Of the frames that should have been heard; None when there were none."""
        wanted = self.played + self.concealed
        return 100 * self.concealed / wanted if wanted else None

    @property
    def access_point(self) -> str:
        """The end of its address, as its label has it, or UNTOLD."""
        return (self.badge.access_point if self.badge is not None else None) or UNTOLD

    @property
    def reads_secret_texts(self) -> bool:
        """Else everybody on the radio reads the texts that it gets."""
        return "secret_texts" in self.features


class FloorState(BaseModel):
    """One talk group's floor; `talker` and `queue` are names, `node` is the talker's, since two may
    have one name. `talks_ms`: for how long it has had the floor; None where nobody has it, and from
    a former version."""

    group: int
    state: str
    talker: str | None
    node: int | None = None
    lease: int
    queue: list[str]
    talks_ms: int | None = None


class AwayState(BaseModel):
    """Who was a member a while ago and is heard no more; `battery_percent` as it told last.
    Somebody who says to be it asked to come in `asked_ms` ago, None: nobody; and, with
    `has_other_key`, proved another key than that of the registry."""

    name: str
    device: str
    group: int
    silent_ms: int
    battery_percent: int | None
    asked_ms: int | None = None
    has_other_key: bool = False


class HeldState(BaseModel):
    """A device that has sent more than it may: what `why` says, so many `times` since the leader
    started, the last time so long `ago_ms`. `advice`: what to do about it."""

    device: str
    name: str
    why: str
    times: int
    ago_ms: int
    advice: str = ""


class LeaderState(BaseModel):
    """A leader at one moment; `refused` counts datagrams by reason since it started, `v1_refused`
    what old apps sent. `v1_clients` is None where the bridge to old apps is off; `is_v1_off`:
    the setting joining.old_apps has switched it off. `battery_low_percent`: the setting. Of the
    datagrams of badges lately, `twice_percent` came again, and `overtaken_percent` after some that
    were sent later, in more than one moment: see `Order`."""

    term: int
    address: str
    uptime_s: float
    members: list[MemberState]
    floors: list[FloorState]
    voice_in: int
    voice_out: int
    refused: dict[str, int]
    held: list[HeldState] = []
    away: list[AwayState] = []
    relays: list[RelayState] = []
    v1_clients: list[V1ClientState] | None = None
    v1_refused: dict[str, int] = {}
    is_v1_off: bool = False
    battery_low_percent: int = BATTERY_LOW_PERCENT
    twice_percent: int = 0
    overtaken_percent: int = 0
