"""All harnesses by name: each takes any bytes, and raises only when something of ours is wrong."""

from __future__ import annotations

from collections.abc import Callable

from .decoders import fuzz_codec, fuzz_envelope, fuzz_evolution, fuzz_voice
from .engines import fuzz_leader, fuzz_participant
from .releases import fuzz_release
from .secure_engines import fuzz_secure_leader, fuzz_secure_participant

HARNESSES: dict[str, Callable[[bytes], None]] = {
    "envelope": fuzz_envelope,
    "voice": fuzz_voice,
    "codec": fuzz_codec,
    "evolution": fuzz_evolution,
    "release": fuzz_release,
    "leader": fuzz_leader,
    "participant": fuzz_participant,
    "secure_leader": fuzz_secure_leader,
    "secure_participant": fuzz_secure_participant,
}
