"""The demo: a leader and three virtual badges on loopback, a script that presses their buttons."""
