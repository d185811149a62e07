"""report.html: everything about a run on one page that needs nothing beside it.

Lays out what a Report and its run hold and lets a template write it; every name and text is escaped
there. Sound goes in as FLAC, which every browser plays and which loses nothing, or as MP3 when the
page would become too heavy; what still does not fit lies beside the page as a linked file.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import soundfile
from jinja2 import Environment, PackageLoader, StrictUndefined

from .burst import Burst, Report
from .picture import COLUMNS, HALF_HEIGHT, dots, loudest, outline
from .run import RunData
from .timeline import RATE_HZ, Pcm

SOUND_AT_MOST_BYTES = 4_000_000  # of base64, so that the page stays under 5 MB
COLOURS = 8  # talkers with a colour of their own in the template; more share them
_AXIS_TICKS = 8


@dataclass(frozen=True)
class _Player:
    """The sound of one speaker: `uri` plays in the page, or `file` lies beside it."""

    name: str
    colour: int
    uri: str | None
    file: str


@dataclass(frozen=True)
class _Row:
    """One badge on the time axis."""

    name: str
    colour: int
    microphone: str
    speaker: str


@dataclass(frozen=True)
class _Band:
    """A burst on the time axis, in percent of its length; the wait comes before the hold."""

    burst: Burst
    colour: int
    press: float
    hold: float
    end: float


def render_page(report: Report, run: RunData, files: Mapping[str, str]) -> str:
    """`files`: for each badge the name of the WAV file of what its speaker played."""
    environment = Environment(
        loader=PackageLoader("pressel.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = _figure
    from_ms, to_ms = run.span_ms
    colours = {badge.name: i % COLOURS for i, badge in enumerate(run.badges)}
    played = {badge.name: badge.speaker.pcm_between(from_ms, to_ms) for badge in run.badges}
    said = {badge.name: badge.microphone.pcm_between(from_ms, to_ms) for badge in run.badges}
    scale = loudest([*played.values(), *said.values()])
    lag_axis_ms = _lag_axis_ms(report)
    return environment.get_template("report.html.j2").render(
        report=report,
        started=_date(report.started_at),
        colours=colours,
        columns=COLUMNS,
        height=2 * HALF_HEIGHT,
        rows=[
            _Row(name, colours[name], outline(said[name], scale), outline(played[name], scale))
            for name in colours
        ],
        bands=[_band(burst, colours[burst.talker], report.duration_ms) for burst in report.bursts],
        ticks=_ticks(report.duration_ms),
        lag_axis_ms=lag_axis_ms,
        place=lambda lag_ms: round(100 * min(max(lag_ms, 0.0) / lag_axis_ms, 1.0), 2),
        lag_ticks=range(0, int(lag_axis_ms) + 1, 50 if lag_axis_ms <= 400 else 250),
        dots=dots,
        players=_players(played, colours, files),
    )


def _date(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M %Z}".strip()


def _figure(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _band(burst: Burst, colour: int, length_ms: float) -> _Band:
    def percent(at_ms: float) -> float:
        return round(100 * at_ms / max(length_ms, 1.0), 3)

    held_from = burst.release_at_ms if burst.granted_at_ms is None else burst.granted_at_ms
    return _Band(
        burst, colour, percent(burst.press_at_ms), percent(held_from), percent(burst.release_at_ms)
    )


def _ticks(length_ms: float) -> list[tuple[float, str]]:
    """Places in percent and words of whole seconds, at most _AXIS_TICKS of them."""
    seconds = max(length_ms, 1.0) / 1000
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
    step = next((s for s in steps if seconds / s <= _AXIS_TICKS), steps[-1])
    return [(round(100 * s / seconds, 3), f"{s} s") for s in range(0, int(seconds) + 1, step)]


def _lag_axis_ms(report: Report) -> float:
    """Wide enough for the target and for every lag, in whole 50 ms."""
    lags = [lag for burst in report.bursts for each in burst.listeners for lag in each.lags_ms]
    most = max([report.targets.mouth_to_ear_p95_ms * 1.2, *lags])
    return float(-(-most // 50) * 50)


def _players(
    played: Mapping[str, Pcm], colours: Mapping[str, int], files: Mapping[str, str]
) -> list[_Player]:
    for kind in ("FLAC", "MP3"):
        uris = {name: _data_uri(pcm, kind) for name, pcm in played.items()}
        if sum(map(len, uris.values())) <= SOUND_AT_MOST_BYTES:
            break
    left = SOUND_AT_MOST_BYTES
    players = []
    for name, uri in uris.items():
        fits = len(uri) <= left
        left -= len(uri) if fits else 0
        players.append(_Player(name, colours[name], uri if fits else None, files[name]))
    return players


def _data_uri(pcm: Pcm, kind: str) -> str:
    """Silence compresses to almost nothing in either kind."""
    sound = io.BytesIO()
    soundfile.write(sound, pcm, RATE_HZ, format=kind)
    media = {"FLAC": "audio/flac", "MP3": "audio/mpeg"}[kind]
    return f"data:{media};base64,{base64.b64encode(sound.getvalue()).decode('ascii')}"
