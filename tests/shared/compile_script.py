"""Compiles each Python file of ptt and of its tests; prints the path and the error of each that
is refused, and how many there were."""

import sys

os = __import__("os")  # MicroPython's, which has more than types know
_FOLDER = 0x4000


def paths_in(folder):
    for name, kind, *_ in sorted(os.ilistdir(folder)):
        path = folder + "/" + name
        if kind == _FOLDER:
            for each in paths_in(path):
                yield each
        elif name.endswith(".py"):
            yield path


count = 0
for root in sys.argv[1:]:
    for path in paths_in(root):
        count += 1
        try:
            with open(path) as file:
                compile(file.read(), path, "exec")
        except SyntaxError as error:
            print(path, error)
print(count)
