"""Who wears a badge, and what they speak into and listen to."""
