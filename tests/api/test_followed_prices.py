"""A file of prices that is replaced: the new prices are taken, what is none changes nothing, and the log says so."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from camcover.api.followed_prices import FollowedPrices
from camcover.store.errors import UnusablePrices
from cli.test_prices import ASKED, imported
from price_files import entry, in_network, rate


def priced_at(folder: Path, dollars: float) -> Path:
    """A file of prices of 97810 in a folder, which replaces the one that is there."""
    imported(folder, in_network(entry("97810", rate({"negotiated_rate": dollars})))).close()
    return folder / "prices.sqlite"


def cents(prices: FollowedPrices) -> int:
    """The price now."""
    found = prices.current().price(ASKED)
    assert found is not None
    return found.cents


def test_a_file_that_is_replaced_is_opened_again(tmp_path: Path) -> None:
    prices = FollowedPrices(priced_at(tmp_path, 48.5))
    before = prices.current()
    assert prices.current() is before
    with capture_logs() as logged:
        path = priced_at(tmp_path, 60)
        assert (cents(prices), cents(prices)) == (6000, 6000)
    assert logged == [{"event": "prices read again", "log_level": "info", "prices": str(path)}]
    kept = before.price(ASKED)
    assert kept is not None
    assert kept.cents == 4850


def test_a_file_that_is_none_or_is_gone_changes_nothing_and_is_told_once(tmp_path: Path) -> None:
    path = priced_at(tmp_path, 48.5)
    prices = FollowedPrices(path)
    with capture_logs() as logged:
        new = tmp_path / "new"
        new.write_text("a letter")
        new.replace(path)
        assert (cents(prices), cents(prices)) == (4850, 4850)
        path.unlink()
        assert (cents(prices), cents(prices)) == (4850, 4850)
        priced_at(tmp_path, 60)
        assert cents(prices) == 6000
    assert [each["event"] for each in logged] == ["prices not read again"] * 2 + ["prices read again"]
    assert logged[0]["reason"] == (
        f"{path}: found no prices (file is not a database); expected a file of `camcover prices import`"
    )
    assert logged[1]["reason"].startswith(f"{path}: found no prices (unable to open database file)")


def test_at_the_start_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusablePrices):
        FollowedPrices(tmp_path / "none")


def test_the_connection_of_a_file_that_nobody_holds_is_closed(tmp_path: Path) -> None:
    prices = FollowedPrices(priced_at(tmp_path, 48.5))
    connection = prices.current()._connection
    priced_at(tmp_path, 60)
    prices.current()
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        connection.execute("SELECT 1")
