"""`camcover book generate`: a Parquet file that `bulk estimate` and `rules impact` take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from camcover.bulk.schema import REQUEST_SCHEMA


def test_a_book_is_written_and_can_be_priced(rules: Path, tmp_path: Path, run: Any) -> None:
    book = tmp_path / "book.parquet"
    result = run("book", "generate", book, "--rules", rules, "--members", 300)
    assert result.exit_code == 0, result.output
    assert f"{book}: 300 synthetic members as of 2026-01-01, no real person; release rules-" in result.stdout
    assert pq.read_schema(book).equals(REQUEST_SCHEMA)
    priced = run("bulk", "estimate", book, tmp_path / "plans.parquet", "--rules", rules)
    assert priced.stdout.startswith("300 plans priced, ")
    assert priced.stdout.endswith("; 0 rows rejected\n")


def test_the_same_seed_gives_the_same_bytes(rules: Path, tmp_path: Path, run: Any) -> None:
    books = []
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        assert (
            run("book", "generate", tmp_path / name, "--rules", rules, "--members", 50, "--seed", seed).exit_code == 0
        )
        books.append((tmp_path / name).read_bytes())
    assert books[0] == books[1] != books[2]


def test_only_some_plans_on_a_date(rules: Path, tmp_path: Path, run: Any) -> None:
    book = tmp_path / "book.parquet"
    options = ("--plan", "copay-plan", "--date", "2026-05-04")
    assert run("book", "generate", book, "--rules", rules, "--members", 20, *options).exit_code == 0
    table = pq.read_table(book)
    assert set(table["plan_id"].to_pylist()) == {"copay-plan"}
    assert {str(day) for day in table["as_of"].to_pylist()} == {"2026-05-04"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--plan", "copay-plam"), "no plan 'copay-plam'; did you mean 'copay-plan'?"),
        (("--date", "2031-01-01"), "no plan has an edition in force on 2031-01-01"),
        (("--plan", "copay-plan", "--date", "2031-01-01"), "plan 'copay-plan' has no edition in force on 2031-01-01"),
    ],
)
def test_what_cannot_be_drawn_ends_with_status_2(
    options: tuple[str, ...], said: str, rules: Path, tmp_path: Path, run: Any
) -> None:
    result = run("book", "generate", tmp_path / "book.parquet", "--rules", rules, *options)
    assert result.exit_code == 2
    assert said in result.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["rules"]


def test_a_file_that_cannot_be_written(rules: Path, tmp_path: Path, run: Any) -> None:
    result = run("book", "generate", tmp_path / "nowhere" / "book.parquet", "--rules", rules)
    assert result.exit_code == 2
    assert "book.parquet: " in result.stderr


def test_the_help_says_that_no_real_person_is_in_it(run: Any) -> None:
    assert "no real person" in run("book", "generate", "--help").stdout
