"""How long a test waits for another process or thread: long enough that no busy machine breaks
it."""

PATIENCE_S = 300.0  # for what takes seconds on an idle machine; nothing is measured by it
