"""The registry's log: signed entries, chained by hash. See docs/registry-log.md.

Knows neither disk nor network, and asks no clock.
"""
