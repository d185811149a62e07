"""The engine of the host that leads: who is a member, who may talk, what is in force."""
