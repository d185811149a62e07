"""Which release this application is."""

RELEASE = 1  # goes up with each one; a badge takes no older one unless the operator says so
