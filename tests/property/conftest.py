"""How hypothesis works here: no deadlines, for the machine may be busy with something else."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "pressel", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("pressel")
