"""Which release this application is. Both go up together when one is made."""

RELEASE = 1  # counts up; a badge takes no older one unless the operator says so
BUILD = "0.1.0"  # for people: what HELLO says; at most 16 characters
