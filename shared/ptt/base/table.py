"""State machines as tables: (state, trigger, next state, action), one row a rule.

A pair without a row is not an error: the trigger has no meaning in that state and is ignored.
The documents draw their diagrams from the same rows.
"""


def compile_rules(
    rows: "tuple[tuple[int, int, int, str], ...]",
) -> "dict[int, tuple[int, str]]":
    """Rows to a lookup by ``state << 4 | trigger``: the next state and the action. Two rows for one
    pair are a bug."""
    rules = {}
    for row in rows:
        key = row[0] << 4 | row[1]
        if key in rules:
            raise ValueError("two rules for one state and trigger")
        rules[key] = (row[2], row[3])
    return rules
