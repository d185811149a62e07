"""What authenticates datagrams: tags, keys, key streams and replay windows.

Each module names the published document that it follows. It knows no state machine.
"""
