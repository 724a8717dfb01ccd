"""The options of `camcover serve` that concern pages."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from camcover.cli import serving
from camcover.cli.running import HttpOptions, ServerOptions

HTTP = ("--http", "127.0.0.1:0", "--database-url", "off")
KEPT = ("--http", "127.0.0.1:0", "--database-url", "sqlite://")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[HttpOptions | None]:
    """What would be served over HTTP, each time that a service would start."""
    found: list[HttpOptions | None] = []

    def note(options: ServerOptions, _announce: Any) -> int:
        found.append(options.http)
        return 0

    monkeypatch.setattr(serving, "run_server", note)
    monkeypatch.setattr(serving, "configure_logs", io.StringIO)  # it would take over this process's own output
    return found


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), True),
        (("--no-pages",), False),
        (("--tokens", "tokens.toml"), False),
        (("--tokens", "tokens.toml", "--pages"), True),
    ],
)
def test_pages_are_open_where_no_tokens_are_asked_for(
    run: Callable[..., Result], served: list[HttpOptions | None], rules: Path, options: Any, *, expected: bool
) -> None:
    (rules / "tokens.toml").touch()
    options = [rules / each if each == "tokens.toml" else each for each in options]
    result = run("serve", "--rules", rules, *HTTP, *options)
    assert result.exit_code == 0, result.output
    assert [each.pages for each in served if each] == [expected]


@pytest.mark.parametrize(("options", "days"), [((), 0), (("--page-saves", "7"), 7)])
def test_pages_keep_nothing_unless_it_is_said_for_how_long(
    run: Callable[..., Result], served: list[HttpOptions | None], rules: Path, options: Any, days: int
) -> None:
    result = run("serve", "--rules", rules, *KEPT, *options)
    assert result.exit_code == 0, result.output
    assert [each.page_saves for each in served if each] == [days]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--pages",), "--pages needs --http"),
        (("--help-phone", "1-800"), "--help-phone needs --http"),
        ((*HTTP, "--page-saves", "7"), "--page-saves needs --http with pages, a --database-url, and --keep full"),
        ((*KEPT, "--page-saves", "7", "--keep", "hashes"), "--page-saves needs --http with pages"),
        ((*KEPT, "--page-saves", "7", "--no-pages"), "--page-saves needs --http with pages"),
        (("--page-saves", "7"), "--page-saves needs --http with pages"),
        ((*KEPT, "--page-saves", "31"), "less than or equal to 30"),
        (("--impact-book", __file__), "--impact-book needs --http with pages for staff"),
        ((*HTTP, "--impact-book", __file__, "--no-staff-pages"), "--impact-book needs --http with pages for staff"),
        ((*HTTP, "--impact-book", "nowhere.parquet"), "does not exist"),
        ((*HTTP, "--help-phone", "<b>call</b>"), "expected digits, spaces and + - ( )"),
    ],
)
def test_options_that_do_not_go_together(run: Callable[..., Result], rules: Path, options: Any, said: str) -> None:
    result = run("serve", "--rules", rules, *options)
    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())
