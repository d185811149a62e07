"""What makes a datagram somebody's own: tags, keys, key streams and replay windows.

Computing only. It knows no datagram and no state machine; which published document each module
follows stands in it.
"""
