"""The pages for patients: what they weigh, 200 patients at once, and how long a keystroke takes to its new price.

`python patient_pages.py [weight] [keystroke] [crowd] [SECONDS]`; without a word all three. The service runs over the
shipped rules, without a database, in a process for each core, which it shares with the patients. Nothing is asserted.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import httpx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "rpc"))

from load import Measured, closed, opened  # noqa: E402 - it lies one folder down

from questions import ROOT  # noqa: E402 - stands with the other import of ours

PATIENTS = 200
THINKING_SECONDS = 10.0
"""How long a patient looks at a price before the next change."""

CROWD_SECONDS = 20.0
KEYSTROKES = 30

_PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
"""As the script of the pages asks for an answer alone."""

CARE = {
    "plan": "cascade-silver",
    "age": "44",
    "state": "WA",
    "before": "no",
    "sum-deductible": "1100",
    "sum-oop_max": "1420",
    "therapy-0": "acupuncture",
    "condition-0": "chronic-low-back-pain",
    "practitioner-0": "acupuncturist",
    "tier-0": "in_network",
    "visits-0": "16",
    "every-0": "7",
    "first-0": "2026-03-02",
    "charge-0": "120",
}
"""Sixteen visits of acupuncture, as docs/screenshots has them."""

ASKED = {
    "coverage": {"plan": "ump-classic", "therapy-0": "acupuncture", "do": "price"},
    "compare": CARE | {"plans": ["cascade-silver", "ump-classic", "bronze-hsa"], "do": "price"},
    "cheaper": CARE | {"may": "1", "may-later": "90", "self-pay-0": "90", "do": "price"},
    "plan": CARE | {"do": "price"},
}


@contextmanager
def serving() -> Iterator[str]:
    """The address of a service of two processes over the shipped rules, which does not count this machine's callers."""
    command = [sys.executable, "-m", "camcover", "serve", "--rules", str(ROOT / "rules"), "--database-url", "off"]
    command += ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    command += [
        "--workers",
        str(os.cpu_count()),
        "--max-calls",
        str(2 * PATIENTS),
        "--max-calls-per-caller",
        str(2 * PATIENTS),
    ]
    with subprocess.Popen(  # noqa: S603 - our own service
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as service:
        try:
            lines = [service.stdout.readline() if service.stdout else "" for _ in range(2)]
            yield f"http://{lines[1].removeprefix('http on ').strip()}"
        finally:
            service.terminate()


def weigh(site: str) -> None:
    """Print what each page weighs with all that it loads, packed as browsers ask for it."""
    files: dict[str, int] = {}
    with httpx.Client(base_url=site, headers={"Accept-Encoding": "gzip"}) as client:
        pages = {"start": client.get("/en/"), "help": client.get("/en/help")}
        pages |= {name: client.post(f"/en/{name}", data=form) for name, form in ASKED.items()}
        for name, answer in pages.items():
            answer.raise_for_status()
            loaded = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text))
            fonts = {url for sheet in loaded if sheet.endswith(".css") for url in fonts_of(client, sheet)}
            for path in loaded | fonts:
                files.setdefault(path, weight_of(client.get(path)))
            page, rest = weight_of(answer), sum(files[path] for path in loaded | fonts)
            sys.stdout.write(f"{name:10} {(page + rest) / 1000:6.1f} kB, of which the page {page / 1000:5.1f} kB\n")
    for path, size in sorted(files.items(), key=lambda each: -each[1]):
        sys.stdout.write(f"  {path.rpartition('/')[2]:24} {size / 1000:6.1f} kB\n")


def fonts_of(client: httpx.Client, sheet: str) -> set[str]:
    """The files that a style sheet loads."""
    folder = sheet.rpartition("/")[0]
    return {f"{folder}/{name}" for name in re.findall(r'url\("?([^")]+)"?\)', client.get(sheet).text)}


def weight_of(answer: httpx.Response) -> int:
    """The bytes of a body on its way."""
    answer.raise_for_status()
    return int(
        answer.headers.get("content-length") or answer.num_bytes_downloaded or len(gzip.compress(answer.content))
    )


async def crowd(site: str, seconds: float) -> None:
    """Print what 200 patients at once wait: as fast as they can, then each with a pause of ten seconds."""
    numbers = count()
    limits = httpx.Limits(max_connections=PATIENTS, max_keepalive_connections=PATIENTS)
    async with httpx.AsyncClient(base_url=site, limits=limits, timeout=60, headers=_PARTIAL) as client:

        async def change() -> None:
            """Another number of visits and another charge: an answer that nobody had before."""
            number = next(numbers)
            form = CARE | {"visits-0": str(1 + number % 24), "charge-0": f"{100 + number // 24 / 100:.2f}"}
            answer = await client.post("/en/plan", data=form)
            answer.raise_for_status()

        await closed(change, 4, 2)
        tell("one patient after the other", await closed(change, 1, seconds / 4))
        tell(f"{PATIENTS} at once, without a pause", await closed(change, PATIENTS, seconds))
        rate = PATIENTS / THINKING_SECONDS
        tell(f"{PATIENTS}, a change every {THINKING_SECONDS:g} s", await opened(change, rate, seconds))


def tell(what: str, found: Measured) -> None:
    """One line of the report."""
    sys.stdout.write(
        f"{what:32} {found.calls_per_second:7.0f}/s  p50 {found.p50 * 1e3:7.1f} ms  p99 {found.p99 * 1e3:7.1f} ms  "
        f"failed {found.failed}\n"
    )
    sys.stdout.flush()


WATCH = """() => {
  const field = document.querySelector("#visits-0");
  field.addEventListener("input", () => { window.typed = performance.now(); });
  document.body.addEventListener("htmx:after:swap", () => { window.shown = performance.now() - window.typed; });
}"""


def keystroke(site: str) -> None:
    """Print how long it takes from a key to the new price on the page, the pause of 150 ms included."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only this part needs a browser

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{site}/en/")
        for name in ("plan", "therapy-0", "condition-0"):
            page.select_option(f"[name={name}]", CARE[name])
        page.locator("form .button").click()
        page.locator("#total").wait_for()
        page.evaluate(WATCH)
        times = []
        for number in range(KEYSTROKES + 2):
            visits = 10 + number % 9
            page.locator("#visits-0").focus()
            page.keyboard.press("Control+A")
            with page.expect_response("**/en/plan"):
                page.keyboard.type(str(visits)[0])
                page.keyboard.type(str(visits)[1])
            page.locator("#answer", has_text=f"for {visits} visits").wait_for()
            times.append(page.evaluate("window.shown"))
        browser.close()
    ordered = sorted(times[2:])
    sys.stdout.write(
        f"keystroke to the new price: median {statistics.median(ordered):.0f} ms, "
        f"95 of 100 within {ordered[len(ordered) * 95 // 100 - 1]:.0f} ms, of {len(ordered)}\n"
    )


def main(words: list[str]) -> None:
    """Measure what the words name."""
    parts = {each for each in words if not each.replace(".", "").isdigit()} or {"weight", "keystroke", "crowd"}
    seconds = next((float(each) for each in words if each.replace(".", "").isdigit()), CROWD_SECONDS)
    load = os.getloadavg()[0]
    sys.stdout.write(f"{os.cpu_count()} cores, load average before: {load:.1f}\n")
    with serving() as site:
        if "weight" in parts:
            weigh(site)
        if "keystroke" in parts:
            keystroke(site)
        if "crowd" in parts:
            asyncio.run(crowd(site, seconds))


if __name__ == "__main__":
    main(sys.argv[1:])
