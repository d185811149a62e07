"""What a host of another version answers is told in a sentence."""

import pytest

from pressel.cli.settings_state import State
from pressel.cli.told import read_answer
from pressel.errors import PresselError


@pytest.mark.parametrize("answer", [None, {}, {"version": "x"}, [1]])
def test_an_answer_of_another_shape_names_who_is_older(answer: object) -> None:
    with pytest.raises(PresselError, match=r"^the host's answer is from another version"):
        read_answer(State, answer, "host")
