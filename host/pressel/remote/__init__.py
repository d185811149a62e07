"""Asking a host from another computer, through its console: who is logged in where, and the line
there."""
