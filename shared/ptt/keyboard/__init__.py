"""What a participant has at which somebody types. A badge has no keyboard and none of this."""
