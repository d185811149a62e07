"""What signs releases, away from the leader: a key that is good for 1,024 of them."""
