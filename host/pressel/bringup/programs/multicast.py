# The host sends a numbered datagram each 20 ms to this group while the program runs.
import socket

PORT = 47899
GROUP = bytes((239, 255, 80, 82))
SECONDS = 8
HOLD_SECONDS = 280  # longer than a switch remembers who has not been asked
GONE_SECONDS = 10
joined()
awake()
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
own.bind(("0.0.0.0", PORT))
own.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, GROUP + bytes(4))
own.setblocking(False)
heard = 0
first = last = -1
begun = time.ticks_ms()
while time.ticks_diff(time.ticks_ms(), begun) < SECONDS * 1000:
    try:
        data = own.recvfrom(64)[0]
    except OSError:
        time.sleep_ms(5)
        continue
    if len(data) == 4:
        number = int.from_bytes(data, "big")
        first = number if first < 0 else first
        last = max(last, number)
        heard += 1
heard_ms = time.ticks_ms() if heard else begun
while heard and time.ticks_diff(time.ticks_ms(), begun) < HOLD_SECONDS * 1000:
    try:
        own.recvfrom(64)
        heard_ms = time.ticks_ms()
    except OSError:
        if time.ticks_diff(time.ticks_ms(), heard_ms) > GONE_SECONDS * 1000:
            break
        time.sleep_ms(80)
own.close()
sent = last - first + 1
tell(
    heard=heard,
    lost_permille=1000 * (sent - heard) // sent if heard else 1000,
    held_s=time.ticks_diff(heard_ms, begun) // 1000,
)
