"""What a participant needs to hear voice that is sent once for many."""
