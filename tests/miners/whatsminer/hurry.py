"""How tests on invented data run."""

from hypothesis import HealthCheck, settings

UNHURRIED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure; sixty inventions a run find what there is over time."""
