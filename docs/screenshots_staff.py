"""Pictures of the pages for staff: the shipped rules as a release, and a draft on it that waits for a second person.

`make screenshots` takes them after the others. The database and the tokens of two people live in a temporary folder.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from camcover.rulebook import load
from camcover.store import ReleaseStore, open_database
from camcover.workflow.activation import Decision, activate
from camcover.workflow.drafting import create_draft, drafts_of, propose, snapshot
from camcover.workflow.publishing import prepare, publish
from camcover.workflow.release_rules import ReleaseRules

__all__ = ["take_staff"]

ROOT = Path(__file__).resolve().parents[1]
PEOPLE = {"ana": '["rules.write"]', "ben": '["rules.write", "estimate"]'}
FILE = "payers/cascade-silver/plan-2026.yaml"
CHANGES = {
    "osteopathic-manipulation": ("copay: $60 per visit", "copay: $50 per visit"),
    "naturopathy": ("copay: $60 per visit", "copay: $75 per visit"),
}
"""What the draft changes in two benefits; no test of the plan is about them."""

SIZES = {"desk": (1280, 900), "phone": (320, 760)}

PATIENCE = 120_000
"""Milliseconds for a page: the first one that works on rule files starts a process."""

KeepPage = Callable[..., None]
"""Keeps what the window shows, by the name of the page; `at`: from which element on."""


def take_staff(browser: Any, keep: Callable[..., None]) -> None:
    """Serve the database, and take a picture of each page at each size."""
    with tempfile.TemporaryDirectory() as folder:
        tokens, database = Path(folder) / "tokens.toml", f"sqlite:///{Path(folder) / 'staff.sqlite'}"
        entries = ((name, hashlib.sha256(name.encode()).hexdigest(), roles) for name, roles in PEOPLE.items())
        told = [
            f'[[token]]\nsubject = "{name}"\nsha256 = "{digest}"\nroles = {roles}\n' for name, digest, roles in entries
        ]
        tokens.write_text("".join(told), encoding="utf-8")
        draft = made(database, Path(folder))
        command = [sys.executable, "-m", "camcover", "serve", "--database-url", database, "--tokens", str(tokens)]
        command += ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as service:
            try:
                lines = [service.stdout.readline() if service.stdout else "" for _ in range(2)]
                site = f"http://{lines[1].removeprefix('http on ').strip()}/staff"
                for name, (width, height) in SIZES.items():
                    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
                    page.set_default_timeout(PATIENCE)
                    walk(page, site, draft, _named(keep, page, name))
            finally:
                service.terminate()


def _named(keep: Callable[..., None], page: Any, size: str) -> KeepPage:
    """Keeps what a page shows under a name with its size."""
    return lambda what, **how: keep(page, f"staff-{what}-{size}", **how)


def made(url: str, folder: Path) -> str:
    """Publish the shipped rules, put them live, and propose a draft on them; gives the draft's id."""
    database = open_database(url)
    try:
        store = ReleaseStore(database)
        releases = ReleaseRules(store, folder)
        ready = prepare(load(ROOT / "rules"))
        release = publish(store, ready, "ana", "Plans of 2026").release.id
        activate(releases, release, Decision("ben", "Reviewed with the plan owners"))
        text = (ROOT / "rules" / FILE).read_text(encoding="utf-8")
        for benefit, change in CHANGES.items():
            head, name, behind = text.partition(f"\n  {benefit}:")
            text = f"{head}{name}{behind.replace(*change, 1)}"
        drafts = drafts_of(releases)
        title = "$50 at the osteopath, $75 at the naturopath"
        draft = create_draft(drafts, "ana", title, {FILE: text.encode()}).draft.id
        propose(drafts, snapshot(drafts, draft), "ana", "As agreed with the plan owner on Tuesday.")
        return draft
    finally:
        database.close()


def walk(page: Any, site: str, draft: str, keep: KeepPage) -> None:
    """Sign in as the reviewer, and go from page to page."""
    page.goto(site)
    page.fill("#token", "ben")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Today").wait_for()
    keep("today")
    page.goto(f"{site}/plans")
    keep("plans")
    page.goto(f"{site}/plans/cascade-silver")
    keep("plan")
    page.goto(f"{site}/plans/cascade-silver/therapies/acupuncture")
    keep("decisions")
    page.goto(f"{site}/plans/medi-cal/therapies/chiropractic")
    keep("decisions-beside", at="form + section")
    table = f"{site}/plans/cascade-silver/therapies/naturopathy?release={draft}&before="
    page.goto(f"{table}{page.locator('.strip a').inner_text()}")
    keep("decisions-draft", at="form + section")
    page.goto(f"{site}/{draft}/tables")
    keep("draft-tables")
    page.goto(f"{site}/tests")
    keep("tests")
    page.goto(f"{site}/tests/cascade-silver")
    keep("tests-plan")
    page.goto(f"{site}/releases")
    keep("releases")
    page.goto(page.locator("tbody a[href*='/releases/rules-']").first.evaluate("each => each.href"))
    keep("release")
    page.goto(f"{site}/books")
    keep("books")
    page.goto(f"{site}/{draft}?book=invented-20000")
    if page.locator("#impact .figures").count() == 0:
        page.get_by_role("button", name="Work it out").click()
        page.locator("#impact .figures").wait_for(timeout=300_000)
    keep("review", at="#impact")
    page.goto(f"{site}/{draft}/edit?file={FILE}&line=40")
    page.locator("#cursor-card").get_by_text("benefit acupuncture").wait_for()
    page.locator(".cm-line", has_text="acupuncture:").wait_for()
    keep("editor")
