"""Sound between microphone, packets and speaker: coder, capture ring, jitter buffer, playout."""
