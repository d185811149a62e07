"""What a command does unless its flags say otherwise: from the environment and from files.

Flags win over `PRESSEL_*`, these over ./pressel.toml, that over the user's file, and that over the
system's. `keys` says what may be set, `sources` reads it.
"""
