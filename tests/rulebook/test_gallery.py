"""The gallery in tests/diagnostics: every code has a file that draws it alone, and the text that is printed for it."""

from __future__ import annotations

from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from camcover.rulebook import CODES, as_text, load_texts

TESTS = Path(__file__).resolve().parents[1]
GALLERY = TESTS / "diagnostics"
GENERATOR = TESTS.parent / "docs" / "generate_diagnostics.py"
TODAY = date(2026, 6, 1)
ENTRIES = sorted(file.stem for file in GALLERY.glob("*.yaml") if not file.name.startswith("_"))
"""`<code>`, or `<code>.<which>` for another way to draw the same."""
WITHOUT_ENTRY = {"not-utf8", "no-rules", "unreadable-file", "more-findings"}
"""Drawn by bytes that are no text, by folders and links, and by very many faults: test_reading.py, test_disk.py and
test_bounds.py show them."""


def code_of(entry: str) -> str:
    """The code that an entry draws."""
    return entry.partition(".")[0]


def files_of(entry: str) -> list[Path]:
    """The files that an entry is loaded from: the catalog, the entry, and its second file if it has one."""
    catalog = [] if entry == "no-catalog" else [GALLERY / "_catalog.yaml"]
    second = GALLERY / f"_{entry}.yaml"
    return [*catalog, GALLERY / f"{entry}.yaml", *([second] if second.exists() else [])]


@pytest.mark.parametrize("entry", ENTRIES)
def test_entry_draws_its_diagnostic_alone_and_prints_its_text(entry: str) -> None:
    loaded = load_texts({file.name: file.read_text(encoding="utf-8") for file in files_of(entry)}, TODAY)
    code = code_of(entry)
    assert [(each.code, each.severity) for each in loaded.diagnostics] == [(code, CODES[code].severity)]
    assert as_text(loaded.diagnostics, loaded.texts) == (GALLERY / f"{entry}.txt").read_text(encoding="utf-8")


def test_every_code_has_an_entry_and_every_entry_a_code() -> None:
    assert {*map(code_of, ENTRIES)} == set(CODES) - WITHOUT_ENTRY
    assert {*map(code_of, ENTRIES)} <= set(ENTRIES)


def test_no_file_of_the_gallery_is_left_over() -> None:
    second = {f"_{entry}.yaml" for entry in ENTRIES} | {"_catalog.yaml", "README.md"}
    expected = {f"{entry}{suffix}" for entry in ENTRIES for suffix in (".yaml", ".txt")} | second
    assert {file.name for file in GALLERY.iterdir()} <= expected


def test_catalog_of_the_gallery_is_in_order() -> None:
    catalog = GALLERY / "_catalog.yaml"
    assert load_texts({catalog.name: catalog.read_text(encoding="utf-8")}, TODAY).diagnostics == ()


def generator() -> ModuleType:
    """The script that writes docs/diagnostics.md."""
    spec = spec_from_file_location("generate_diagnostics", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_page_of_diagnostics_is_up_to_date() -> None:
    page = (GENERATOR.parent / "diagnostics.md").read_text(encoding="utf-8")
    assert page == generator().document(), "run `python docs/generate_diagnostics.py`"


def test_page_of_diagnostics_leaves_out_the_same_examples() -> None:
    assert set(generator().WITHOUT_EXAMPLE) == WITHOUT_ENTRY
