"""What makes a datagram somebody's own: tags, keys, key streams and replay windows.

Which published document each module follows stands in it. It knows no state machine.
"""
