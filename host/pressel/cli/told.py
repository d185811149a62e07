"""What a host's answer says, read as what this version expects."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from pressel.errors import PresselError

T = TypeVar("T")


def read_answer(kind: type[T], answer: Any, whose: str = "leader") -> T:
    """`answer` as a `kind`. PresselError when it is of another shape: only another version sends
    one."""
    try:
        return TypeAdapter(kind).validate_python(answer)
    except ValidationError as error:
        raise PresselError(
            f"the {whose}'s answer is from another version of Pressel; update the older one"
        ) from error
