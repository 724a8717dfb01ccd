"""`make fuzz`: cases of the wire, rule files and files of other formats, for FUZZ_SECONDS; a fault gives status 1.

FUZZ_SEED draws the same cases again, FUZZ_CASE the one of that number alone. The case that runs is written to
build/fuzz/ before it is tried, so that one that ends the process or never ends is there, too.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import resource
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import TypeAlias

import structlog

from fuzz import exchanged, rule_files, wire
from fuzz.words import case_random

FOLDER = Path(__file__).resolve().parents[2] / "build" / "fuzz"

LONGEST_SECONDS = 120
"""A case that takes longer ends the run with the place where it hangs."""

MOST_GROWTH_BYTES = 1 << 30
"""What the process may need more at its largest than after a hundred cases."""


def numbers(seconds: float, only: str) -> Iterator[int]:
    """The numbers of the cases, until the time is up."""
    if only:
        yield int(only)
        return
    end = time.monotonic() + seconds
    for number in count():
        if time.monotonic() > end:
            return
        yield number


_Case: TypeAlias = wire.WireCase | rule_files.RuleCase | exchanged.ExchangeCase


def draw(random: Random, number: int, service: wire.Fuzzed) -> _Case:
    """The case of a number: every other one is of the wire."""
    if number % 2:
        return wire.draw(random, service.server)
    return exchanged.draw(random) if number % 4 else rule_files.draw(random)


async def fault(case: _Case, service: wire.Fuzzed) -> str | None:
    """What is wrong with how a case is answered or read; None: nothing."""
    match case:
        case wire.WireCase():
            return await service.fault(case)
        case rule_files.RuleCase():
            return rule_files.fault(case)
        case exchanged.ExchangeCase():
            return exchanged.fault(case)


def keep(case: _Case, name: str) -> Path:
    """Write a case to a file in `FOLDER`, in the form of the corpus."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if isinstance(case, wire.WireCase):
        file = FOLDER / f"{name}.json"
        file.write_text(case.to_text(), encoding="utf-8")
        return file
    if isinstance(case, exchanged.ExchangeCase):
        file = FOLDER / f"{name}.{case.kind}"
        file.write_bytes(case.content)
        return file
    *_, changed = case.files
    file = FOLDER / f"{name}.yaml"
    file.write_bytes(case.files[changed])
    return file


def largest_bytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


async def run(seconds: float, seed: str, only: str) -> int:
    """Try cases and print the faults; gives how many there were."""
    faults, tried, early = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        async with wire.fuzzed_service(Path(folder), is_one_process=False) as service:
            for number in numbers(seconds, only):
                random = case_random(seed, number)
                faulthandler.dump_traceback_later(LONGEST_SECONDS, exit=True)
                case = draw(random, number, service)
                keep(case, "running")
                found = await fault(case, service)
                faulthandler.cancel_dump_traceback_later()
                tried += 1
                early = largest_bytes() if tried <= 100 else early
                if found is not None:
                    faults += 1
                    said = f"case {number} of seed {seed}, {keep(case, f'{seed}-{number}')}"
                    sys.stdout.write(f"{said}: {found}\n")
            if not await service.is_alive():
                faults += 1
                sys.stdout.write("the service no longer prices as before\n")
    grown = largest_bytes() - early
    if grown > MOST_GROWTH_BYTES:
        faults += 1
    sys.stdout.write(f"{tried} cases, {faults} faults; at its largest {grown >> 20} MiB more than after 100 cases\n")
    return faults


def main() -> int:
    """Read the settings, print the seed, run; gives the status."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    seed = os.environ.get("FUZZ_SEED") or secrets.token_hex(4)
    sys.stdout.write(f"FUZZ_SEED={seed}\n")
    sys.stdout.flush()
    seconds = float(os.environ.get("FUZZ_SECONDS") or 60)
    return 1 if asyncio.run(run(seconds, seed, os.environ.get("FUZZ_CASE", ""))) else 0


if __name__ == "__main__":
    sys.exit(main())
