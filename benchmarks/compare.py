"""Has something become slower? The benchmarks anew, beside what was measured before, by ratio to a yardstick.

`python compare.py FILE`: a run that `make bench` saved, or the ratios that the project keeps (`ratios.json`). `python
compare.py --keep FILE` writes them. Absolute times differ from machine to machine and from hour to hour; the ratio to
C, to the oracle or to protobuf, measured in the same minute, does not. Ends with status 1 when a ratio is worse by more
than a fifth.
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
    """The least time of each benchmark as a multiple of its yardstick's, where both were measured; or as kept.

    The least, since medians differ more from run to run.
    """
    found = json.loads(file.read_text(encoding="utf-8"))
    if "benchmarks" not in found:
        return {str(name): float(ratio) for name, ratio in found.items()}
    least = {each["name"]: each["stats"]["min"] for each in found["benchmarks"]}
    return {
        name: least[name] / least[yardstick]
        for name, yardstick in YARDSTICKS.items()
        if name in least and yardstick in least
    }


def measure(output: Path) -> None:
    """Run the benchmarks."""
    options = ("-q", "-p", "no:xdist", "--benchmark-only", f"--benchmark-json={output}")
    command = [sys.executable, "-m", "pytest", str(HERE), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own benchmarks


def fresh_ratios() -> dict[str, float]:
    """The ratios of a run made now."""
    with tempfile.TemporaryDirectory() as folder:
        measured = Path(folder) / "bench.json"
        measure(measured)
        return ratios(measured)


def compare(saved: Path) -> int:
    """Print both ratios of every benchmark; gives the exit status."""
    if not saved.exists():
        sys.stderr.write(f"{saved}: no such file; make bench saves a run\n")
        return 2
    before, after = ratios(saved), fresh_ratios()
    worse = 0
    for name in sorted(before.keys() & after.keys()):
        change = after[name] / before[name]
        worse += change > WORSE
        mark = "  WORSE" if change > WORSE else ""
        sys.stdout.write(f"{name:28} {before[name]:8.3f} -> {after[name]:8.3f} of {YARDSTICKS[name]}{mark}\n")
    return 1 if worse else 0


def keep(file: Path) -> int:
    """Write the ratios of a run made now; gives the exit status."""
    kept = {name: round(ratio, 3) for name, ratio in sorted(fresh_ratios().items())}
    file.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(keep(Path(sys.argv[2])) if sys.argv[1] == "--keep" else compare(Path(sys.argv[1])))
