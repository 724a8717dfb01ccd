"""What a Transparency in Coverage file costs to import: CPU seconds and memory, by the size of the file.

`python transparency.py [MEGABYTES]`: an invented file of schema 2.1 of a tenth of the size, then of the whole (500).
One provider of 60,000 is chosen, once with the groups of providers before the rates and once behind them, where the
file is read twice; then no provider is chosen.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MEGABYTES = 500
GROUPS = 20_000
RATES_OF_ENTRY = 2_000
CODES = ["97810", "97811", "97813", "97814", "98940", "98941", "98942", "97140", "97124", "99213"]
WANTED_OF = 100
"""One entry of so many has a code of the catalog."""

NPI = "1000000000"
HEAD = {"reporting_entity_name": "Example Health", "last_updated_on": "2026-02-01", "version": "2.1.0"}


def groups() -> str:
    """The groups, each of three providers."""
    found = [
        {
            "provider_group_id": number,
            "network_name": ["Example Choice"],
            "provider_groups": [
                {
                    "npi": [1_000_000_000 + 3 * number + each for each in range(3)],
                    "tin": {"type": "ein", "value": f"{number:09}", "business_name": f"Clinic {number}"},
                }
            ],
        }
        for number in range(GROUPS)
    ]
    return '"provider_references": ' + json.dumps(found)


def entries(size: int) -> Iterator[str]:
    """Entries of codes, until they have so many bytes."""
    written, number = 0, 0
    while written < size:
        code = CODES[number // WANTED_OF % len(CODES)] if number % WANTED_OF == 0 else f"T{number % 9000:04}"
        rates = [
            {
                "provider_references": [(number + each) % GROUPS, (number + each + 7) % GROUPS],
                "negotiated_prices": [
                    {
                        "negotiated_type": "negotiated",
                        "negotiated_rate": 20 + each % 50 / 4,
                        "expiration_date": "9999-12-31",
                        "service_code": ["11", "22"],
                        "billing_class": "professional",
                        "setting": "outpatient",
                    }
                ],
            }
            for each in range(RATES_OF_ENTRY)
        ]
        entry = {
            "negotiation_arrangement": "ffs",
            "name": code,
            "billing_code_type": "CPT",
            "billing_code_type_version": "2026",
            "billing_code": code,
            "description": code,
            "negotiated_rates": rates,
        }
        text = json.dumps(entry)
        written += len(text)
        number += 1
        yield text


def write(path: Path, megabytes: int, *, has_groups_first: bool) -> None:
    """Write a file of that size, before it is compressed."""
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        file.write(json.dumps(HEAD)[:-1] + ", ")
        if has_groups_first:
            file.write(groups() + ", ")
        file.write('"in_network": [')
        for number, text in enumerate(entries(megabytes * 1_000_000)):
            file.write((", " if number else "") + text)
        file.write("]" if has_groups_first else "], " + groups())
        file.write("}")


def measured(path: Path, *words: str) -> tuple[float, float]:
    """CPU seconds and the most memory, MB, of an import."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "camcover", "import", "fees", "transparency", "--year", "2026", "--id", "fees"]
        output = ["--in-network", str(path), "--of-several", "middle", "-o", f"{folder}/fees", *words]
        process = subprocess.Popen([*command, *output], cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
        _, status, used = os.wait4(process.pid, 0)
        assert status == 0, status
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    whole = int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    say = sys.stdout.write
    say("| file, MB | groups | providers | CPU s | MB a CPU s | memory, MB |\n| --- | --- | --- | --- | --- | --- |\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rates.json.gz")
        for size in (whole // 10, whole):
            for has_groups_first in (True, False):
                write(path, size, has_groups_first=has_groups_first)
                for who, words in (("one", ("--npi", NPI)), ("all", ())):
                    seconds, memory = measured(path, *words)
                    order = "before" if has_groups_first else "behind"
                    say(f"| {size} | {order} | {who} | {seconds:.1f} | {size / seconds:.0f} | {memory:.0f} |\n")
                    sys.stdout.flush()


if __name__ == "__main__":
    main()
