"""The house rules that no other tool keeps: generated pages, public faces, floats, lengths."""

from __future__ import annotations

import ast
import importlib
import re
import tokenize
from pathlib import Path
from types import ModuleType

import pytest

import camcover
import generate_api

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "service" / "camcover"
SOURCES = [path for path in PACKAGE.rglob("*.py") if "gen" not in path.relative_to(PACKAGE).parts]
FACES = ["rulebook", "rulebook.records", "engine", "store", "bulk", "cli"]
LONGEST_FILE = 400


def test_page_of_the_contract_is_up_to_date() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert page == generate_api.document(), "run `make docs`"


@pytest.mark.parametrize("name", FACES)
def test_every_exported_name_exists_once(name: str) -> None:
    """Every name in `__all__` is there, once."""
    module = importlib.import_module(f"camcover.{name}")
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, each) for each in module.__all__)


def test_a_user_finds_every_name_of_the_package_and_no_other() -> None:
    """What `camcover` gives a Python program is exactly `__all__`: each name asked for, then compared with `vars`."""
    asked = {name: getattr(camcover, name) for name in camcover.__all__}
    given = {
        name: each
        for name, each in vars(camcover).items()
        if not name.startswith("_") and not isinstance(each, ModuleType) and name not in {"TYPE_CHECKING", "on_demand"}
    }
    assert given == asked
    assert sorted(camcover.__all__) == camcover.__all__


def test_no_float_where_money_is() -> None:
    """Neither a float literal nor the word stands in the engine, the calendar, the money or the reader of amounts."""
    engine = [path for path in SOURCES if path.relative_to(PACKAGE).parts[0] == "engine"]
    for path in [*engine, *(PACKAGE / name for name in ("money.py", "calendar.py", "rulebook/scalars.py"))]:
        with path.open("rb") as file:
            tokens = list(tokenize.tokenize(file.readline))
        numbers = [each.string for each in tokens if each.type == tokenize.NUMBER]
        names = {each.string for each in tokens if each.type == tokenize.NAME}
        assert "float" not in names, path
        assert not [number for number in numbers if re.search(r"[.]|^[0-9_]+e", number)], path


def test_no_class_name_is_used_twice() -> None:
    """A name that is read in an error, a trace or a review leads to one class."""
    places: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_source_files_hold_one_thing(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST_FILE
    assert not re.search(r"\b(TODO|FIXME|XXX)\b|NotImplementedError", "\n".join(lines))


def test_points_of_the_language_have_one_number_each_and_every_cited_one_exists() -> None:
    numbers = re.findall(r"^(\d+)\. \*\*", (ROOT / "docs/rule-language.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(numbers) == len(set(numbers)) > 40
    cited = {
        number
        for folder in ("service/camcover", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        for number in re.findall(r"\(?points? (\d+)", path.read_text(encoding="utf-8"))
    }
    assert cited <= set(numbers)
