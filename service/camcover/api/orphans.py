"""Processes that end with the one that started them, however that ends: kill -9 asks nobody."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait

__all__ = ["end_with_parent"]


def end_with_parent(drain_seconds: float = 0.0) -> None:
    """From now on end this process when its parent has: by SIGTERM, and for good after `drain_seconds`.

    To be called in a process that `multiprocessing` started.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel, drain_seconds), name="parent", daemon=True).start()


def _watch(sentinel: int, drain_seconds: float) -> None:
    """Wait until the parent's end of a pipe closes, as it does whatever the parent's end is."""
    wait([sentinel])
    if drain_seconds:
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(drain_seconds)
    os._exit(1)
