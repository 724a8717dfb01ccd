"""`make screenshots`: pictures of the pages over the shipped rules, at the widths of desk and phone, and of papers.

`--staff`: only those of the pages for staff.

Those of pages are made with Debian's chromium, those of papers by Typst, and written to docs/screenshots/.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import typst
from playwright.sync_api import sync_playwright

from camcover.api.requests import estimate_request
from camcover.cli.compiling import compiled_rules
from camcover.cli.estimating import read_request
from camcover.languages import language
from camcover.showing.printing import FOLDER as TEMPLATES
from camcover.showing.printing import Paper, data_of, inputs
from camcover.showing.told import told_of
from screenshots_staff import take_staff

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "screenshots"
SIZES = {"desk": (1280, 900), "phone": (390, 844)}

CARE = {"#age": "44", "#sum-deductible": "1100", "#sum-oop_max": "1420", "#charge-0": "120", "#first-0": "2026-03-02"}
CHOICES = {"#state": "WA", "#practitioner-0": "acupuncturist", "#tier-0": "in_network"}


def main() -> int:
    """Take all pictures, or those for staff alone; gives the exit status."""
    FOLDER.mkdir(exist_ok=True)
    if "--staff" not in sys.argv[1:]:
        patients()
        papers()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        take_staff(browser, keep)
        browser.close()
    return 0


def patients() -> None:
    """Serve the shipped rules, take the pictures of the pages for patients, end the service."""
    command = [sys.executable, "-m", "camcover", "serve", "--rules", "rules", "--database-url", "off"]
    command += ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--help-phone", "1-800-555-0142"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as service:
        try:
            lines = [service.stdout.readline() if service.stdout else "" for _ in range(2)]
            take(f"http://{lines[1].removeprefix('http on ').strip()}")
        finally:
            service.terminate()


def papers() -> None:
    """Make a picture of each paper's first pages, for the request of the examples."""
    request = estimate_request(read_request(ROOT / "docs" / "examples" / "request.json"))
    told = told_of(compiled_rules([ROOT / "rules"]), request, language("en"))
    for kind in Paper:
        given = {"root": TEMPLATES, "ignore_system_fonts": True, "sys_inputs": inputs(data_of(kind, told))}
        pages = typst.compile(TEMPLATES / f"{kind}.typ", format="png", ppi=100, **given)
        for number, picture in enumerate(pages[:2] if isinstance(pages, list) else [pages], 1):
            (FOLDER / f"{kind}-{number}.png").write_bytes(picture)
            sys.stdout.write(f"{kind}-{number}.png\n")


def take(site: str) -> None:
    """Take a picture of each page at each size."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (width, height) in SIZES.items():
            page = browser.new_context(viewport={"width": width, "height": height}).new_page()
            page.goto(f"{site}/en/")
            keep(page, f"start-{name}")
            page.select_option("#plan", "cascade-silver")
            page.select_option("[name=therapy-0]", "acupuncture")
            page.select_option("[name=condition-0]", "chronic-low-back-pain")
            page.locator("form .button").click()
            for field, value in CARE.items():
                page.fill(field, value)
            for field, value in CHOICES.items():
                page.select_option(field, value)
            with page.expect_response("**/en/plan"):
                page.select_option("#before", "no")
            page.locator("#before option[value=no][selected]").wait_for(state="attached")
            page.fill("#visits-0", "16")
            page.locator("#total", has_text="$840.00").wait_for()
            keep(page, f"care-plan-{name}")
            page.get_by_role("button", name="Choose what may change").click()
            page.locator("#may-later").select_option("90")
            page.fill("#self-pay-0", "90")
            page.locator("#care > .button").last.click()
            page.locator(".less").wait_for()
            keep(page, f"cheaper-{name}")
            page.get_by_role("button", name="Change the care").click()
            page.locator("#total", has_text="$840.00").wait_for()
            page.get_by_role("button", name="Español").click()
            page.locator("#total", has_text="Usted").wait_for()
            keep(page, f"care-plan-es-{name}")
            page.goto(f"{site}/en/coverage")
            page.select_option("#plan", "ump-classic")
            page.select_option("[name=therapy-0]", "acupuncture")
            page.locator("form .button").last.click()
            page.locator("#verdict").wait_for()
            keep(page, f"coverage-{name}")
            page.goto(f"{site}/en/compare")
            for plan in ("cascade-silver", "ump-classic", "bronze-hsa"):
                page.check(f"#plan-{plan}")
            page.select_option("[name=therapy-0]", "acupuncture")
            page.locator("form > .button").last.click()
            page.locator(".plans").wait_for()
            keep(page, f"compare-{name}")
        browser.close()


def keep(page: Any, name: str, at: str = "body") -> None:
    """Write what the window shows from an element on."""
    page.mouse.move(0, 0)
    page.evaluate("at => {document.activeElement.blur(); document.querySelector(at).scrollIntoView()}", at)
    page.screenshot(path=FOLDER / f"{name}.png", caret="initial", scale="css")
    sys.stdout.write(f"{name}.png\n")


if __name__ == "__main__":
    sys.exit(main())
