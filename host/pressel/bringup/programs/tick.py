import select
import socket

own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind(("0.0.0.0", 47898))
own.setblocking(False)
poller = select.poll()
poller.register(own, select.POLLIN)
COUNT = 1000  # ten seconds: a clock that jumps now and then is found, too
worst = total = 0
least = 1000000
for _ in range(COUNT):
    begun = time.ticks_us()
    poller.poll(5)
    took = time.ticks_diff(time.ticks_us(), begun)
    total += took
    worst = max(worst, took)
    least = min(least, took)
own.close()
tell(wait_ms=total / COUNT / 1000, wait_ms_least=least / 1000, wait_ms_max=worst / 1000)
