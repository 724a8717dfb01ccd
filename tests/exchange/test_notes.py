"""What could not be read: one line for each place, harmless to a terminal."""

from __future__ import annotations

import json

from camcover.exchange.notes import Unread, UnreadableFile, as_json_lines, quoted

ROW = Unread("plans.csv", 12, "column states", quoted("XX"), "the name of a state")


def test_a_place_says_file_line_found_and_expected() -> None:
    assert str(ROW) == "plans.csv:12: column states: found 'XX'; expected the name of a state"


def test_a_whole_line_and_a_whole_file_have_no_place() -> None:
    assert str(Unread("a.271", 3, "", "7 fields", "8")) == "a.271:3: found 7 fields; expected 8"
    assert str(Unread("a.271", 0, "", "no line", "a header")) == "a.271: found no line; expected a header"


def test_no_text_of_a_file_steers_the_terminal_or_begins_a_line() -> None:
    text = str(Unread("a\nb.csv", 1, "", quoted("\x1b[2J\n" + "x" * 900), "a word"))
    assert text.startswith("a\\nb.csv:1: found '\\u001b[2J\\n")
    assert "\n" not in text
    assert "\x1b" not in text
    assert len(text) < 500


def test_a_file_that_gives_nothing_says_its_first_reason() -> None:
    error = UnreadableFile([ROW, Unread("plans.csv", 13, "", "nothing", "a row")])
    assert str(error) == str(ROW)
    assert len(error.unread) == 2


def test_the_list_as_json() -> None:
    (line,) = as_json_lines([ROW]).splitlines()
    assert json.loads(line) == {
        "file": "plans.csv",
        "line": 12,
        "place": "column states",
        "found": "'XX'",
        "expected": "the name of a state",
    }
