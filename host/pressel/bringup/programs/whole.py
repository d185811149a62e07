import os

try:
    is_whole = len(facts("bringup.json")["rest"]) == 600
except (OSError, ValueError, KeyError):
    is_whole = False
for name in ("bringup.json", "bringup.new"):
    try:
        os.remove(name)
    except OSError:
        pass
tell(is_whole=is_whole)
