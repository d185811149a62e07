"""A soft badge: the participant engine with this computer's sound and keyboard."""
