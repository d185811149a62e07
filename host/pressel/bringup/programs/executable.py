import os
import sys

import esp32

import main

main.choose()
regions = esp32.idf_heap_info(esp32.HEAP_EXEC)
free = sum(each[1] for each in regions)
failed = []
is_native = (getattr(sys.implementation, "_mpy", 0) >> 10) & 63
if is_native:  # a MicroPython without an architecture runs no machine code
    for name in sorted(os.listdir(sys.path[0] + "/native")):
        name = name.split(".")[0]
        try:
            __import__("native." + name if name != "__init__" else "native")
        except Exception as error:
            failed.append("%s: %s" % (name, error))
tell(executable_bytes=free, failed=", ".join(failed), is_native=bool(is_native))
