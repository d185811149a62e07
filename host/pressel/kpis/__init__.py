"""How the venue kept its promises, by the hour and over a shift."""
