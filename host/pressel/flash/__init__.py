"""Makes badges out of boards: image, identity, key, Wi-Fi and firmware in one write.

It knows esptool and mpremote, and nothing of voice or of what the firmware does.
"""
