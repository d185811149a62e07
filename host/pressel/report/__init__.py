"""Measures a run of badges and tells about it: report.json, report.html, the sound of each badge.

Input is sound and logs (run.py); how the run was made is not known here.
"""

from .burst import Report
from .make import make_report, measure
from .run import BadgeRun, BadgeStats, BurstRun, ListenerFrames, RunData
from .table import print_report
from .timeline import PcmTimeline

__all__ = [
    "BadgeRun",
    "BadgeStats",
    "BurstRun",
    "ListenerFrames",
    "PcmTimeline",
    "Report",
    "RunData",
    "make_report",
    "measure",
    "print_report",
]
