"""How well people hear each other, from what badges report of each burst."""
