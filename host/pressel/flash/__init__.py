"""Makes badges out of boards: image, identity, key, Wi-Fi and firmware in one write.

Knows esptool and mpremote; knows nothing of voice and of what the firmware does.
"""
