"""Who belongs to the venue: a badge's way in, and the leader's table of members."""
