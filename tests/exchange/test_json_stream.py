"""A JSON file value by value: bounds, and files that are none."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from camcover.exchange import json_stream
from camcover.exchange.json_stream import JsonStream
from camcover.exchange.notes import UnreadableFile


def walked(path: Path, data: bytes, most: int = 1000) -> list[Any]:
    """The fields of an object: `list` value by value, `no` passed over, others as they are."""
    path.write_bytes(data)
    stream = JsonStream(path, most=most)
    found: list[Any] = []
    for name in stream.fields():
        if name == "list":
            found.append([stream.value() for _ in stream.items()])
        elif name == "no":
            stream.skip()
        else:
            found.append((name, stream.value()))
    stream.end()
    return found


def test_values_are_taken_walked_and_passed_over(tmp_path: Path) -> None:
    data = b'\xef\xbb\xbf{"no": {"a": [[1]]}, "b": {"c": [1, 2.50, "x", null, true]}, "list": [{"d": 1}, []], "no2": 3}'
    assert walked(tmp_path / "t.json", data) == [
        ("b", {"c": [1, Decimal("2.50"), "x", None, True]}),
        [{"d": 1}, []],
        ("no2", 3),
    ]


def test_what_is_no_list_or_object_has_no_items_or_fields(tmp_path: Path) -> None:
    assert walked(tmp_path / "t.json", b'{"list": {"a": 1}, "b": 2}') == [[], ("b", 2)]
    assert walked(tmp_path / "t.json", b"[1, 2]") == []


def test_compressed_files_have_the_digest_of_their_text(tmp_path: Path) -> None:
    plain, packed = JsonStream(tmp_path / "t.json"), JsonStream(tmp_path / "t.json.gz")
    (tmp_path / "t.json").write_bytes(b"{}")
    (tmp_path / "t.json.gz").write_bytes(gzip.compress(b"{}"))
    for stream in (plain, packed):
        assert list(stream.fields()) == []
        stream.end()
    assert plain.sha256 == packed.sha256 != ""


NO_JSON = "no JSON, or JSON that is cut off; expected a whole JSON file in UTF-8"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", NO_JSON),
        (b"hostile", NO_JSON),
        (b'{"a": 1', NO_JSON),
        (b'{"a": NaN}', NO_JSON),
        (b'{"a": "\xff"}', NO_JSON),
        (b'{"a": 1} {"b": 2}', NO_JSON),
        (b'{"a": ' + b"9" * 5000 + b"}", NO_JSON),
        (b'{"a": {"b": 1, "b": 2}}', "two fields 'b' in one object; expected each name only once in an object"),
        (b'{"a": 1, "a": 2}', "two fields 'a' in one object; expected each name only once in an object"),
        (b'{"a": ' + b"[" * 50 + b"]" * 50 + b"}", "an entry with more levels or values; expected at most 30 and"),
        (b'{"no": ' + b"[" * 50 + b"]" * 50 + b"}", "more levels; expected at most 30"),
        (b'{"a": "' + b" " * 10_000 + b'"}', "more bytes; expected a file of at most 6,000 bytes"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, data: bytes, expected: str) -> None:
    with pytest.raises(UnreadableFile) as error:
        walked(tmp_path / "t.json", data, most=6000)
    assert expected in str(error.value)


def test_a_text_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "LONGEST_TEXT", 100_000)
    with pytest.raises(UnreadableFile, match="a longer text; expected texts of at most 100,000 bytes"):
        walked(tmp_path / "t.json", b'{"a": "' + b"x" * 500_000, most=1_000_000)


def test_a_value_that_is_taken_whole_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "MOST_VALUES", 10)
    with pytest.raises(UnreadableFile, match="an entry with more levels or values; expected at most 30 and 10"):
        walked(tmp_path / "t.json", b'{"a": [[], [], [], [], [], [], [], [], [], [], []]}')


@pytest.mark.parametrize("data", [b"{}", gzip.compress(b'{"a": 1}', mtime=0)[:-9]], ids=["plain", "cut off"])
def test_compressed_data_that_is_none_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="compressed data that is cut off or damaged; expected a whole"):
        walked(tmp_path / "t.json.gz", data)
