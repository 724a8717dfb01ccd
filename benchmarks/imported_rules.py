"""Real plans end to end: what it takes to import, check and compile them, and to price a visit under each.

`python imported_rules.py DATA [FILES]`; DATA is the folder with the plan finder's tables. The commands are those of a
user, each in a process of its own. FILES (20,000): of fewer than the tables have, the first are imported; of more, the
files stand there again under new ids. Times are CPU seconds, since other work may share the machine.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from google.protobuf import json_format

from camcover.api.requests import estimate_request
from camcover.engine import evaluate
from camcover.engine.compiling.stored import read_tables
from camcover.gen.camcover.v1 import request_pb2

ROOT = Path(__file__).resolve().parents[1]
SHARED = [ROOT / "rules" / "catalog", ROOT / "rules" / "payers" / "original-medicare"]
PLANS, BENEFITS = "medicare-advantage-*-plans.csv.gz", "medicare-advantage-*-benefits.csv.gz"
FILES, YEAR = 20_000, 2026
IMPORTED = "ma-"
"""How the ids of imported plans begin."""

VISIT = {
    "members": [{"id": "ana", "age": 70, "state": "OH"}],
    "items": [
        {
            "therapy": "acupuncture",
            "practitioner": "acupuncturist",
            "diagnoses": ["M54.2"],
            "tier": "in_network",
            "dates": ["2026-03-02"],
            "charge_cents": 20_000,
        }
    ],
}


def say(what: str, seconds: float, megabytes: float) -> None:
    """One line of the report."""
    sys.stdout.write(f"{what:52} {seconds:9.1f} CPU s {megabytes:7,.0f} MB at most\n")
    sys.stdout.flush()


def run(what: str, *words: object) -> None:
    """Run a program and say what it took. Ends the benchmark where the program fails."""
    command = [sys.executable, *map(str, words)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
    assert process.stdout is not None
    told = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    say(what, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)
    if process.returncode:
        sys.exit(f"{what}: status {process.returncode}\n{told[-2000:]}")
    if last := told.strip().splitlines()[-1:]:
        sys.stdout.write(f"  {last[0]}\n")


def cut(tables: Sequence[Path], folder: Path, files: int) -> Sequence[Path]:
    """Tables of the same kind, of the first plans alone. Each row of both begins with the id of a plan."""
    wanted: dict[str, None] = {}
    for table in tables:
        with gzip.open(table, "rt", encoding="utf-8") as whole:
            rows = list(whole)
        if not wanted:
            wanted = dict.fromkeys(row.partition(",")[0] for row in rows[: files + 1])
        with gzip.open(folder / table.name, "wt", encoding="utf-8") as part:
            part.writelines(row for row in rows if row.partition(",")[0] in wanted)
    return [folder / table.name for table in tables]


def copied(folder: Path, files: int) -> int:
    """Let the plans of a folder stand there again under new ids, until there are `files`; gives how many there are."""
    originals = sorted(folder.rglob("*.yaml"))
    missing = files - len(originals)
    for turn in count(2):
        for path in originals[: max(missing, 0)]:
            head, _, rest = path.read_text(encoding="utf-8").partition("\nid: ")
            plan_id, end, rest = rest.partition("\n")
            name = path.name.replace(plan_id, f"{plan_id}-{turn}")
            path.with_name(name).write_text(f"{head}\nid: {plan_id}-{turn}{end}{rest}", encoding="utf-8")
        missing -= len(originals)
        if missing <= 0:
            return max(files, len(originals))
    raise AssertionError


def price(stored: Path) -> None:
    """Ask every plan of a stored file for one visit, and at once again.

    A process keeps 4,096 plans at hand: asked in turn, one of more is read anew each time.
    """
    tables = read_tables(stored)
    message = json_format.ParseDict({"plan_id": "any"} | VISIT, request_pb2.EstimatePlanRequest())
    asked = [
        estimate_request(message)._replace(plan_id=str(each)) for each in tables.plans if str(each).startswith(IMPORTED)
    ]
    evaluate(tables, asked[0])  # It loads the kernel.
    seconds, paying = [0.0, 0.0], 0
    for each in asked:
        for turn in range(len(seconds)):
            began = time.process_time()
            paid = evaluate(tables, each).lines[0].plan_paid_cents
            seconds[turn] += time.process_time() - began
        paying += paid > 0
    first, second = (each * 1e3 / len(asked) for each in seconds)
    told = f"{first:.2f} CPU ms for the first question of a plan, {second:.2f} for the second"
    sys.stdout.write(f"{told}; {paying:,} of {len(asked):,} plans pay\n")


def main(data: Path, files: int) -> None:
    """Import, copy, check, compile, price."""
    tables = [path for name in (PLANS, BENEFITS) for path in sorted(data.glob(name))[:1]]
    if len(tables) < len((PLANS, BENEFITS)):
        sys.stdout.write(f"{data}: no tables {PLANS} and {BENEFITS}; nothing is measured\n")
        return
    camcover = ("-m", "camcover")
    with tempfile.TemporaryDirectory() as name:
        plans, stored = Path(name) / "plans", Path(name) / "rules.compiled"
        first, benefits = cut(tables, Path(name), files)
        given = ("--year", YEAR, "--plans", first, "--benefits", benefits, "-o", plans)
        run("imported", *camcover, "import", "medicare-advantage", *given)
        there = copied(plans, files)
        run(f"{there:,} files checked", *camcover, "rules", "check", *SHARED, plans)
        run(f"{there:,} files compiled", *camcover, "rules", "compile", *SHARED, plans, "-o", stored)
        sys.stdout.write(f"  {stored.stat().st_size / 1e6:,.0f} MB\n")
        run(f"{there:,} plans priced", __file__, "--price", stored)


if __name__ == "__main__":
    if sys.argv[1] == "--price":
        price(Path(sys.argv[2]))
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else FILES)
