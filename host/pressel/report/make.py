"""The one entry: a run goes in, a report comes out, and its files lie in a folder.

Writes `report.json`, `report.html`, and for each badge `mic-<name>.wav` and `heard-<name>.wav`.
Every file is written elsewhere first and then moved into place, report.json last: whoever finds it
finds all of them, whole.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..audio.wav import write_wav
from ..errors import PresselError
from .burst import Report
from .measure import measure_badges, measure_bursts, spread
from .page import render_page
from .run import RunData
from .targets import TARGETS, Targets
from .verdict import judge


def make_report(run: RunData, out_dir: str | Path, targets: Targets = TARGETS) -> Report:
    """Measure, judge, write. Takes about half a second for each burst at each listener.

    Raises ValueError when the run contradicts itself (two badges with one name, a burst of a badge
    that is not there) and PresselError when the folder cannot be written.
    """
    report = measure(run, targets)
    write_report(report, run, Path(out_dir))
    return report


def measure(run: RunData, targets: Targets = TARGETS, *, scored: bool = True) -> Report:
    """The report of a run, without any file, and without STOI and PESQ unless `scored`. Raises
    ValueError as make_report does."""
    names = [badge.name for badge in run.badges]
    if len(set(names)) != len(names):
        raise ValueError(f"badges of one run need different names: {', '.join(names)}")
    bursts, badges = measure_bursts(run, scored=scored), measure_badges(run)
    access = spread(burst.access_ms for burst in bursts if burst.access_ms is not None)
    lags = (lag for burst in bursts for each in burst.listeners for lag in each.lags_ms)
    from_ms, to_ms = run.span_ms
    verdict = judge(bursts, badges, access, targets)
    verdict.remarks.extend(run.remarks)
    return Report(
        title=run.title,
        speech_source=run.speech_source,
        started_at=run.started_at,
        duration_ms=round(to_ms - from_ms, 1),
        targets=targets,
        verdict=verdict,
        access_ms=access,
        mouth_to_ear_ms=spread(lags),
        bursts=bursts,
        badges=badges,
    )


def write_report(report: Report, run: RunData, out_dir: Path) -> None:
    """Write all files of a report. Raises PresselError."""
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".report-", dir=out_dir) as parts:
            for name in _write_parts(report, run, Path(parts)):
                os.replace(Path(parts) / name, out_dir / name)
    except OSError as error:
        raise PresselError(
            f"cannot write the report to {str(out_dir)!r}: {error.strerror or error}; "
            "choose a folder that can be written"
        ) from error


def _write_parts(report: Report, run: RunData, folder: Path) -> list[str]:
    """File names, in the order in which they are to appear. All sound starts with the run."""
    from_ms, to_ms = run.span_ms
    files = dict(
        zip((b.name for b in run.badges), file_names(b.name for b in run.badges), strict=True)
    )
    written: list[str] = []
    for badge in run.badges:
        for kind, line in (("mic", badge.microphone), ("heard", badge.speaker)):
            written.append(f"{kind}-{files[badge.name]}.wav")
            write_wav(folder / written[-1], line.pcm_between(from_ms, to_ms))
    heard = {name: f"heard-{file}.wav" for name, file in files.items()}
    (folder / "report.html").write_text(render_page(report, run, heard), encoding="utf-8")
    (folder / "report.json").write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return [*written, "report.html", "report.json"]


def file_names(names: Iterable[str]) -> list[str]:
    """A part of a file name for each badge: safe on any file system, and no two alike."""
    taken: set[str] = set()
    result = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:40] or "badge"
        unique, number = plain, 2
        while unique.lower() in taken:
            unique, number = f"{plain}-{number}", number + 1
        taken.add(unique.lower())
        result.append(unique)
    return result
