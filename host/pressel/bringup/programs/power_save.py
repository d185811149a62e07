# What the driver says of it, and what comes of it: the host sends a datagram each 20 ms to the
# address that is told, and to a radio that sleeps they come in clumps.
import socket

PORT = 47899
SECONDS = 4
joined()
awake()
first = wlan.config("pm")
wlan.disconnect()
joined()
awake()
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind(("0.0.0.0", PORT))
own.setblocking(False)
tell(address=wlan.ifconfig()[0])
heard = clumped = 0
is_behind = False
begun = time.ticks_ms()
while time.ticks_diff(time.ticks_ms(), begun) < SECONDS * 1000:
    try:
        own.recvfrom(64)
    except OSError:
        is_behind = False
        time.sleep_ms(5)
        continue
    heard += 1
    clumped += is_behind
    is_behind = True
own.close()
tell(
    after_connect=first - wlan.PM_NONE,
    after_reconnect=wlan.config("pm") - wlan.PM_NONE,
    heard=heard,
    clumped_permille=1000 * clumped // max(1, heard),
)
