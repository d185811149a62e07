"""What every engine stands on: time, numbers, counters, events, tables. It knows no datagram."""
