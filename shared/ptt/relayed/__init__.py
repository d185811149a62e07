"""What a participant needs to hear voice that another host sends in the leader's place."""
