"""Processes that end with their parent, even where the parent is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait

__all__ = ["end_with_parent"]


def end_with_parent(drain_seconds: float = 0.0) -> None:
    """End this process when its parent has ended: by SIGTERM, and by force after `drain_seconds`.

    To be called in a process that `multiprocessing` started.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel, drain_seconds), name="parent", daemon=True).start()


def _watch(sentinel: int, drain_seconds: float) -> None:
    """Wait until the parent's end of a pipe closes, which happens however the parent ends."""
    wait([sentinel])
    if drain_seconds:
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(drain_seconds)
    os._exit(1)
