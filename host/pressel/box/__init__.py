"""A leader box: a computer on which a host runs as a service of the system.

`plan` lists what setting up takes, step by step; `system` does it, or says what it would do. The
files that it writes are made from those in `templates`.
"""
