"""Releases of the small rules in a database of either kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from camcover.rulebook import load_texts
from camcover.store import Database, ReleaseStore, open_database
from camcover.workflow.publishing import Prepared, prepare, publish
from camcover.workflow.release_rules import ReleaseRules
from small_rules import COPAY_PLAN, TEXTS


@dataclass
class Releases:
    """A database with three releases by ana, whose copay is 20, 30 and 40 dollars; nothing is active."""

    database: Database
    store: ReleaseStore
    rules: ReleaseRules
    ids: tuple[str, str, str]


def texts(copay: int) -> dict[str, str]:
    """The small rules with another copay."""
    return TEXTS | {"copay.yaml": COPAY_PLAN.replace("copay: $20", f"copay: ${copay}")}


@cache
def prepared(copay: int) -> Prepared:
    """What a release of the small rules with that copay is made of."""
    return prepare(load_texts(texts(copay)))


@pytest.fixture
def releases(url: str, tmp_path: Path) -> Iterator[Releases]:
    database = open_database(url)
    store = ReleaseStore(database)
    ids = [publish(store, prepared(copay), "ana", f"copay {copay}").release.id for copay in (20, 30, 40)]
    folder = tmp_path / "compiled"
    folder.mkdir()
    yield Releases(database, store, ReleaseRules(store, folder), (ids[0], ids[1], ids[2]))
    database.close()
