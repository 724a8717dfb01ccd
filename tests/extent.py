"""How much a run tries.

`CAMCOVER_TESTS=all` (`make test-all`, and CI): more random examples, and the staff guide typed on PostgreSQL, too.
"""

from __future__ import annotations

import os

__all__ = ["IS_ALL"]

IS_ALL = os.environ.get("CAMCOVER_TESTS") == "all"
