"""The console's files in a host's state that only the host's user may read."""

from __future__ import annotations

ACCOUNTS = "accounts.json"
TOKENS = "tokens.json"
TLS = "tls"  # the folder of the venue's own authority
AUTHORITY_KEY = "authority-key.pem"  # in it
CONSOLE_KEY = "console-key.pem"

ALL = (ACCOUNTS, TOKENS, f"{TLS}/{AUTHORITY_KEY}", f"{TLS}/{CONSOLE_KEY}")
