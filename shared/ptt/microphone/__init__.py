"""What is done with a microphone's frames before they are coded, where there is room for it."""
