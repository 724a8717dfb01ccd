"""How much a run tries.

`CAMCOVER_TESTS=all` (`make test-all`): new random examples, and more of them. `CAMCOVER_TESTS=nightly` (`make
nightly`): very many, the staff guide on PostgreSQL and replicas on SQLite, too.
"""

from __future__ import annotations

import os

__all__ = ["EXTENT"]

EXTENT = os.environ.get("CAMCOVER_TESTS", "")
