"""The speech that demonstrations and tests speak when nobody gives any: see SOURCE.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SOURCE = "Sense and Sensibility by Jane Austen, chapter 1, read for LibriVox (public domain)"


@dataclass(frozen=True)
class Recording:
    """A clean recording, 16 kHz mono 16 bit, and the words in it."""

    name: str
    text: str

    @property
    def path(self) -> Path:
        return Path(__file__).parent / f"{self.name}.wav"


RECORDINGS = (
    Recording(
        "leisure",  # 7.1 s
        "And Mr. John Dashwood had then leisure to consider how much there might be prudently "
        "in his power to do for them.",
    ),
    Recording("young-man", "He was not an ill-disposed young man,"),  # 3.0 s
    Recording(  # 5.3 s
        "cold-hearted", "unless to be rather cold hearted and rather selfish is to be ill-disposed."
    ),
    Recording("amiable", "He might even have been made amiable himself."),  # 3.3 s
)
