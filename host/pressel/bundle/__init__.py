"""One file about a venue for whoever helps from outside: what may leave, and nothing else."""
