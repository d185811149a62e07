import app.boot  # noqa: F401 - what a badge would run; the virtual badge calls build() itself
