"""A book in pieces: each row once and with its number, one result of each task, nothing of a task that failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bulk.test_files import row
from camcover.bulk.estimate import WrongColumns
from camcover.bulk.files import Counts, Outputs, estimate_file
from camcover.bulk.output import SamePlace
from camcover.bulk.pieces import Folders, Job, Piece, pieces_of, price_piece
from camcover.bulk.schema import REQUEST_SCHEMA
from small_rules import tables

RULES = tables()
ROWS, GROUP = 60, 10


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A folder of two files of three row groups of ten rows each, and names that are no part of it."""
    folder = tmp_path / "book"
    folder.mkdir()
    for place, first in enumerate((0, 30)):
        rows = [row(number) for number in range(first, first + 30)]
        pq.write_table(
            pa.Table.from_pylist(rows, schema=REQUEST_SCHEMA), folder / f"{place}.parquet", row_group_size=GROUP
        )
    (folder / "_SUCCESS").touch()
    (folder / ".1.parquet.crc").touch()
    (folder / "notes.txt").write_text("no part of the book")
    return folder


def folders(tmp_path: Path, *, lines: bool = True) -> Folders:
    return Folders(str(tmp_path / "plans"), str(tmp_path / "rejects"), str(tmp_path / "lines") if lines else None)


def priced(book: Path, to: Folders, rows: int) -> Counts:
    """The book through one task for each piece, in another order than theirs."""
    job = Job.begin(str(book), to)
    written = [price_piece(each, RULES, "a-release", job) for each in reversed(pieces_of(str(book), rows))]
    return job.commit(written)


def read(folder: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder).to_pylist()
    return rows


def test_pieces_are_runs_of_row_groups_of_one_file(book: Path) -> None:
    first, second = str(book / "0.parquet"), str(book / "1.parquet")
    assert pieces_of(str(book), rows=20) == (
        Piece(0, first, (0, 1), 0),
        Piece(1, first, (2,), 20),
        Piece(2, second, (0, 1), 30),
        Piece(3, second, (2,), 50),
    )
    assert pieces_of(first, rows=5) == tuple(Piece(n, first, (n,), 10 * n) for n in range(3))
    assert [each.uri for each in pieces_of(book.as_uri())] == [f"{book.as_uri()}/{n}.parquet" for n in (0, 1)]


def test_pieces_give_the_rows_of_one_file(book: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    pq.write_table(pq.read_table([book / "0.parquet", book / "1.parquet"]), whole)
    outputs = Outputs(tmp_path / "p.parquet", tmp_path / "r.parquet", tmp_path / "l.parquet")
    counts = estimate_file(RULES, "a-release", whole, outputs)
    to = folders(tmp_path)
    assert priced(book, to, rows=20) == counts
    assert counts.plans + counts.rejected == ROWS
    for folder, file in zip((to.plans, to.rejects, to.lines), outputs[:3], strict=True):
        assert folder is not None
        assert read(folder) == read(str(file))
        names = sorted(each.name for each in Path(folder).iterdir())
        assert names == ["_SUCCESS", *(f"part-0000{number}.parquet" for number in range(4))]


def test_a_task_that_ran_twice_counts_once(book: Path, tmp_path: Path) -> None:
    to = folders(tmp_path, lines=False)
    job = Job.begin(str(book), to)
    pieces = pieces_of(str(book))
    for each in pieces:
        price_piece(each, RULES, "a-release", job)
    job.commit([price_piece(each, RULES, "a-release", job) for each in pieces])
    assert sorted(each["row"] for each in read(to.plans) + read(to.rejects)) == list(range(ROWS))
    assert not list(tmp_path.rglob("_temporary"))


def test_a_later_result_replaces_an_earlier_one(book: Path, tmp_path: Path) -> None:
    """Four parts, then two; what lies there of Spark's own writing goes, too."""
    to = folders(tmp_path)
    priced(book, to, rows=20)
    (tmp_path / "plans" / ".part-00000.parquet.crc").touch()
    priced(book, to, rows=30)
    assert sorted(each.name for each in (tmp_path / "plans").iterdir()) == [
        "_SUCCESS",
        "part-00000.parquet",
        "part-00001.parquet",
    ]


def test_a_task_that_fails_leaves_nothing_and_the_earlier_result_stays(book: Path, tmp_path: Path) -> None:
    to = folders(tmp_path, lines=False)
    priced(book, to, rows=30)
    before = read(to.plans)
    job = Job.begin(str(book), to)
    first, second = pieces_of(str(book))
    price_piece(first, RULES, "a-release", job)
    (book / "1.parquet").write_bytes((book / "1.parquet").read_bytes()[:-200])
    with pytest.raises(pa.ArrowException):
        price_piece(second, RULES, "a-release", job)
    job.clear()
    assert read(to.plans) == before
    assert not list(tmp_path.rglob("_temporary"))


def test_a_folder_that_holds_other_files_is_not_replaced(book: Path, tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "mine.txt").write_text("kept")
    with pytest.raises(SamePlace, match=r"plans holds 'mine.txt'; expected no folder, or one of an earlier result"):
        Job.begin(str(book), folders(tmp_path))


def test_a_result_inside_the_book_is_refused(book: Path, tmp_path: Path) -> None:
    with pytest.raises(SamePlace):
        Job.begin(str(book), folders(book))
    with pytest.raises(SamePlace):
        Job.begin(book.as_uri(), Folders(str(tmp_path / "plans"), (tmp_path / "plans" / "rejects").as_uri()))


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda folder: (folder / "_x.parquet").touch(), FileNotFoundError, "no file that ends in .parquet below"),
        (
            lambda folder: pq.write_table(pa.table({"plan": ["a"]}), folder / "a.parquet"),
            WrongColumns,
            "column 'plan_id' is missing",
        ),
        (lambda folder: (folder / "a.parquet").write_text("no Parquet"), pa.ArrowException, "Parquet"),
    ],
)
def test_what_is_no_book_is_refused(tmp_path: Path, make: Any, error: type[Exception], said: str) -> None:
    make(tmp_path)
    with pytest.raises(error, match=said):
        pieces_of(str(tmp_path))


def test_a_column_in_the_names_of_folders_is_refused(book: Path) -> None:
    (book / "state=WA").mkdir()
    (book / "0.parquet").rename(book / "state=WA" / "0.parquet")
    with pytest.raises(WrongColumns, match="lies in a folder that holds a column"):
        pieces_of(str(book))


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(pa.ArrowException):
        pieces_of("nowhere://bucket/book")
