"""Documents say what the code's tables say."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressel.docs.blocks import documents, render_document

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("document", documents(ROOT), ids=lambda path: str(path.relative_to(ROOT)))
def test_blocks_are_current(document: Path) -> None:
    text = document.read_text("utf-8")
    assert render_document(text) == text, "run `make docs`"


def test_a_stale_block_is_noticed() -> None:
    stale = "<!-- begin rules ptt.leader.floor.arbitrator -->\nold\n<!-- end -->"
    assert render_document(stale) != stale


def test_an_unknown_block_is_refused() -> None:
    with pytest.raises(ValueError, match="no such block: nonsense"):
        render_document("<!-- begin nonsense -->\n<!-- end -->")
