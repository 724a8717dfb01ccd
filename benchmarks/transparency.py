"""What a Transparency in Coverage file costs to import: CPU seconds, memory and bytes on disk, by the size of the file.

`python transparency.py [MEGABYTES]`: an invented file of schema 2, of a tenth of the size, then of the whole (1,000).
Its groups of providers stand before the rates, then behind them, where fees of one provider need a second reading. From
it are made: fees of one provider of 60,000, fees of all, and prices by provider.
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
sys.path.insert(0, str(ROOT / "tests"))

from price_files import HEADING, entry, group, rate  # noqa: E402 - the folder of it is known only now

MEGABYTES = 1_000
GROUPS = 20_000
RATES_OF_ENTRY = 2_000
CODES = ["97810", "97811", "97813", "97814", "98940", "98941", "98942", "97140", "97124", "99213"]
WANTED_OF = 100
"""One entry of so many has a code of the catalog."""

NPI = "1000000004"
"""The provider who is chosen; his or her check digit is right."""

FEES = ("import", "fees", "transparency", "--year", "2026", "--of-several", "middle")
WAYS = {
    "fees of one": (*FEES, "--npi", NPI),
    "fees of all": FEES,
    "prices": ("prices", "import"),
}
"""The words of a command, by what it makes."""


def groups() -> str:
    """The groups, each of three providers."""
    found = [group(number, tin=f"{number:09}") for number in range(GROUPS)]
    for number, each in enumerate(found):
        each["provider_groups"][0]["npi"] = [1_000_000_000 + 3 * number + place for place in range(3)]
    return '"provider_references": ' + json.dumps(found)


def entries(size: int) -> Iterator[str]:
    """Entries of codes, until they have so many bytes."""
    written, number = 0, 0
    places = {"service_code": ["11", "22"], "setting": "outpatient"}
    while written < size:
        code = CODES[number // WANTED_OF % len(CODES)] if number % WANTED_OF == 0 else f"T{number % 9000:04}"
        rates = [
            rate(
                places | {"negotiated_rate": 20 + each % 50 / 4},
                references=((number + each) % GROUPS, (number + each + 7) % GROUPS),
            )
            for each in range(RATES_OF_ENTRY)
        ]
        text = json.dumps(entry(code, *rates))
        written += len(text)
        number += 1
        yield text


def write(path: Path, megabytes: int, *, has_groups_first: bool) -> None:
    """Write a file of that size, before it is compressed."""
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        file.write(json.dumps(HEADING)[:-1] + ", ")
        if has_groups_first:
            file.write(groups() + ", ")
        file.write('"in_network": [')
        for number, text in enumerate(entries(megabytes * 1_000_000)):
            file.write((", " if number else "") + text)
        file.write("]" if has_groups_first else "], " + groups())
        file.write("}")


def measured(path: Path, *words: str) -> tuple[float, float, int]:
    """CPU seconds and the most memory, MB, of an import, and the bytes that it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "made")
        command = [sys.executable, "-m", "camcover", *words, "--id", "fees", "--in-network", str(path)]
        process = subprocess.Popen([*command, "-o", str(output)], cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
        _, status, used = os.wait4(process.pid, 0)
        assert status == 0, status
        files = [output] if output.is_file() else list(output.iterdir())
        made = sum(each.stat().st_size for each in files)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, made


def main() -> None:
    whole = int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    say = sys.stdout.write
    say("| file, MB | groups of providers | made | CPU s | MB a CPU s | memory, MB | written, MB |\n")
    say("| --- | --- | --- | --- | --- | --- | --- |\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rates.json.gz")
        for size in (whole // 10, whole):
            for order in ("before", "behind"):
                write(path, size, has_groups_first=order == "before")
                for made, words in WAYS.items():
                    seconds, memory, written = measured(path, *words)
                    say(f"| {size} | {order} | {made} | {seconds:.1f} | {size / seconds:.0f} ")
                    say(f"| {memory:.0f} | {written / 1e6:.1f} |\n")
                    sys.stdout.flush()


if __name__ == "__main__":
    main()
