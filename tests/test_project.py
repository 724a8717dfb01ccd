"""The house rules that no other tool keeps: generated pages, public faces, floats, lengths, lock files."""

from __future__ import annotations

import importlib
import re
import tokenize
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

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
def test_public_face(name: str) -> None:
    """Every name in `__all__` is there, once."""
    module = importlib.import_module(f"camcover.{name}")
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, each) for each in module.__all__)


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


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_source_files_hold_one_thing(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST_FILE
    assert not re.search(r"\b(TODO|FIXME|XXX)\b|NotImplementedError", "\n".join(lines))


@pytest.mark.parametrize(
    ("name", "least"),
    [("requirements.lock", 50), ("requirements-engines.lock", 30), ("benchmarks/peers/requirements.lock", 10)],
)
def test_lock_files_hold_hashes_and_no_address(name: str, least: int) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in lock
    pinned = re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE)
    assert len(pinned) > least
    assert lock.count("--hash=sha256:") >= len(pinned)


def test_every_dependency_is_imported() -> None:
    """Nothing is installed for a user that the package does not use."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    modules: dict[str, set[str]] = {}
    for module, distributions in packages_distributions().items():
        for name in distributions:
            modules.setdefault(plain_name(name), set()).add(module)
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    imported = set(re.findall(r"^\s*(?:from|import) ([a-z_0-9]+)", text, re.MULTILINE))
    names = [plain_name(re.split(r"[^A-Za-z0-9._-]", each)[0]) for each in project["dependencies"]]
    assert not [name for name in names if not modules[name] & imported]


def plain_name(distribution: str) -> str:
    """A distribution's name as PyPI compares it: in lower case, one hyphen for each run of `-`, `_` and `.`."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_node_lock_file_holds_hashes_and_no_address() -> None:
    node_lock = (ROOT / "tests" / "node" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in node_lock
    assert node_lock.count('"integrity"') >= 10
