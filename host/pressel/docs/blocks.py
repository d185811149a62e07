"""Blocks of Markdown that are made from the code: state tables and diagrams, messages, numbers.

A document holds ``<!-- begin KIND ARGUMENT -->`` and ``<!-- end -->``; `make docs` writes what
stands between them, and a test checks it. This module knows the text of documents only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from pressel.tree import ROOT

from . import (
    board_tables,
    bringup_tables,
    budget_table,
    coder_tables,
    compatibility,
    config_tables,
    crowd_tables,
    election_tables,
    fanout_tables,
    firmware_numbers,
    heap_tables,
    indication_tables,
    json_tables,
    message_tables,
    native_tables,
    power_tables,
    schema_tables,
    scorecard_tables,
    sim_tables,
    state_tables,
    target_tables,
    vector_tables,
)

_BLOCK = re.compile(r"(<!-- begin (\w+)(?: ([\w.-]+))? -->\n).*?(<!-- end -->)", re.DOTALL)

_KINDS: dict[str, Callable[[str], str]] = {
    "boards": board_tables.boards,
    "board_wires": board_tables.wires,
    "chips": board_tables.chips,
    "measured": board_tables.measured,
    "bringup": bringup_tables.tests,
    "currents": power_tables.currents,
    "policies": power_tables.policy_table,
    "power": power_tables.estimates,
    "rules": state_tables.rules,
    "states": state_tables.states,
    "numbers": state_tables.numbers,
    "limits": state_tables.limits,
    "refusals": state_tables.refusals,
    "message": message_tables.message,
    "host_messages": message_tables.host_messages,
    "election_promises": election_tables.promises,
    "election_searches": election_tables.searches,
    "floor_promises": election_tables.floor_promises,
    "floor_searches": election_tables.floor_searches,
    "fanout_plans": fanout_tables.plans,
    "fanout_ways": fanout_tables.ways,
    "crowds": crowd_tables.crowds,
    "odd_networks": crowd_tables.odd_networks,
    "version": message_tables.version,
    "configuration": config_tables.configuration,
    "coder_tables": coder_tables.tables,
    "coder_example": coder_tables.example,
    "compatibility": compatibility.matrix,
    "crc_example": vector_tables.crc,
    "vectors": vector_tables.all_vectors,
    "vector_keys": vector_tables.keys,
    "demos": sim_tables.demos,
    "sim_scenarios": sim_tables.scenarios,
    "sim_profiles": sim_tables.profiles,
    "sim_checkers": sim_tables.checkers,
    "sim_kinds": sim_tables.kinds,
    "targets": target_tables.targets,
    "budgets": budget_table.budgets,
    "scorecard_gates": scorecard_tables.gates,
    "scorecard_rules": scorecard_tables.rules,
    "settings": schema_tables.settings,
    "settings_rules": schema_tables.settings_rules,
    "flags": schema_tables.flags,
    "events": schema_tables.events,
    "event_words": schema_tables.event_words,
    "metrics": schema_tables.metrics,
    "situations": indication_tables.situations,
    "moments": indication_tables.moments,
    "tones": indication_tables.tones,
    "firmware_numbers": firmware_numbers.numbers,
    "feature_bits": schema_tables.feature_bits,
    "features": heap_tables.feature_table,
    "heap": heap_tables.heap,
    "json_names": json_tables.names,
    "native_budgets": native_tables.budgets,
    "native_sizes": native_tables.sizes,
}


def render_document(text: str) -> str:
    """The document with every block made anew. ValueError for a block that is not known."""

    def replace(match: re.Match[str]) -> str:
        begin, kind, argument, end = match.groups()
        if kind not in _KINDS:
            raise ValueError(f"no such block: {kind}")
        return f"{begin}{_KINDS[kind](argument)}\n{end}"

    return _BLOCK.sub(replace, text)


def documents(root: Path) -> list[Path]:
    """All Markdown files that may hold blocks."""
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md"), *root.glob("boards/*.md")])


def main() -> None:
    for document in documents(ROOT):
        text = document.read_text("utf-8")
        document.write_text(render_document(text), "utf-8")


if __name__ == "__main__":
    main()
