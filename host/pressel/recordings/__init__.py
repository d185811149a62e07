"""What was said, kept for who missed it and for the record: off until an operator wants it."""
