"""What commands cost to start: CPU seconds of the whole process, beside a Python that does nothing.

`python commands.py [TIMES]`: each command so many times; prints the least, since other work of the machine only adds.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TIMES = 5

COMMANDS = [
    "--help",
    "rules --help",
    "rules check --help",
    "estimate --help",
    "serve --help",
    "bulk estimate --help",
    "token ana@payer.example --role estimate",
    "rules check rules",
    "rules fmt --check rules",
    "rules test rules --no-coverage",
    "rules compile rules --output {folder}/compiled",
    "rules diff rules rules",
    "rules explain cascade-silver acupuncture",
    "estimate docs/examples/request.json --rules rules",
    "estimate docs/examples/request.json --rules {folder}/compiled",
    "db status --database-url sqlite:///{folder}/new.sqlite",
    "rules list --database-url sqlite:///{folder}/kept.sqlite",
]


def cpu_seconds(command: list[str], times: int) -> float:
    """The least CPU time of so many runs."""
    found = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(  # noqa: S603 - our own command
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
        assert done.returncode in (0, 1), done.stderr.decode()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    say(f"| command | CPU s, least of {times} |\n| --- | --- |")
    say(f"| `python -c pass` | {cpu_seconds([sys.executable, '-c', 'pass'], times):.2f} |")
    with tempfile.TemporaryDirectory() as folder:
        for words in COMMANDS:
            command = [sys.executable, "-m", "camcover", *words.format(folder=folder).split()]
            say(f"| `camcover {words.format(folder='.')}` | {cpu_seconds(command, times):.2f} |")


if __name__ == "__main__":
    main()
