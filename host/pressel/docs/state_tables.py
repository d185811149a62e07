"""State machines and numbers as Markdown, drawn from the tables that the engines run on."""

from __future__ import annotations

import importlib

from .comments import comments_by_line, comments_by_name, sections

_INTERNAL = "Engines"  # the section of numbers that no peer can notice


def rules(module_name: str) -> str:
    """The rules of a state machine as a table, with the comment beside each row."""
    module = importlib.import_module(module_name)
    reasons = comments_by_line(module, "RULES")
    rows = ["| state | trigger | next state | action | why |", "|---|---|---|---|---|"]
    for (state, trigger, next_state, action), why in zip(module.RULES, reasons, strict=True):
        cells = (
            module.STATES[state],
            module.TRIGGERS[trigger],
            module.STATES[next_state],
            action.replace("_", " "),
            why,
        )
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def states(module_name: str) -> str:
    """The same rules as a diagram; several triggers between two states share an arrow."""
    module = importlib.import_module(module_name)
    arrows: dict[tuple[int, int], list[str]] = {}
    for state, trigger, next_state, _ in module.RULES:
        arrows.setdefault((state, next_state), []).append(module.TRIGGERS[trigger])
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{name}" as s{number}' for number, name in enumerate(module.STATES)]
    lines.append("    [*] --> s0")
    for (state, next_state), triggers in arrows.items():
        lines.append(f"    s{state} --> s{next_state}: {', '.join(triggers)}")
    return "\n".join([*lines, "```"])


def numbers(module_name: str) -> str:
    """Public constants of a module with the reason beside each."""
    module = importlib.import_module(module_name)
    rows = ["| name | value | why |", "|---|---|---|"]
    for name, why in comments_by_name(module).items():
        rows.append(f"| `{name}` | {getattr(module, name)} | {why} |")
    return "\n".join(rows)


def limits(module_name: str) -> str:
    """The same with the section of each, without those that matter inside an engine only."""
    module = importlib.import_module(module_name)
    section_of = sections(module)
    rows = ["| about | name | value | why |", "|---|---|---|---|"]
    for name, why in comments_by_name(module).items():
        if section_of[name] != _INTERNAL:
            rows.append(f"| {section_of[name]} | `{name}` | {getattr(module, name)} | {why} |")
    return "\n".join(rows)


def refusals(module_name: str) -> str:
    """The reasons for which a datagram is refused, in the order of their numbers."""
    module = importlib.import_module(module_name)
    rows = ["| reason | meaning |", "|---|---|"]
    for name, why in comments_by_name(module).items():
        if why:
            rows.append(f"| {module.NAMES[getattr(module, name)]} | {why} |")
    return "\n".join(rows)
