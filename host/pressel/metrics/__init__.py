"""What a host counts and measures, as the rows of shared/schema/metrics.toml name it."""
