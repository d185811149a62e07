"""The figures a run is judged by: the one home of each target, with its reason."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from .audibility import BLOCK_MS


class Targets(BaseModel):
    """Limits, all inclusive. Frozen: a run is judged by one set."""

    model_config = ConfigDict(frozen=True)

    # Press to permission. 3GPP MCPTT allows 300 ms on a loaded network; on a quiet one of our
    # own a grant is one exchange of two datagrams.
    access_p95_ms: float = 60.0
    # Microphone to speaker. Above 150 ms people begin to talk into each other (ITU-T G.114).
    mouth_to_ear_p95_ms: float = 150.0
    # Nothing may be lost at either end. One block of 10 ms is allowed, because it is the smallest
    # piece the measure can tell: a word's edge inside a block can fall to either side of it.
    clipped_start_ms: float = float(BLOCK_MS)
    clipped_end_ms: float = float(BLOCK_MS)
    gaps_over_100ms: int = 0
    overlap_ms: float = 0.0
    # How much of the codec's own quality the way may cost, in PESQ-WB. This much is hardly heard; a
    # repaired loss of 20 ms in a short sentence costs as much.
    pesq_loss: float = 0.1
    # Beyond this the computer that ran the badges was late itself, and a late figure says little
    # about them: a badge works in steps of 2 ms and in audio blocks of 16 ms.
    machine_lag_ms: float = 20.0


TARGETS = Targets()
