#!/bin/bash
# A day on a clean Debian, typed as docs/installing.md and docs/operations-runbook.md have it, with the
# package alone: in, set up, a badge made and heard, killed, restored elsewhere, another version, out.
# /shared has the packages first.deb and second.deb, and a technician's Python packages.
set -e -o pipefail
cd /root
mkdir -p "a stick"
step() { printf '\n=== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*"; exit 1; }
says() {  # WORDS COMMAND...: it fails, and its sentence has these words
    local words=$1 said; shift
    said=$("$@" 2>&1) && fail "$* succeeds"
    printf '%s\n' "$said"
    grep -q "$words" <<<"$said" || fail "$* does not say: $words"
}
until_so() {  # WORDS...: repeat them until they succeed, for a minute or more
    for _ in $(seq 120); do "$@" >/dev/null 2>&1 && return 0; sleep 0.5; done
    "$@" || fail "$*"
}
all_files() { find / -xdev \( -path /proc -o -path /dev -o -path /shared -o -path /tmp -o -path /root \
    -o -path /var/lib/dpkg -o -path /var/log -o -path /var/cache/ldconfig -o -path /home \
    -o -path /opt \) -prune -o -print | sort; }  # dpkg removes an empty /opt, too
begin() {  # the service, as systemd would begin it
    install -d -m 700 -o pressel -g pressel /run/pressel
    eval "words=($(sed -n 's/^ExecStart=//p' /etc/systemd/system/pressel.service))"
    cd /var/lib/pressel
    runuser -u pressel -- env STATE_DIRECTORY=/var/lib/pressel RUNTIME_DIRECTORY=/run/pressel \
        HOME=/var/lib/pressel "${words[@]}" --no-discovery >>/tmp/host.log 2>&1 &
    cd /root
    until_so pressel status
}
of_service() { find /proc -maxdepth 1 -name '[0-9]*' -user pressel -printf '%f\n' 2>/dev/null; }
none_of_service() { test -z "$(of_service)"; }
stop() {
    for each in $(of_service); do kill -KILL "$each" 2>/dev/null || true; done
    until_so none_of_service
}
technician() { env PYTHONPATH=/shared/packages PYTHONNOUSERSITE=1 /opt/pressel/bin/python -m pressel "$@"; }
listed() { pressel status | grep -q "$1"; }

all_files >/tmp/before
step "in"
dpkg -i /shared/first.deb
pressel --version
man -w pressel >/dev/null 2>&1 || test -e /usr/share/man/man1/pressel-setup.1.gz
says "apt install" pressel upgrade /shared/second.deb
says "leaves out" pressel badge --wav x.wav

step "set up"
pressel setup --yes --listen 127.0.0.1:47800 --kit "a stick/pressel.kit" | tee /tmp/setup.out
sed -n 's/.*passphrase[^:]*: //p' /tmp/setup.out | head -1 >/tmp/paper
test -s /tmp/paper || fail "no passphrase"
test "$(stat -c %U:%a /var/lib/pressel)" = pressel:700
begin

runuser -u pressel -- pressel --version  # in a folder that this user may not look into

step "a badge is flashed"
/opt/pressel/bin/python - <<'PYTHON'
import hashlib
from pressel.flash.image import synthetic_image
image = synthetic_image("esp32")
open("/tmp/image.bin", "wb").write(image)
open("/tmp/image.sum", "w").write(hashlib.sha256(image).hexdigest())
PYTHON
technician badge emulate /tmp/flash >/tmp/port 2>/tmp/emulated.log &
emulated=$!
until_so test -s /tmp/port
PRESSEL_WIFI_PASSWORD="secret 1" pressel flash --port "$(cat /tmp/port)" --board esp32-devkit \
    --image /tmp/image.bin --image-sha256 "$(cat /tmp/image.sum)" --wifi Venue --name Ann \
    --leader 127.0.0.1:47800 --labels /tmp/labels
pressel device list | grep Ann
until_so listed Ann

step "a badge talks, and Ann hears"
technician badge --virtual --name Ben --register --leader 127.0.0.1:47800 --wav /shared/word.wav \
    >/tmp/ben.log 2>&1 || { cat /tmp/ben.log; fail "Ben is not heard"; }
cat /tmp/ben.log
grep -q "heard" /tmp/ben.log

step "the box dies; another one is it"
pressel registry backup "a stick/registry.backup"
stop
pressel uninstall --remove-data --yes
test ! -e /var/lib/pressel
PRESSEL_PASSPHRASE="$(cat /tmp/paper)" pressel setup --yes --listen 127.0.0.1:47800 \
    --restore "a stick/pressel.kit" "a stick/registry.backup"
begin
pressel device list | grep Ann
until_so listed Ann

step "another version"
stop
dpkg -i /shared/second.deb
ls /var/lib/pressel/backups | tee /tmp/backups
test "$(wc -l </tmp/backups)" -ge 2
begin
pressel device list | grep Ann
pressel doctor || true

step "removed, and in again"
stop
kill "$emulated"
dpkg --remove pressel
test -e /var/lib/pressel/registry.sqlite
test ! -e /etc/systemd/system/pressel.service
test ! -e /opt/pressel
dpkg -i /shared/second.deb
pressel setup --yes
pressel device list --all --state /var/lib/pressel | grep Ann

step "purged"
dpkg --purge pressel
rm -rf /run/pressel
test ! -e /opt/pressel
all_files >/tmp/after
diff /tmp/before /tmp/after || fail "that is left"
if getent passwd pressel; then fail "the user is left"; fi
step "done"
