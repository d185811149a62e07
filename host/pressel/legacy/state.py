"""What the bridge says of itself to `pressel status`: plain data, checked on both ends."""

from __future__ import annotations

from pydantic import BaseModel

INSECURE = "anybody on this network can listen, talk, and pretend to be another"


class V1ClientState(BaseModel):
    """One connected old app; `press` is the state of its talk button, `silent_ms` since it was
    last heard, `voice_dropped` packets that it was too slow to read."""

    name: str
    address: str
    device: str | None
    press: str
    silent_ms: int
    voice_dropped: int
