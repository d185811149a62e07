"""What is measured in every run, each figure's sources in a file of its own.

A measure is made with the world before the run, watches records, and gives its `figures` when the
run is over. A figure that a run cannot give is None, never 0.
"""

from __future__ import annotations

from .access import Access
from .coming_back import ComingBack
from .hearing import Hearing
from .overlap import Overlap
from .traffic import Traffic

KPIS = (Access, Hearing, ComingBack, Overlap, Traffic)
