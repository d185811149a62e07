"""What the figures of `make bench-relay` mean: who takes part, and which goals are kept."""

from __future__ import annotations

from dataclasses import dataclass

PRESSEL, PLAIN = "Pressel", "Pressel, plain Python"
C_TAGS, C_BARE = "C loop with tags", "C loop"
MANY = "Pressel, multicast"
MURMUR = "Murmur"

WHO = {
    PRESSEL: "our leader with its part in C, as it is installed",
    PLAIN: "the same without it, as where there is no compiler",
    MANY: "the first, when all listeners hear multicast: one transmission for all",
    C_TAGS: "the least that C can do: tag each copy and send it",
    C_BARE: "the same without tags",
    MURMUR: "Mumble's server, which encrypts each copy; its clients ping it as Mumble does",
}


@dataclass(frozen=True)
class Goal:
    """What `who` may take, in times what `beside` takes; `wish`: what would be better still."""

    who: str
    beside: str
    times: float
    wish: float


GOALS = (
    Goal(PRESSEL, MURMUR, 1.0, 0.72),
    Goal(PLAIN, MURMUR, 1.8, 1.5),
    Goal(MANY, MURMUR, 0.1, 0.1),
)


def judged(middle: dict[str, float], rest: dict[str, float]) -> list[str]:
    """A sentence for each goal. `middle`: microseconds a delivered frame, by contestant; `rest`: of
    these, what its members cost at rest."""
    lines: list[str] = []
    for goal in GOALS:
        limit = f"at most {goal.times:g} times {goal.beside}"
        if goal.who not in middle or goal.beside not in middle:
            lines.append(f"{goal.who}: {limit} is the goal; not measured here.")
            continue
        times = middle[goal.who] / middle[goal.beside]
        if times > goal.times:
            word = "MISSED"
        elif times > goal.wish:
            word = f"kept; the wish is {goal.wish:g}"
        else:
            word = "kept, and the wish, too"
        voice = middle[goal.who] - rest[goal.who]
        alone = voice / max(middle[goal.beside] - rest[goal.beside], 1e-9)
        lines.append(
            f"{goal.who}: {times:.2f} times {goal.beside} ({alone:.2f} without what is there at "
            f"rest); {limit} is the goal: {word}."
        )
    if MURMUR not in middle:
        lines.append("Murmur is not installed (on Debian: apt-get install mumble-server).")
    return lines
