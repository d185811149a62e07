"""The promises of `pressel.sim.targets` as a Markdown table."""

from __future__ import annotations

from pressel.sim.targets import Target, all_targets


def targets(_: str) -> str:
    """One row a target, in the order of its file."""
    lines = [
        "| target | figure | profiles | what it is | why | kept by |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row(target) for target in all_targets()]
    return "\n".join(lines)


def _row(target: Target) -> str:
    profiles = ", ".join(target.profiles) or "all"
    figure = f"`{target.kpi}` {target.limit()}"
    cells = (target.id, figure, profiles, target.words, target.why, target.owner)
    return "| " + " | ".join(cells) + " |"
