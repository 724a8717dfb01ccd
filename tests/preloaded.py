"""What the server of `forked.py` imports before it forks: all that a service needs, and the kernel as machine code."""

from __future__ import annotations

from importlib import import_module

from camcover.engine.kernel.call import load_kernel

for name in ("api.page_saves", "cli.serving", "cli.workers", "http.port", "web.app", "workflow.impact.job_work"):
    import_module(f"camcover.{name}")
load_kernel()
