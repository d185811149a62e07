from ptt.base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules


def is_refused(rows):
    try:
        compile_rules(rows)
    except ValueError:
        return True
    return False


def test_the_largest_numbers_come_back():
    rows = tuple([(7, trigger, 7, "action %d" % trigger) for trigger in range(16)])
    rows += tuple([(6, trigger, 6, "action %d" % (trigger + 16)) for trigger in range(15)])
    cells, actions = compile_rules(rows)
    for state, trigger, to, action in rows:
        cell = cells[state << TRIGGER_BITS | trigger]
        assert cell >> ACTION_BITS == to and actions[cell & ACTION_MASK] == action


def test_what_a_cell_has_no_room_for_is_refused():
    assert is_refused(((0, 1, 0, "a"), (0, 1, 1, "b")))  # twice
    assert is_refused(((0, 16, 0, "a"), (1, 1, 1, "b")))  # would be trigger 0 of state 1
    many = [(trigger >> 3, trigger & 7, 0, "action %d" % trigger) for trigger in range(32)]
    assert is_refused(tuple(many)) and not is_refused(tuple(many[:31]))


def test_a_ninth_state_is_refused():
    assert is_refused(((0, 1, 8, "a"),))  # MicroPython would keep the lower bits
