"""Has something become slower? The benchmarks anew, beside a saved run, by ratio to the yardstick of the same run.

`python compare.py SAVED.json` (written by `make bench`). Absolute times differ from machine to machine and from hour to
hour; the ratio to C, to the oracle or to protobuf, measured in the same minute, does not. Ends with status 1 when a
ratio is worse by more than a fifth.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORSE = 1.2

YARDSTICKS = {
    "test_numba_on_one_plan": "test_c_on_one_plan",
    "test_numba_on_a_batch": "test_c_on_a_batch",
    "test_kernel_on_a_batch": "test_c_on_a_batch",
    "test_request_to_ledger": "test_oracle",
    "test_request_to_estimate": "test_oracle",
    "test_service": "test_yardstick_message_by_message",
    "test_read_and_check": "test_reference_c_loader",
}
"""What each benchmark is set in relation to."""


def ratios(file: Path) -> dict[str, float]:
    """The median of each benchmark as a multiple of its yardstick's, where both were measured."""
    measured = json.loads(file.read_text(encoding="utf-8"))["benchmarks"]
    medians = {each["name"]: each["stats"]["median"] for each in measured}
    return {
        name: medians[name] / medians[yardstick]
        for name, yardstick in YARDSTICKS.items()
        if name in medians and yardstick in medians
    }


def measure(output: Path) -> None:
    """Run the benchmarks."""
    options = ("-q", "-p", "no:xdist", "--benchmark-only", f"--benchmark-json={output}")
    command = [sys.executable, "-m", "pytest", str(HERE), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own benchmarks


def main(saved: Path) -> int:
    """Print both ratios of every benchmark; gives the exit status."""
    if not saved.exists():
        sys.stderr.write(f"{saved}: no saved run; make bench writes one\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "bench.json"
        measure(fresh)
        before, after = ratios(saved), ratios(fresh)
    worse = 0
    for name in before.keys() & after.keys():
        change = after[name] / before[name]
        worse += change > WORSE
        mark = "  WORSE" if change > WORSE else ""
        sys.stdout.write(f"{name:28} {before[name]:8.3f} -> {after[name]:8.3f} of {YARDSTICKS[name]}{mark}\n")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
