"""Sends a recording to badges as a burst like any other, so that they need nothing for it."""
