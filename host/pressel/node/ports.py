"""The UDP port on which hosts talk to each other, unless another is chosen."""

from ptt.base.numbers import PORT

HOSTS_PORT = PORT + 1
