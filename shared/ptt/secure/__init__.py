"""Participant and leader with everything that keeps strangers out and insiders in their place.

Each is the engine of the same name and seals what that one says: `participant.SecureParticipant`,
`leader.SecureLeader`. Nothing else speaks on a venue's network.
"""
