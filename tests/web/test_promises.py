"""docs/pages.md: what the pages promise, and the tests that show it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from camcover.engine import Tables
from camcover.showing.charts import COLOURS, PATTERNS
from camcover.web import static_files
from camcover.web.forms import MOST_ITEMS
from camcover.web.rendering import template
from named_tests import ROOT, names_tests_that_exist, rows_of
from web.conftest import client_of
from web.shipped_care import CARE

PROMISES = [cells for cells in rows_of((ROOT / "docs" / "pages.md").read_text(encoding="utf-8")) if cells[0].isdigit()]
STATIC = Path(static_files.__file__).parent / "static"


@pytest.mark.parametrize("cells", PROMISES, ids=lambda cells: cells[0])
def test_each_promise_names_tests_that_exist(cells: list[str]) -> None:
    _, promise, shown_by, limits = cells
    assert promise.endswith(".")
    assert limits == "" or limits.endswith(".")
    assert names_tests_that_exist(shown_by)


def test_the_promises_are_numbered() -> None:
    assert [int(cells[0]) for cells in PROMISES] == list(range(1, 27))


def packed(content: bytes) -> int:
    """The bytes that a browser gets which takes gzip."""
    return len(gzip.compress(content))


@pytest.mark.parametrize("left_out", ["12", ""], ids=["one kind of care", "three kinds"])
@pytest.mark.parametrize("tag", ["en", "es"])
async def test_a_page_weighs_less_than_sixty_kilobytes(shipped: Tables, tag: str, left_out: str) -> None:
    """The plan as a first page, with its sheet, its scripts and its font, which is packed already; the editor 150."""
    async with client_of(shipped) as client:
        form = {name: text for name, text in CARE.items() if name[-1] not in left_out}
        first = await client.post(f"/{tag}/plan", data=form)
        assert isinstance(first, httpx.Response)
    names = {"camcover.css", "htmx.min.js", "pages.js", "icon.svg"}
    assert set(re.findall(r'/static/\w+/([\w.-]+)"', first.text)) == names
    rest = sum(packed((STATIC / name).read_bytes()) for name in names)
    assert packed(first.content) + rest + (STATIC / "public-sans.woff2").stat().st_size < 60_000
    assert packed((STATIC / "rule-editor.min.js").read_bytes()) < 150_000


def luminance(colour: str) -> float:
    """How bright a colour is, from 0 to 1 (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_figures_in_the_chart_can_be_read_without_colour() -> None:
    """White on each colour of a kind of care has a contrast of 4.5 in grey, too; on patterns they stand on white."""
    sheet = (STATIC / "camcover.css").read_text(encoding="utf-8")
    colours = re.findall(r"--c\d:(#[0-9a-f]{6})", sheet)
    assert len(colours) == 6
    for each in colours:
        assert 1.05 / (luminance(each) + 0.05) >= 4.5, each


def test_kinds_of_care_are_told_apart_by_patterns() -> None:
    """As many patterns as a form has kinds of care: all differ, covered or not, and none stands for two of them."""
    module: Any = template("_patterns.html").make_module({"colours": COLOURS, "kinds": PATTERNS})
    drawn = re.findall(r'<pattern id="(kind|open)-(\d)"[^>]*>(.*?)</pattern>', str(module.defs(MOST_ITEMS)))
    assert [(each[0], int(each[1])) for each in drawn] == [
        (kind, number) for number in range(MOST_ITEMS) for kind in ("kind", "open")
    ]
    shapes = {re.sub(r"\b[fs]\d", "", each[2]) for each in drawn}
    assert len(shapes) == 2 * MOST_ITEMS
