"""Parquet to Parquet: in order, whole or not at all, whatever the batches and threads; and the command that does it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from camcover.bulk import BulkEstimator
from camcover.bulk.files import Outputs, SamePlace, WrongColumns, estimate_file
from camcover.bulk.schema import LINE_SCHEMA, PLAN_SCHEMA, REJECT_SCHEMA, REQUEST_SCHEMA, SOURCE_SCHEMA
from small_rules import tables

RULES = tables()


def row(number: int) -> dict[str, Any]:
    """A row: two to six visits; every seventh names a plan that does not exist, every ninth states use of a limit."""
    item = {
        "therapy": "acupuncture",
        "code": "97810",
        "charge_cents": 7000 + number,
        "practitioner": "acupuncturist",
        "tier": "in_network",
        "diagnoses": ["M54.50"],
        "start_date": date(2026, 1, 5) + timedelta(days=number % 60),
        "sessions": 2 + number % 5,
    }
    plain: dict[str, Any] = {"request_id": f"r{number}", "plan_id": "share-plan", "items": [item]}
    if number % 7 == 0:
        plain["plan_id"] = "nowhere"
    if number % 9 == 0:
        plain["limit_usage"] = [{"limit": "visits", "used": 3, "used_cents": None}]
    return plain


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 500 rows in three row groups."""
    path = tmp_path_factory.mktemp("book") / "book.parquet"
    pq.write_table(pa.Table.from_pylist([row(n) for n in range(500)], schema=REQUEST_SCHEMA), path, row_group_size=200)
    return path


@pytest.mark.parametrize(("threads", "batch_rows"), [(1, 500), (2, 37), (3, 1)])
def test_batches_and_threads_do_not_change_the_files(book: Path, tmp_path: Path, threads: int, batch_rows: int) -> None:
    expected = BulkEstimator(RULES, "rules-1").estimate(pq.read_table(book).combine_chunks().to_batches()[0])
    outputs = Outputs(tmp_path / "plans.parquet", tmp_path / "rejects.parquet", tmp_path / "lines.parquet")
    done: list[int] = []
    counts = estimate_file(
        RULES, "rules-1", book, outputs, threads=threads, batch_rows=batch_rows, progress=done.append
    )
    assert pq.read_table(outputs.plans).to_pylist() == expected.plans.to_pylist()
    assert pq.read_table(tmp_path / "lines.parquet").to_pylist() == expected.lines.to_pylist()
    assert pq.read_table(outputs.rejects).to_pylist() == expected.rejects.to_pylist()
    assert counts == (428, expected.line_count, 72)
    assert done == sorted(done)
    assert done[-1] == 500


def test_files_have_the_declared_schemas(book: Path, tmp_path: Path) -> None:
    names = ("plans", "rejects", "lines", "sources")
    outputs = Outputs(*(tmp_path / f"{name}.parquet" for name in names))
    estimate_file(RULES, "rules-1", book, outputs)
    for path, schema in zip(outputs, (PLAN_SCHEMA, REJECT_SCHEMA, LINE_SCHEMA, SOURCE_SCHEMA), strict=True):
        assert path is not None
        assert pq.read_schema(path).names == schema.names


