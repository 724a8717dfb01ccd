"""What a Transparency in Coverage file costs to import: CPU seconds, memory and bytes on disk, by the size of the file.

`python transparency.py [MEGABYTES]`: an invented file of schema 2, of a tenth of the size, then of the whole (1,000).
Its groups of providers stand before the rates, then behind them, where fees of one provider need a second reading. From
it are made: fees of one provider of 60,000, fees of all, and prices by provider.

`python transparency.py --look-up [MEGABYTES]`: a file of that size (300) in which every entry has a code that is
wanted, made into a file of prices, and one price after the other looked up in it, of providers in no order.
"""

from __future__ import annotations

import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

from camcover.rulebook.records.terms import Setting
from camcover.store.prices import AskedPrice, PriceFile

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from price_files import HEADING, entry, group, rate  # noqa: E402 - the folder of it is known only now

MEGABYTES = 1_000
GROUPS = 20_000
RATES_OF_ENTRY = 2_000
CODES = ["97810", "97811", "97813", "97814", "98940", "98941", "98942", "97140", "97124", "99213"]
WANTED_OF = 100
"""One entry of so many has a code of the catalog."""

LOOK_UP_MEGABYTES, LOOK_UPS = 300, 20_000

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


def entries(size: int, wanted_of: int) -> Iterator[str]:
    """Entries of codes, until they have so many bytes; one of `wanted_of` has a code of the catalog."""
    written, number = 0, 0
    places = {"service_code": ["11", "22"], "setting": "outpatient"}
    while written < size:
        code = CODES[number // wanted_of % len(CODES)] if number % wanted_of == 0 else f"T{number % 9000:04}"
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


def write(path: Path, megabytes: int, *, has_groups_first: bool, wanted_of: int = WANTED_OF) -> None:
    """Write a file of that size, before it is compressed."""
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        file.write(json.dumps(HEADING)[:-1] + ", ")
        if has_groups_first:
            file.write(groups() + ", ")
        file.write('"in_network": [')
        for number, text in enumerate(entries(megabytes * 1_000_000, wanted_of)):
            file.write((", " if number else "") + text)
        file.write("]" if has_groups_first else "], " + groups())
        file.write("}")


def measured(path: Path, output: Path, *words: str) -> tuple[float, float, int]:
    """CPU seconds and the most memory, MB, of an import, and the bytes that it wrote to `output`."""
    command = [sys.executable, "-m", "camcover", *words, "--id", "fees", "--in-network", str(path)]
    process = subprocess.Popen([*command, "-o", str(output)], cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, status
    files = [output] if output.is_file() else list(output.iterdir())
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, sum(each.stat().st_size for each in files)


def look_up(prices: Path) -> None:
    """Look prices up, each of a provider and a code drawn by lot, and say how long one takes."""
    draw, own, all_time, found = Random(7), list[int](), list[int](), 0  # noqa: S311 - the same draws each time
    began = time.perf_counter_ns()
    file = PriceFile(prices)
    sys.stdout.write(f"opened in {(time.perf_counter_ns() - began) / 1e6:.1f} ms\n")
    for _ in range(LOOK_UPS):
        npi = 1_000_000_000 + draw.randrange(3 * GROUPS)
        asked = AskedPrice(
            "fees", "in_network", draw.choice(CODES), npi, 0, Setting.OFFICE, frozenset(), date(2026, 5, 4)
        )
        begun, used = time.perf_counter_ns(), time.thread_time_ns()
        found += file.price(asked) is not None
        own.append(time.thread_time_ns() - used)
        all_time.append(time.perf_counter_ns() - begun)
    for what, times in (("CPU", own), ("whole", all_time)):
        median, last = statistics.median(times) / 1e3, statistics.quantiles(times, n=100)[-1] / 1e3
        sys.stdout.write(
            f"one look-up, {what} time: median {median:.0f} us, p99 {last:.0f} us; first {times[0] / 1e3:.0f}\n"
        )
    sys.stdout.write(f"{found:,} of {LOOK_UPS:,} have one price\n")


def measure_look_ups(megabytes: int) -> None:
    """A file whose every entry is wanted, with its groups before the rates; then one look-up after the other."""
    with tempfile.TemporaryDirectory() as folder:
        path, prices = Path(folder, "rates.json.gz"), Path(folder, "prices.sqlite")
        write(path, megabytes, has_groups_first=True, wanted_of=1)
        seconds, memory, written = measured(path, prices, "prices", "import", "--of-several", "middle")
        sys.stdout.write(f"{megabytes} MB: {seconds:.1f} CPU s, {memory:.0f} MB, prices of {written / 1e6:.0f} MB\n")
        sys.stdout.flush()
        look_up(prices)


def main() -> None:
    if sys.argv[1:2] == ["--look-up"]:
        return measure_look_ups(int(sys.argv[2]) if len(sys.argv) > 2 else LOOK_UP_MEGABYTES)
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
                    with tempfile.TemporaryDirectory() as place:
                        seconds, memory, written = measured(path, Path(place, "made"), *words)
                    say(f"| {size} | {order} | {made} | {seconds:.1f} | {size / seconds:.0f} ")
                    say(f"| {memory:.0f} | {written / 1e6:.1f} |\n")
                    sys.stdout.flush()
    return None


if __name__ == "__main__":
    main()
