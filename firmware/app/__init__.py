"""The handset: the one loop that ties peripherals and participant together."""
