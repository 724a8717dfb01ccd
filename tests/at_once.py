"""The work of another process, done in this one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class AtOnce:
    """Stands for a `WorkerProcess`."""

    async def run(self, work: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """What `work` gives."""
        return work(*given, **named)
