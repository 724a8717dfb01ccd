"""Settings for all tests: how many random examples a run tries."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

settings.register_profile("default", max_examples=500, deadline=None, suppress_health_check=SLOW)
settings.register_profile("brief", max_examples=60, deadline=None, suppress_health_check=SLOW)
settings.register_profile("nightly", max_examples=20_000, deadline=None, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
