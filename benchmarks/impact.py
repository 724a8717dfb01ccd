"""A synthetic book under two rule sets: how long it takes to make, to price once, and to compare.

`python impact.py [MEMBERS]`. The rules are the shipped ones, and the same with every copay 5.00 dearer. Pricing the
same book once with `estimate_file` (plans, no lines) on as many threads is the reference. Nothing is asserted.
"""

from __future__ import annotations

import os
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from camcover.bulk.files import BATCH_ROWS, Outputs, estimate_file
from camcover.bulk.output import WholeFile
from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.engine import Tables, compile_rules
from camcover.rulebook import RuleSet, load, load_texts
from camcover.workflow.impact.comparing import impact
from camcover.workflow.synthetic_book import book_date, synthetic_book
from questions import ROOT

MEMBERS = 1_000_000


def shipped_rules() -> RuleSet:
    loaded = load(ROOT / "rules")
    assert loaded.rules is not None
    return loaded.rules


def dearer(rules: RuleSet) -> RuleSet:
    """Every copay in whole dollars 5.00 higher."""
    copay = re.compile(r"(copay: \$)(\d+)(?= per)")
    texts = {
        name: copay.sub(lambda found: f"{found[1]}{int(found[2]) + 5}", text) for name, text in rules.texts.items()
    }
    loaded = load_texts(texts)
    assert loaded.rules is not None
    return loaded.rules


def make_book(rules: RuleSet, path: Path, members: int) -> None:
    with WholeFile(path, REQUEST_SCHEMA) as file:
        for batch in synthetic_book(rules, members, 7, book_date(rules)):
            file.write(batch)
        file.finish()


def price_once(tables: Tables, book: Path) -> int:
    """The lines of the book."""
    outputs = Outputs(book.with_name("plans.parquet"), book.with_name("rejects.parquet"))
    return estimate_file(tables, tables.release, book, outputs).lines


def tell(what: str, began: float, members: int) -> None:
    """Print what was measured since `began`."""
    seconds = time.perf_counter() - began
    sys.stdout.write(f"{what:34} {seconds:7.1f} s  {members / seconds:12,.0f} members/s\n")
    sys.stdout.flush()


def main(members: int) -> None:
    """Make the book, price it, compare."""
    rules = shipped_rules()
    before, after = compile_rules(rules), compile_rules(dearer(rules))
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "book.parquet"
        began = time.perf_counter()
        make_book(rules, book, members)
        tell("make the book", began, members)
        impact(before, after, [next(pq.ParquetFile(book).iter_batches(64))])  # compiles what is not compiled
        began = time.perf_counter()
        lines = price_once(before, book)
        tell("price it once (the reference)", began, members)
        began = time.perf_counter()
        found = impact(before, after, pq.ParquetFile(book).iter_batches(BATCH_ROWS))
        tell("impact", began, members)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"{members:,} members, {lines:,} lines, {os.cpu_count()} threads; {found.members.paying_more:,} pay more; "
        f"{memory:,.0f} MiB at most\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MEMBERS)
