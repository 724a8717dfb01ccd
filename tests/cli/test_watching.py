"""`--watch` follows rule files however they are replaced: real folders, links and renames, waited for by events."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from camcover.cli import watching
from camcover.cli.watching import Watcher
from processes import address_of, end, forked_service
from small_rules import TEXTS, question

WATCHDOG_SECONDS = 120
"""Far more than anything here takes: a watcher that sees nothing fails the test, and does not hang it."""


def written(folder: Path, copay: str = "$20") -> Path:
    """A folder with the small rules."""
    folder.mkdir(parents=True)
    for name, text in TEXTS.items():
        (folder / name).write_text(text.replace("copay: $20", f"copay: {copay}"), encoding="utf-8")
    return folder


def swapped(link: Path, target: str) -> None:
    """Set a link to another target in one step, as `ln -s target tmp && mv -T tmp link`."""
    part = link.with_name("tmp-link")
    part.symlink_to(target)
    part.replace(link)


class Told:
    """What is told, one after the other: a watcher calls it, a log writes to it."""

    def __init__(self) -> None:
        """Nothing is told yet."""
        self.events: list[tuple[str, str]] = []
        self._event = asyncio.Event()

    def __call__(self, event: str = "told", path: str = "", **_: object) -> None:
        """Something is told."""
        self.events.append((event, path))
        self._event.set()

    info = warning = error = __call__

    async def wait(self) -> None:
        """Until something more was told."""
        async with asyncio.timeout(WATCHDOG_SECONDS):
            await self._event.wait()
        self._event.clear()


@asynccontextmanager
async def watched(*paths: Path) -> AsyncIterator[Told]:
    """A watcher of `paths`."""
    told = Told()
    watcher = Watcher(paths, told)
    await watcher.start()
    try:
        yield told
    finally:
        await watcher.stop()


def by_git_sync(folder: Path) -> tuple[Path, Callable[[], object], Path]:
    """A link to a revision, set to the next one."""
    written(folder / "rev1")
    new = written(folder / "rev2", "$25")
    (folder / "current").symlink_to("rev1")
    return folder / "current", lambda: swapped(folder / "current", "rev2"), new / "copay.yaml"


def by_link_above(folder: Path) -> tuple[Path, Callable[[], object], Path]:
    """The rules lie in a folder below the link."""
    written(folder / "rev1" / "rules")
    new = written(folder / "rev2" / "rules", "$25")
    (folder / "current").symlink_to("rev1")
    return folder / "current" / "rules", lambda: swapped(folder / "current", "rev2"), new / "copay.yaml"


def by_config_map(folder: Path) -> tuple[Path, Callable[[], object], Path]:
    """Kubernetes writes a new hidden folder and sets `..data` to it; the links beside it stay."""
    mount = folder / "mount"
    written(mount / "..one")
    new = written(mount / "..two", "$25")
    (mount / "..data").symlink_to("..one")
    for name in TEXTS:
        (mount / name).symlink_to(f"..data/{name}")
    return mount, lambda: swapped(mount / "..data", "..two"), new / "copay.yaml"


def by_rename(folder: Path) -> tuple[Path, Callable[[], object], Path]:
    """A folder is renamed away and made anew."""
    rules = written(folder / "rules")

    def change() -> None:
        rules.rename(folder / "old")
        shutil.copytree(folder / "old", rules)

    return rules, change, rules / "copay.yaml"


def by_file(folder: Path) -> tuple[Path, Callable[[], object], Path]:
    """An editor saves a new file in place of the old one; the file itself is named."""
    rules = written(folder / "rules")
    file = rules / "copay.yaml"

    def change() -> None:
        part = rules / ".copay.yaml.swp"
        part.write_text(file.read_text(encoding="utf-8") + "# saved\n", encoding="utf-8")
        part.replace(file)

    return file, change, file


WAYS = [by_git_sync, by_link_above, by_config_map, by_rename, by_file]


@pytest.mark.parametrize("way", WAYS)
async def test_other_files_are_told_and_so_is_a_later_save_in_them(way: Any, tmp_path: Path) -> None:
    path, change, file = way(tmp_path)
    async with watched(path) as told:
        change()
        await told.wait()
        file.write_text(TEXTS["copay.yaml"] + "# and again\n", encoding="utf-8")
        await told.wait()


async def test_a_link_that_changes_while_the_watch_begins(tmp_path: Path) -> None:
    """Between `start` and the first look of the operating system nothing is lost."""
    path, change, _ = by_git_sync(tmp_path)
    told = Told()
    watcher = Watcher([path], told)
    await watcher.start()
    change()
    await told.wait()
    await watcher.stop()


async def test_a_link_that_leads_elsewhere_is_seen_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operating system reports nothing of it: paths are looked at each time that it has nothing to report."""
    path, change, _ = by_git_sync(tmp_path)
    looks: list[Path] = []

    async def silent(folder: str, **_: object) -> AsyncIterator[set[object]]:
        yield set()
        change()
        while True:
            looks.append(Path(folder))
            yield set()
            await asyncio.sleep(0)

    monkeypatch.setattr(watching, "awatch", silent)
    async with watched(path) as told:
        await told.wait()
    assert looks.count(tmp_path / "rev1") == 1


