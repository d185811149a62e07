"""`pytest.raises` for tests that also run on MicroPython, where there is no pytest."""


def raised(kind, action, *arguments):
    """The exception of `kind` that `action(*arguments)` raises; fails when it raises none."""
    try:
        action(*arguments)
    except kind as error:
        return error
    raise AssertionError("nothing was raised")
