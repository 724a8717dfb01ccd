"""The kernel's arrays for one thread: they grow as requests are laid out in them, and are used again and again.

What comes in: rows as plain integers, appended by `engine/layout.py`. What goes out: the ledger and the running state
as plain integers. A workspace belongs to one thread; nothing in it outlives the next `clear`.
"""

from __future__ import annotations

WRITTEN = ("requests", "sums", "slots", "visits", "events", "ledger")
"""The arrays of `Work` that the kernel writes."""