async def test_a_path_that_is_gone_is_logged_once_and_picked_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is gone nothing is told: what is in force stays, whatever is saved elsewhere."""
    rules, other = written(tmp_path / "rules"), written(tmp_path / "other")
    log = Told()
    monkeypatch.setattr(watching, "_LOG", log)
    async with watched(rules, other) as told:
        rules.rename(tmp_path / "old")
        await log.wait()
        (other / "copay.yaml").write_text("# saved meanwhile\n", encoding="utf-8")
        assert told.events == []
        shutil.copytree(tmp_path / "old", rules)
        await log.wait()
        await told.wait()
        (rules / "copay.yaml").write_text("# saved\n", encoding="utf-8")
        await told.wait()
    assert log.events == [("watched path is gone", str(rules)), ("watched path is back", str(rules))]


async def test_where_the_system_watches_nothing_files_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its watches may be used up; that is logged once."""
    log, rules = Told(), written(tmp_path / "rules")
    monkeypatch.setattr(watching, "_LOG", log)

    def refuse(*_: object, **__: object) -> object:
        raise OSError("OS file watch limit reached.")

    monkeypatch.setattr(watching, "awatch", refuse)
    async with watched(rules) as told:
        for text in ("# saved\n", "# and again\n"):
            (rules / "copay.yaml").write_text(text, encoding="utf-8")
            await told.wait()
    assert [event for event, _ in log.events] == ["rule files are polled, not watched"]


def test_what_is_no_rule_file_makes_no_difference(tmp_path: Path) -> None:
    rules = written(tmp_path / "rules")
    watcher = Watcher([rules], Told())
    before = watcher._files()
    (rules / "notes.txt").write_text("no rules", encoding="utf-8")
    (rules / ".copay.yaml.swp").write_text("no rules", encoding="utf-8")
    assert watcher._files() == before
    (rules / "copay.yaml").write_text("# saved\n", encoding="utf-8")
    assert watcher._files() != before


async def test_a_link_that_leads_out_is_told_so_that_the_log_says_it(tmp_path: Path) -> None:
    rules = written(tmp_path / "rules")
    async with watched(rules) as told:
        (rules / "out.yaml").symlink_to(tmp_path)
        await told.wait()


@pytest.mark.processes
def test_a_service_prices_by_the_folder_that_the_link_leads_to(tmp_path: Path, run: Any) -> None:
    """Three copays of $20, then of $25."""
    path, change, _ = by_git_sync(tmp_path)
    options = ("--rules", path, "--listen", "127.0.0.1:0", "--database-url", "off", "--watch")
    with forked_service(*options) as process:
        address = address_of(process)
        asked = json.dumps(question(plan_id="copay-plan", members=[{"id": "ana", "age": 40, "state": "WA"}]))
        copays = []
        for step in (None, change):
            if step is not None:
                step()
                assert process.stderr is not None
                next(line for line in process.stderr if '"rules reloaded"' in line)
            answer = json.loads(run("estimate", "-", "--server", address, stdin=asked).stdout)
            copays.append([line["copay_cents"] for line in answer["lines"]])
        end(process)
    assert copays == [[2000] * 3, [2500] * 3]
    assert path.readlink() == Path("rev2")
