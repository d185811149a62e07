"""What a standby needs to send voice in its leader's place."""
