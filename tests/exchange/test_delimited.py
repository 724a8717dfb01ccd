"""Rows of delimited text within bounds, whatever the bytes are."""

from __future__ import annotations

from pathlib import Path

import pytest

from camcover.exchange import delimited
from camcover.exchange.delimited import open_rows
from camcover.exchange.notes import UnreadableFile


def rows_of(path: Path, data: bytes, **options: object) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    """The rows with their lines, and what could not be read."""
    path.write_bytes(data)
    file = open_rows(path, ("a",), **options)  # type: ignore[arg-type]
    rows = [(each.line, each.values) for each in file.rows()]
    return rows, [str(each) for each in file.unread]


def test_line_breaks_in_quotes_marks_and_case_of_names(tmp_path: Path) -> None:
    rows, unread = rows_of(tmp_path / "t.csv", b'\xef\xbb\xbfA,b\r\n1,"two\r\nlines"\r\n 3 ,4\r\n')
    assert rows == [(2, {"a": "1", "b": "two\r\nlines"}), (4, {"a": "3", "b": "4"})]
    assert unread == []


def test_of_two_columns_of_one_name_the_first_counts(tmp_path: Path) -> None:
    assert rows_of(tmp_path / "t.csv", b"a,A\n1,2\n")[0] == [(2, {"a": "1"})]


def test_bytes_of_another_encoding_are_listed_with_their_line(tmp_path: Path) -> None:
    rows, unread = rows_of(tmp_path / "t.csv", b"a,b\n1,\xff\xfe\n3,4\n5,\x00\n")
    assert [line for line, _ in rows] == [3]
    assert unread == [
        "t.csv:2: found the bytes ff fe 0a; expected text in utf-8-sig",
        "t.csv:4: found a zero byte; expected text",
    ]


def test_a_quote_that_is_never_closed_is_listed(tmp_path: Path) -> None:
    rows, unread = rows_of(tmp_path / "t.csv", b'a,b\n1,2\n3,"4\n5,6\n')
    assert [line for line, _ in rows] == [2]
    assert unread == ["t.csv:3: found unexpected end of data; expected a row of delimited text"]


def test_files_and_lines_have_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableFile, match="more bytes; expected a file of at most 10 bytes"):
        rows_of(tmp_path / "t.csv", b"a,b\n1,2\n3,4\n", most=10)
    monkeypatch.setattr(delimited, "LONGEST_LINE", 8)
    with pytest.raises(UnreadableFile, match=r"t\.csv:2: found more bytes"):
        rows_of(tmp_path / "t.csv", b"a,b\n1,23456789\n")
