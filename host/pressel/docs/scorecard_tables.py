"""The gates and rules of shared/schema/scorecard.toml as Markdown tables."""

from __future__ import annotations

from pressel.schema.scorecard import scorecard
from pressel.scorecard.card import figure


def gates(_: str) -> str:
    """One row a gate, in their order."""
    lines = ["| gate | shifts | bursts | venues | why |", "|---|--:|--:|--:|---|"]
    lines += [
        f"| {name} | {gate.shifts} | {gate.bursts:,} | {gate.venues} | {gate.reason} |"
        for name, gate in scorecard().gates.items()
    ]
    return "\n".join(lines)


def rules(_: str) -> str:
    """One row a rule, with what each gate allows."""
    table = scorecard()
    heads = " | ".join(table.gates)
    lines = [f"| what is counted | {heads} | why |", "|---" + "|--:" * len(table.gates) + "|---|"]
    for rule in table.rules.values():
        most = " | ".join(figure(each, rule) for each in rule.most)
        lines.append(f"| {rule.text} | {most} | {rule.reason} |")
    return "\n".join(lines)
