"""The house rules that no other tool keeps: generated pages, public faces, floats, lengths, what must not be written."""

from __future__ import annotations

import importlib
import re
import tokenize
from pathlib import Path

import pytest

import generate_api

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "service" / "camcover"
SOURCES = [path for path in PACKAGE.rglob("*.py") if "gen" not in path.relative_to(PACKAGE).parts]
FACES = ["rulebook", "rulebook.records", "engine", "store", "cli"]
LONGEST_FILE = 400


def test_page_of_the_contract_is_up_to_date() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert page == generate_api.document(), "run `make docs`"


@pytest.mark.parametrize("name", FACES)
def test_public_face(name: str) -> None:
    """`__all__` is sorted and every name in it is there."""
    module = importlib.import_module(f"camcover.{name}")
    assert module.__all__ == sorted(module.__all__)
    assert all(hasattr(module, each) for each in module.__all__)


def test_no_float_where_money_is() -> None:
    """Neither a float literal nor the word stands in the language, the engine, the calendar or the money."""
    exact = [path for path in SOURCES if path.relative_to(PACKAGE).parts[0] in {"rulebook", "engine"}]
    for path in [*exact, PACKAGE / "money.py", PACKAGE / "calendar.py"]:
        with path.open("rb") as file:
            tokens = list(tokenize.tokenize(file.readline))
        numbers = [each.string for each in tokens if each.type == tokenize.NUMBER]
        names = {each.string for each in tokens if each.type == tokenize.NAME}
        assert "float" not in names, path
        assert not [number for number in numbers if re.search(r"[.]|^[0-9_]+e", number)], path


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_source_files_hold_one_thing(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST_FILE
    assert not re.search(r"\b(TODO|FIXME|XXX)\b|NotImplementedError", "\n".join(lines))


def test_lock_file_holds_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    pinned = re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE)
    assert len(pinned) > 50
    assert lock.count("--hash=sha256:") >= len(pinned)
    node_lock = (ROOT / "tests" / "node" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in node_lock
    assert node_lock.count('"integrity"') >= 10
