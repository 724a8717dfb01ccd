"""What is installed for a user is what the package imports, and lock files pin it by hashes alone."""

from __future__ import annotations

import ast
import hashlib
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "service" / "camcover"
SOURCES = [*PACKAGE.rglob("*.py")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]

NEEDED_BY_PYSPARK = {"pandas"}
"""PySpark imports it where it meets Arrow, and does not install it itself."""


def plain_name(requirement: str) -> str:
    """A distribution's name as PyPI compares it: in lower case, one hyphen for each run of `-`, `_` and `.`."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement)[0]).lower()


def declared() -> set[str]:
    """The names of all that pyproject.toml asks for at run time, extras included."""
    listed = [PROJECT["dependencies"], *EXTRAS.values()]
    return {plain_name(each) for requirements in listed for each in requirements}


@cache
def owners() -> dict[str, str]:
    """The distribution of each Python module that is installed here, by the module's dotted name."""
    found = {}
    for each in distributions():
        for file in each.files or ():
            module = re.fullmatch(r"([^.]+?)(/__init__)?(\.[^/]+)?\.(py|so)", str(file))
            if module:
                found[module[1].replace("/", ".")] = plain_name(each.metadata["Name"])
    return found


def owner(module: str) -> str:
    """The distribution that a module, or the nearest package around it, comes from; its first word if none does."""
    parts = module.split(".")
    around = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((owners()[name] for name in around if name in owners()), plain_name(parts[0]))


def imported() -> Iterator[str]:
    """The dotted name of every module that the package imports, wherever in a file; `a.b` for `from a import b`."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def wanted() -> set[str]:
    """The distributions that the package imports."""
    foreign = {name for name in imported() if name.split(".")[0] not in {"camcover", *sys.stdlib_module_names}}
    return {owner(name) for name in foreign}


def test_every_dependency_is_imported() -> None:
    assert not declared() - wanted() - NEEDED_BY_PYSPARK


def test_every_import_is_a_declared_dependency() -> None:
    assert not wanted() - declared()


LOCKS = {
    "requirements.lock": 30,
    "requirements-dev.lock": 80,
    "requirements-engines.lock": 30,
    "requirements-audit.lock": 20,
    "benchmarks/peers/requirements.lock": 10,
    "deploy/requirements.lock": 8,
}
"""Each lock file with a number of packages that it has more of."""


def pins(name: str) -> dict[str, str]:
    """What a lock file pins: package and version, and the hashes below it."""
    entries = re.split(r"^(?=[a-z0-9])", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.split(r"[ ;\\]", entry)[0]: entry for entry in entries if "==" in entry}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files_hold_hashes_and_no_address(name: str) -> None:
    assert "://" not in (ROOT / name).read_text(encoding="utf-8")
    assert len(pins(name)) > LOCKS[name]
    assert all("--hash=sha256:" in entry for entry in pins(name).values())


def test_what_a_developer_has_holds_what_a_user_gets() -> None:
    """The same versions by the same hashes, and nothing of it left out."""
    hashes = {
        name: {pin: tuple(re.findall(r"sha256:\w{64}", entry)) for pin, entry in pins(name).items()}
        for name in ("requirements.lock", "requirements-dev.lock")
    }
    assert hashes["requirements.lock"].items() <= hashes["requirements-dev.lock"].items()


@pytest.mark.parametrize("extra", ["", "bulk", "http", "letters", "oidc", "telemetry"])
def test_the_lock_of_a_user_pins_every_dependency(extra: str) -> None:
    pinned = {plain_name(pin) for pin in pins("requirements.lock")}
    assert {plain_name(each) for each in (EXTRAS[extra] if extra else PROJECT["dependencies"])} <= pinned


def test_numba_stays_below_the_minor_version_after_the_locked_one() -> None:
    (bound,) = [each for each in PROJECT["dependencies"] if plain_name(each) == "numba"]
    (pin,) = [each for each in pins("requirements.lock") if plain_name(each) == "numba"]
    major, minor = (int(each) for each in pin.split("==")[1].split(".")[:2])
    assert bound.endswith(f",<{major}.{minor + 1}")


def test_the_vendored_proto_file_is_the_one_that_was_read() -> None:
    """docs/decisions.md, 2026-11-25, says where it is from and how it is renewed."""
    content = (ROOT / "protos" / "buf" / "validate" / "validate.proto").read_bytes()
    assert hashlib.sha256(content).hexdigest() == "4fcfcc3ba7938a28ed45dcaf4c1c03b38821c31a0ce2e82c0bb9ef3dd14398c4"


def test_node_lock_file_holds_hashes_and_no_address() -> None:
    node_lock = (ROOT / "tests" / "node" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in node_lock
    assert node_lock.count('"integrity"') >= 10
