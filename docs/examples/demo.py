"""`make demo`: starts the service on its embedded database, sends a well-being plan over gRPC, prints the answer.

Run it as `python docs/examples/demo.py` in the project's environment. What it sends stands in request.json beside it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
ROOT = EXAMPLES.parent.parent
CAMCOVER = [sys.executable, "-m", "camcover"]


def main() -> int:
    """Serve the shipped rules, ask once, stop the service; gives the exit status of the asking."""
    command = [*CAMCOVER, "serve", "--rules", "rules", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as service:
        announced = service.stdout.readline() if service.stdout else ""
        if not announced.startswith("listening on "):
            sys.stderr.write(service.communicate()[1])
            return 1
        address = announced.removeprefix("listening on ").strip()
        try:
            asking = [*CAMCOVER, "estimate", str(EXAMPLES / "request.json"), "--server", address, "--format", "table"]
            return subprocess.run(asking, cwd=ROOT, check=False).returncode
        finally:
            service.terminate()
            service.communicate()


if __name__ == "__main__":
    sys.exit(main())
