"""What the leader decides about how the venue works: published by it, applied by everybody."""
