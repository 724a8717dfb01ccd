"""Tests of a service whose processes, database and clients fail. `make chaos` runs them; `make test` does not."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("CAMCOVER_CHAOS") else ["*"]
