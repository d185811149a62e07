"""How hosts talk to each other: who they are (`handshake`), keys and numbers (`session`), messages
(`channel`), and questions with answers of any size over those (`exchange`)."""
