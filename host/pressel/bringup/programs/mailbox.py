import socket

PORT = 47897
joined()
awake()
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind(("0.0.0.0", PORT))
own.setblocking(False)
address = (wlan.ifconfig()[0], PORT)
for number in range(16):
    own.sendto(bytes((number,)), address)
    time.sleep_ms(5)
time.sleep_ms(100)
kept = 0
while kept < 16:
    try:
        own.recvfrom(16)
    except OSError:
        break
    kept += 1
own.close()
tell(kept=kept)
