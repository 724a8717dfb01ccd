"""For all tests: how many random examples a run tries, rule files on disk, databases, and the command line."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from typer.main import get_command
from typer.testing import CliRunner, Result

from camcover.cli import app
from databases import (
    drop_postgresql_database,
    new_postgresql_database,
    new_sqlite_database,
    server_folder,
    started_server,
    url_of,
)
from extent import EXTENT
from forked import ForkingContext
from memory_guards import Guards, guarded
from small_rules import TEXTS

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

EXAMPLES = {"few": 25, "brief": 60, "quick": 100, "full": 150, "nightly": 20_000}
"""How many examples of a property a run tries (oracle/drawn.py): `quick` in `make test`, `full` in `make test-all`,
`few` for the coverage of lines. Only `full` and `nightly` try other ones each time."""

for profile, number in EXAMPLES.items():
    settings.register_profile(
        profile,
        max_examples=number,
        deadline=None,
        suppress_health_check=SLOW,
        derandomize=profile not in {"full", "nightly"},
    )
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or {"all": "full", "nightly": "nightly"}.get(EXTENT, "quick")
)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it runs in the background so, and commands that tests start would take over to ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


LONGEST = {
    "test_agreement", "test_carrying_on", "test_completions", "test_kept", "test_replicas", "test_securing",
    "test_serve", "test_serve_http", "test_spark", "test_staff_guide",
}  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules of the longest tests, so that no process waits at the end for one of them."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.fixture(scope="module")
def guards() -> Iterator[Guards]:
    """Every array that the kernel writes in this module stands between guards, which are looked at after each run."""
    with guarded() as made:
        yield made


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A folder with the small rule set."""
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session", autouse=True)
def commands() -> Iterator[None]:
    """Let Typer make the commands once: it makes them for each run, which takes nine tenths of a short one."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("typer.testing._get_command", cache(get_command))
        yield


@pytest.fixture(scope="session", autouse=True)
def jobs_are_forked() -> Iterator[None]:
    """Let processes for jobs be forked by one that has imported the program; test_worker_process.py starts new ones."""
    with pytest.MonkeyPatch.context() as patched:
        for module in ("worker_process", "impact_jobs"):
            patched.setattr(f"camcover.api.{module}._CONTEXT", ForkingContext())
        yield


@pytest.fixture
def run() -> Callable[..., Result]:
    """Runs `camcover` with arguments; `stdin` is its standard input."""

    def invoke(*arguments: object, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(each) for each in arguments], input=stdin)

    return invoke


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL server as an SQLAlchemy URL of its database `postgres`: one of this run's own, unless one is named.

    CAMCOVER_TEST_POSTGRESQL: postgresql+psycopg://postgres@/postgres?host=/var/run/postgresql
    """
    if os.environ.get("CAMCOVER_TEST_POSTGRESQL"):
        yield os.environ["CAMCOVER_TEST_POSTGRESQL"]
        return
    with server_folder() as folder:
        server = started_server(folder)
        yield url_of(server)
        server.cleanup()


@pytest.fixture
def postgresql_url(postgresql: str) -> Iterator[str]:
    """The URL of a PostgreSQL database with this version's tables."""
    made = new_postgresql_database(postgresql, has_tables=True)
    yield made
    drop_postgresql_database(postgresql, made)


@pytest.fixture
def empty_postgresql_url(postgresql: str) -> Iterator[str]:
    """The URL of a PostgreSQL database without tables."""
    made = new_postgresql_database(postgresql)
    yield made
    drop_postgresql_database(postgresql, made)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'camcover.sqlite'}"
    return str(request.getfixturevalue("empty_postgresql_url"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with this version's tables, of either kind."""
    if request.param == "sqlite":
        return new_sqlite_database(tmp_path / "camcover.sqlite")
    return str(request.getfixturevalue("postgresql_url"))
