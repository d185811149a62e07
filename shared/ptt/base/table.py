"""State machines as tables: (state, trigger, next state, action), one row a rule.

A pair without a row is not an error: the trigger has no meaning in that state and is ignored.
The documents draw their diagrams from the same rows.
"""

from .compat import const

TRIGGER_BITS = const(4)  # of the place of a cell, behind the state
ACTION_BITS = const(5)  # of a cell, behind the next state: eight states, 31 actions
ACTION_MASK = const(31)


def compile_rules(
    rows: "tuple[tuple[int, int, int, str], ...]",
) -> "tuple[bytes, tuple[str, ...]]":
    """Cells and actions. The cell at ``state << 4 | trigger`` is 0 where there is no rule, else
    ``next state << 5 | number``, and this is the action's place among the actions. A dictionary of
    tuples would take a badge four times as many bytes. ValueError: two rules are for one pair, or
    there are more triggers, actions or states than a cell has room for."""
    states = max([max(row[0], row[2]) for row in rows]) + 1
    cells = bytearray(states << TRIGGER_BITS)
    actions = ["no rule"]  # a cell of 0
    for row in rows:
        at = row[0] << TRIGGER_BITS | row[1]
        if row[3] not in actions:
            actions.append(row[3])
        cell = row[2] << ACTION_BITS | actions.index(row[3])
        fits = row[1] >> TRIGGER_BITS == 0 and len(actions) <= ACTION_MASK + 1 and cell <= 255
        if cells[at] or not fits:
            raise ValueError("two rules for one pair, or more than a cell has room for")
        cells[at] = cell
    return bytes(cells), tuple(actions)
