"""`make demo`: starts the service on its embedded database, sends a well-being plan over gRPC, prints the answer.

It also looks at the first of the pages for patients, and says where they are. Run it as `python docs/examples/demo.py`
in the project's environment. What it sends stands in request.json beside it.
"""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
ROOT = EXAMPLES.parent.parent
CAMCOVER = [sys.executable, "-m", "camcover"]


def show_pages(service: subprocess.Popen[str]) -> None:
    """Get the first page, and print where it is, and how to keep it."""
    announced = service.stdout.readline() if service.stdout else ""
    address = f"http://{announced.removeprefix('http on ').strip()}/en/"
    with urllib.request.urlopen(address, timeout=30) as answer:
        page = answer.read().decode()
    title = page.partition("<title>")[2].partition("</title>")[0]
    sys.stdout.write(f"\nPages for patients: {address} ({title})\n")
    sys.stdout.write("This service ends now. `make serve` keeps one, with its pages on http://127.0.0.1:8080/\n")
    sys.stdout.flush()


def main() -> int:
    """Serve the shipped rules, ask once, stop the service; gives the exit status of the asking."""
    command = [*CAMCOVER, "serve", "--rules", "rules", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as service:
        announced = service.stdout.readline() if service.stdout else ""
        if not announced.startswith("listening on "):
            sys.stderr.write(service.communicate()[1])
            return 1
        address = announced.removeprefix("listening on ").strip()
        try:
            asking = [*CAMCOVER, "estimate", str(EXAMPLES / "request.json"), "--server", address, "--format", "table"]
            asked = subprocess.run(asking, cwd=ROOT, check=False).returncode
            if asked == 0:
                show_pages(service)
            return asked
        finally:
            service.terminate()
            service.communicate()


if __name__ == "__main__":
    sys.exit(main())