def test_a_failed_run_leaves_no_file(book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood at the output's place stays."""
    outputs = Outputs(tmp_path / "plans.parquet", tmp_path / "rejects.parquet")
    outputs.plans.write_text("as before", encoding="utf-8")

    def broken(*_: object) -> object:
        raise MemoryError

    monkeypatch.setattr(BulkEstimator, "estimate", broken)
    with pytest.raises(MemoryError):
        estimate_file(RULES, "rules-1", book, outputs)
    assert [file.name for file in tmp_path.iterdir()] == ["plans.parquet"]
    assert outputs.plans.read_text(encoding="utf-8") == "as before"


def test_other_columns_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    source = tmp_path / "in.parquet"
    pq.write_table(pa.table({"plan_id": ["share-plan"], "itmes": [1]}), source)
    with pytest.raises(WrongColumns, match="column 'items' is missing"):
        estimate_file(RULES, "rules-1", source, Outputs(tmp_path / "out.parquet", tmp_path / "rejects.parquet"))
    assert [file.name for file in tmp_path.iterdir()] == ["in.parquet"]


def test_the_command_prices_a_file(book: Path, tmp_path: Path, rules: Path, run: Any) -> None:
    """500 rows have 4 visits on average: 2,000. The 72 that are refused have 2 each and 142 over: 1,714 are left."""
    output = tmp_path / "plans.parquet"
    result = run("bulk", "estimate", book, output, "--rules", rules, "--lines", tmp_path / "lines.parquet")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("428 plans priced, 1714 lines; 72 rows rejected\n")
    rejects = pq.read_table(tmp_path / "plans.rejects.parquet").to_pylist()
    assert rejects[0] == {
        "row": 0,
        "request_id": "r0",
        "field": "plan_id",
        "reason": "found plan 'nowhere'; expected one of copay-plan, share-plan",
        "kind": "UNKNOWN_PLAN",
    }
    assert pq.read_table(output).num_rows == 428


def test_the_command_prices_a_file_with_compiled_rules(book: Path, tmp_path: Path, rules: Path, run: Any) -> None:
    compiled = tmp_path / "rules.compiled"
    assert run("rules", "compile", rules, "--output", compiled).exit_code == 0
    result = run("bulk", "estimate", book, tmp_path / "plans.parquet", "--rules", compiled)
    assert result.stdout.endswith("72 rows rejected\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no parquet at all", "in.parquet: "),
        (None, "in.parquet: column 'plan_id' is missing; expected the columns request_id,"),
    ],
)
def test_the_command_names_the_fault(content: bytes | None, said: str, tmp_path: Path, rules: Path, run: Any) -> None:
    source = tmp_path / "in.parquet"
    if content is None:
        pq.write_table(pa.table({"a": [1]}), source)
    else:
        source.write_bytes(content)
    result = run("bulk", "estimate", source, tmp_path / "out.parquet", "--rules", rules)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "out.parquet").exists()


@pytest.fixture
def places(book: Path, tmp_path: Path) -> Path:
    """A folder with a copy of the book, a link to it, another file that is it, and a link to the folder."""
    folder = tmp_path / "places"
    folder.mkdir()
    (folder / "book.parquet").write_bytes(book.read_bytes())
    (folder / "link.parquet").symlink_to("book.parquet")
    (folder / "hard.parquet").hardlink_to(folder / "book.parquet")
    (folder / "plans.parquet.part").symlink_to("book.parquet")
    (folder / "here").symlink_to(".")
    return folder


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["book.parquet"], "book.parquet is the input"),
        (["here/here/book.parquet"], "book.parquet is the input"),
        (["link.parquet"], "link.parquet is the input"),
        (["hard.parquet"], "hard.parquet is the input"),
        (["plans.parquet"], "plans.parquet is the input or would overwrite it"),
        (["out.parquet", "--lines", "link.parquet"], "link.parquet is the input"),
        (["out.parquet", "--rejects", "here/book.parquet"], "book.parquet is the input"),
        (["out.parquet", "--lines", "here/out.parquet"], "are the same file; expected two files"),
        (["out.parquet", "--rejects", "out.parquet"], "are the same file; expected two files"),
        (["out.parquet", "--rejects", "out.parquet.part"], "are the same file; expected two files"),
        (["out.parquet", "--lines", "l.parquet", "--rejects", "l.parquet"], "are the same file; expected two files"),
    ],
)
def test_an_output_that_is_also_another_file_is_refused(
    options: list[str], said: str, places: Path, rules: Path, run: Any
) -> None:
    before = {file.name: file.read_bytes() for file in places.iterdir() if file.is_file()}
    paths = [each if each.startswith("--") else places / each for each in options]
    result = run("bulk", "estimate", places / "book.parquet", *paths, "--rules", rules)
    assert result.exit_code == 2
    assert said in result.stderr
    assert {file.name: file.read_bytes() for file in places.iterdir() if file.is_file()} == before


def test_the_library_refuses_the_same_files(places: Path) -> None:
    book = places / "book.parquet"
    with pytest.raises(SamePlace, match="is the input"):
        estimate_file(RULES, "rules-1", book, Outputs(places / "out.parquet", places / "link.parquet"))


@pytest.mark.parametrize("option", ["--html", "--json"])
def test_an_impact_overwrites_no_book(option: str, places: Path, rules: Path, run: Any) -> None:
    before = (places / "book.parquet").read_bytes()
    result = run("rules", "impact", rules, rules, "--book", places / "book.parquet", option, places / "link.parquet")
    assert result.exit_code == 2
    assert "link.parquet is the input" in result.stderr
    assert (places / "book.parquet").read_bytes() == before
