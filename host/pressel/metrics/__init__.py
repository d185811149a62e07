"""What a host counts and measures, as the rows of shared/schema/metrics.toml name it."""

from pathlib import Path

SHIPPED = Path(__file__).parent / "shipped"  # alerts, their tests, a dashboard
