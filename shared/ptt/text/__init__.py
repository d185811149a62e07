"""Short texts to a talk group: reliable to the leader, once to everybody else."""
