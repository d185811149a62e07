"""Sound on a host: files, devices, and the speech that demonstrations speak."""
