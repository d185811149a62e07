"""One small class for each peripheral; what touches hardware is here and nowhere else."""
