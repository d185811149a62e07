"""Sentences of our own tables: what else somebody has said under the same field stays behind."""

from __future__ import annotations

from pressel.schema.events import event_table

RESTARTS = frozenset(each.text for each in event_table().numbers("restart").values())
