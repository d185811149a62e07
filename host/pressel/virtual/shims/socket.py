# Stands for lwIP's sockets: UDP over IPv4, non-blocking. As greedy as the port: to receive takes as
# much memory in one piece as was asked for, of which what did not come is given back, and a string
# and two tuples for who sent it.

from io import BytesIO

import _bridge
from _buffer import byte_length
from uctypes import addressof

AF_INET = 2
AF_INET6 = 10
SOCK_STREAM = 1
SOCK_DGRAM = 2
IPPROTO_UDP = 17
SOL_SOCKET = 0xFFF
SO_REUSEADDR = 4
SO_BROADCAST = 32
IPPROTO_IP = 0
IP_ADD_MEMBERSHIP = 3

_EAGAIN = 11
_EPROTONOSUPPORT = 93

_AREA_BYTES = 1201  # at most so much of a datagram is received
_area = bytes(_AREA_BYTES)
_stream = BytesIO(_area)  # whose `read` works on memory as the port's `recvfrom`
_size = _bridge.udp_size
_take = _bridge.udp_take
_send = _bridge.udp_send


class socket:
    def __init__(self, af=AF_INET, type=SOCK_STREAM, proto=0):
        if af != AF_INET or type != SOCK_DGRAM:
            raise OSError(_EPROTONOSUPPORT)
        self._fd = _bridge.udp_open()
        self._blocking = True
        self._sender = bytearray(6)  # address and port of the last datagram

    def setblocking(self, flag):
        self._blocking = bool(flag)

    def settimeout(self, seconds):
        self._blocking = seconds != 0

    def setsockopt(self, level, option, value):
        if level == SOL_SOCKET and option == SO_REUSEADDR:
            _bridge.udp_reuse(self._fd, value)
        elif level == SOL_SOCKET and option == SO_BROADCAST:
            _bridge.udp_broadcast(self._fd, value)
        elif level == IPPROTO_IP and option == IP_ADD_MEMBERSHIP:
            if len(value) != 8:
                raise ValueError
            error = _bridge.udp_join(self._fd, "%d.%d.%d.%d" % tuple(value[0:4]))
            if error:
                raise OSError(error)
        else:
            print("Warning: lwip.setsockopt() option not implemented")

    def bind(self, address):
        error = _bridge.udp_bind(self._fd, address[0] or "0.0.0.0", address[1])
        if error:
            raise OSError(error)

    def recvfrom(self, limit):
        size = _size(self._fd)
        if size < 0:
            if self._blocking:
                raise RuntimeError("this call would block the badge: setblocking(False) first")
            raise OSError(_EAGAIN)
        size = min(size, limit, _AREA_BYTES)
        at = _AREA_BYTES - size
        s = self._sender
        _take(self._fd, addressof(_area) + at, size, addressof(s))
        _stream.seek(at)
        data = _stream.read(limit)
        return data, ("%d.%d.%d.%d" % (s[0], s[1], s[2], s[3]), s[4] << 8 | s[5])

    def recv(self, limit):
        return self.recvfrom(limit)[0]

    def sendto(self, buf, address):
        sent = _send(self._fd, addressof(buf), byte_length(buf), address[0], address[1])
        if sent < 0:
            raise OSError(-sent)
        return sent

    def close(self):
        _bridge.udp_close(self._fd)

    # select.poll asks this.
    def _ready(self, mask):
        return mask & 4 | (mask & 1 if _size(self._fd) >= 0 else 0)


def getaddrinfo(host, port, af=0, type=0, proto=0, flags=0):
    if len(host.split(".")) != 4:
        raise OSError(-2)  # a virtual badge has no name server
    return [(AF_INET, SOCK_DGRAM, 0, "", (host, port))]
