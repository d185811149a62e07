"""The bring-up tests as Markdown, from their file."""

from __future__ import annotations

from pressel.bringup.plan import Value, plan


def tests(_: str) -> str:
    """All tests with what each measures, expects and confirms."""
    rows = ["| no | test | measures | confirms |", "|--:|---|---|---|"]
    for test in plan():
        measures = "; ".join(_measures(each) for each in test.values)
        if test.question:
            measures = "; ".join(filter(None, (measures, f"asks: {test.question}")))
        places = [_place(each.fact or each.number) for each in test.values]
        places.append(_place(test.number_of_answer))
        confirms = ", ".join(dict.fromkeys(filter(None, places)))
        rows.append(f"| {test.number} | `{test.id}`: {test.title} | {measures} | {confirms} |")
    return "\n".join(rows)


def _measures(value: Value) -> str:
    words = value.key.replace("_", " ")
    least = f"{value.min:,g}" if value.min is not None else value.least.rpartition(".")[2]
    most = f"{value.max:,g}" if value.max is not None else value.most.rpartition(".")[2]
    if least and most and least != most:
        words += f" {least} to {most}"
    elif least and most:
        words += f" {least}"
    elif least or most:
        words += f" at least {least}" if least else f" at most {most}"
    return words + (f" {value.unit}" if value.unit and (least or most) else "")


def _place(place: str) -> str:
    return f"`{place}`" if place else ""
