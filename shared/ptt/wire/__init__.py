"""The bytes of protocol v2: envelope, message fields, voice layout. Knows no state machine."""
