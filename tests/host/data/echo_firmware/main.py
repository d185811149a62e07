import app.boot  # what a badge would run; the virtual badge calls build() itself
