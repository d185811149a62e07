import sys

import esp

try:
    from os import uname

    words = uname().machine
except ImportError:
    words = sys.implementation._machine
chip = ""
for name in ("esp32s3", "esp32c3", "esp32"):
    if not chip and name in words.lower().replace("-", ""):
        chip = name
version = sys.implementation.version
tell(
    chip=chip,
    machine=words,
    flash_mib=esp.flash_size() >> 20,
    version=version[0] * 10000 + version[1] * 100 + version[2],
)
