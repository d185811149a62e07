# A socket whose other end is the leader. What it makes is counted as made by the fakes: a badge
# takes about as much for each datagram, in C.

import _world as world

AF_INET = 2
SOCK_DGRAM = 2
SOL_SOCKET = 0xFFF
SO_BROADCAST = 32
_ENOMEM = 12
_LEADER = ("10.0.0.1", 47800)


class socket:
    def __init__(self, family, kind):
        pass

    def setblocking(self, flag):
        pass

    def setsockopt(self, level, option, value):
        pass

    def bind(self, address):
        pass

    def recvfrom(self, limit):
        world.begin()
        data = (world.inbox.pop(0), _LEADER)
        world.end()
        return data

    def sendto(self, data, address):
        if world.sends_to_fail:
            world.sends_to_fail -= 1
            raise OSError(_ENOMEM)
        world.begin()
        world.on_send(data)
        world.end()

    def _ready(self, mask):
        return 1 if world.inbox else 0
