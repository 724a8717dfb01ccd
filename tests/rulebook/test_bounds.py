"""Findings of files that are full of faults, and texts that would steer a terminal: bounded, and shown harmless."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from difflib import get_close_matches

import pytest

from camcover.messages import Argument, Message, WordList
from camcover.rulebook import CODES, Diagnostic, Severity, as_github, as_json, as_text, load_texts
from camcover.rulebook import diagnostics as shown
from camcover.rulebook.bounding import MOST_FINDINGS, MOST_IN_ALL, bounded
from camcover.rulebook.diagnostics import MOST_COLUMNS, MOST_SEARCHES
from camcover.rulebook.formatting import format_text
from camcover.rulebook.nodes import MAX_VALUES, Listing, parse
from camcover.rulebook.printable import MOST_LETTERS, on_one_line, printable
from camcover.rulebook.records import Place
from small_rules import SHARE_PLAN, TEXTS

TODAY = date(2026, 6, 1)
SHARE = "share.yaml"


@pytest.mark.parametrize(
    ("text", "code", "count"),
    [
        (SHARE_PLAN + "".join(f"key{number}: 1\n" for number in range(50_000)), "unknown-key", 50_000),
        (SHARE_PLAN + "notes: x\n" * 20_000, "duplicate-key", 19_999),
        (
            SHARE_PLAN.replace("[acupuncture]", f"[{', '.join(f'acupunctur{each}' for each in range(30_000))}]", 1),
            "unknown-therapy",
            30_000,
        ),
    ],
    ids=["unknown keys", "duplicate keys", "misspelt words on one line"],
)
def test_of_very_many_faults_the_first_and_their_number_are_told(
    text: str, code: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nearest words are looked for no more than so often, whatever the faults."""
    searched: list[str] = []

    def counted(word: str, words: list[str], *, n: int = 3, cutoff: float = 0.6) -> list[str]:
        searched.append(word)
        return get_close_matches(word, words, n=n, cutoff=cutoff)

    monkeypatch.setattr(shown, "get_close_matches", counted)
    found = load_texts(TEXTS | {SHARE: text}, TODAY)
    told = [each for each in found.diagnostics if each.at.file == SHARE]
    assert [each.code for each in told] == [code] * MOST_FINDINGS + ["more-findings"]
    assert told[-1].message == f"this file has {count - MOST_FINDINGS} more errors from here on, not listed"
    assert told[-1].severity is Severity.ERROR
    assert len(searched) <= 2 * MOST_SEARCHES
    printed = as_text(found.diagnostics, found.texts)
    assert max(map(len, printed.splitlines())) < 3 * MOST_COLUMNS  # a list of all keys of a plan is longer than two
    assert len(printed.splitlines()) == 3 * (MOST_FINDINGS + 1)


@pytest.mark.parametrize(("added", "expected"), [(498, []), (499, ["too-many"])])
def test_a_file_of_very_many_benefits_is_refused_before_they_are_compared(added: int, expected: list[str]) -> None:
    """The small plan has a benefit and an exclusion, so that 498 more are the 500 that are taken."""
    benefit = "{therapies: [reiki], in_network: {member_pays: [nothing]}, cite: eoc p.2}"
    many = "".join(f"  b{number}: {benefit}\n" for number in range(added))
    found = load_texts(TEXTS | {SHARE: SHARE_PLAN.replace("benefits:\n", f"benefits:\n{many}", 1)}, TODAY)
    assert [each.code for each in found.errors] == expected
    overlaps = [each for each in found.diagnostics if each.code in ("overlapping-benefits", "benefit-never-applies")]
    assert bool(overlaps) is not bool(expected)


def test_values_are_counted_while_a_file_is_read() -> None:
    """The list is the first value, so that the 200,000th word of it, in column 2 + 2 * 199,999, is one too many."""
    fits = parse(f"[{'a,' * (MAX_VALUES - 1)}]", "a.yaml")
    assert isinstance(fits[0], Listing)
    assert (len(fits[0].items), fits[1]) == (199_999, [])
    for text in (f"[{'a,' * 500_000}]", f"[{'[],' * 300_000}]"):
        node, (fault,) = parse(text, "a.yaml")
        assert node is None
        assert fault.sentence == "the file has more than 200,000 words, lists and mappings; split the file"
        assert fault.at.column == 2 + (text.index(",")) * (MAX_VALUES - 1)
        assert format_text(f"x: {text}\n") == f"x: {text}\n"


def said(words: str) -> Message:
    """A message of these words."""
    return Message("syntax-of-yaml", (("problem", words),))


def faults(count: int, severity: Severity, file: str = "a.yaml") -> list[Diagnostic]:
    return [
        Diagnostic("unknown-key", severity, Place(file, line, 1), said(f"fault {line}")) for line in range(1, count + 1)
    ]


def test_errors_warnings_and_files_are_bounded_separately() -> None:
    found = bounded([
        *faults(MOST_FINDINGS, Severity.ERROR),
        *faults(MOST_FINDINGS + 1, Severity.WARNING, "b.yaml"),
        *faults(1, Severity.ERROR, "b.yaml"),
        *faults(1, Severity.ERROR, "b.yaml"),
    ])  # fmt: skip
    assert len([each for each in found if each.at.file == "a.yaml"]) == MOST_FINDINGS
    of_b = [each for each in found if each.at.file == "b.yaml"]
    assert [each.severity for each in of_b].count(Severity.ERROR) == 1
    assert (of_b[-1].code, of_b[-1].severity) == ("more-findings", Severity.WARNING)
    assert of_b[-1].message == "this file has 1 more warning from here on, not listed"
    assert "more-findings" in CODES


@pytest.mark.parametrize(("errors", "severity"), [(0, Severity.WARNING), (15, Severity.WARNING), (30, Severity.ERROR)])
def test_of_very_many_files_the_first_errors_are_told_and_how_many_there_are(errors: int, severity: Severity) -> None:
    """Thirty files of 100 warnings each, some with 100 errors before them: 2,000 are told, whatever there is."""
    files = [f"{number:02}.yaml" for number in range(30)]
    found = bounded([
        *(fault for file in files for fault in faults(100, Severity.WARNING, file)),
        *(fault for file in files[:errors] for fault in faults(100, Severity.ERROR, file)),
    ])  # fmt: skip
    *told, last = found
    assert len(told) == MOST_IN_ALL == 2_000
    assert [each.severity for each in told].count(Severity.ERROR) == min(100 * errors, 2_000)
    assert (last.code, last.severity) == ("more-findings", severity)
    said = f"all files have {100 * errors} errors and 3000 warnings; only 2,000 of them are listed"
    assert last.message == said
    assert list(told) == sorted(told, key=lambda each: each.at)


def test_a_word_of_a_million_letters_is_shortened_in_messages() -> None:
    found = load_texts(TEXTS | {SHARE: SHARE_PLAN + "x" * 1_000_000 + ": 1\n"}, TODAY)
    (error,) = found.errors
    assert error.code == "syntax" or len(error.message) <= MOST_LETTERS + 3
    assert len(as_text([error], found.texts)) < 2_000


@pytest.mark.parametrize("text", ["{plan} %s \\n \x1b", "x" * 401, "a" * 200 + "b" * 10_000 + "c" * 200])
def test_arguments_are_as_short_as_the_message_and_change_none_of_it(text: str) -> None:
    """Text of a file is never a template: braces stay. 200 letters of each end stay of a long one, here as there."""
    inner = Message("words-many", (("words", text), ("more", WordList((text,)))))
    whole = Diagnostic("unknown-key", Severity.ERROR, Place("a.yaml", 1, 1), inner, said(text))
    (told,) = bounded([whole])
    assert (told.message, told.hint) == (whole.message, whole.hint)
    assert told.hint == (text if len(text) <= MOST_LETTERS else f"{text[:200]} … {text[-200:]}")
    words = {each if isinstance(each, str) else each.items[0] for _, each in told.finding.arguments}  # type: ignore[union-attr]
    assert words == {told.hint}


def test_a_list_of_very_many_words_keeps_the_first_and_the_last() -> None:
    """Words of six letters: 34 of them are the 200 that stay of each end, so 1,000 become 69, the gap among them."""
    many: list[Argument] = [f"word{number % 100:02}" for number in range(999)]
    last = said("{last}")
    finding = Message("hint-alias", (("word", "all"), ("words", WordList((*many, last)))))
    whole = Diagnostic("unknown-key", Severity.ERROR, Place("a.yaml", 1, 1), finding)
    (told,) = bounded([whole])
    assert told.message == whole.message
    assert len(told.message) == MOST_LETTERS + 3
    kept = dict(told.finding.arguments)["words"]
    assert isinstance(kept, WordList)
    assert kept.items == (*many[:34], "…", *many[-33:], last)
    few = WordList(tuple(many[:60]))
    (told,) = bounded([replace(whole, finding=Message("hint-alias", (("word", "few"), ("words", few))))])
    assert dict(told.finding.arguments)["words"] == few


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (1, f"{'a' * 160}…\n      | ^"),
        (201, f"…{'a' * 80}b{'a' * 79}…\n      | {' ' * 81}^"),
        (401, f"…{'a' * 80}\n      | {' ' * 81}^"),
    ],
)
def test_a_long_line_is_cut_around_its_caret(column: int, expected: str) -> None:
    """400 letters; 80 are shown before the place."""
    line = "a" * 200 + "b" + "a" * 199
    fault = Diagnostic("unknown-key", Severity.ERROR, Place("a.yaml", 1, column), said("wrong"))
    head = f"a.yaml:1:{column}: error[unknown-key]: wrong\n    1 | "
    assert as_text([fault], {"a.yaml": line}) == f"{head}{expected}\n"


STEERING = "\x1b]0;owned\x07\x1b[31mred\x7f\x9b2J\u202egnp\u2066\u200f\ud800\r\u2028"


def test_control_characters_are_written_out() -> None:
    assert printable("a\x1b[31m\tb\nü ✓ 漢") == "a\\u001b[31m\tb\nü ✓ 漢"
    assert printable(STEERING) == (
        "\\u001b]0;owned\\u0007\\u001b[31mred\\u007f\\u009b2J\\u202egnp\\u2066\\u200f\\ud800\\u000d\\u2028"
    )
    assert on_one_line("a\n::error::b\tc") == "a\\n::error::b\\tc"


@pytest.mark.parametrize("show", [as_text, lambda found, _: as_json(found), lambda found, _: as_github(found)])
def test_no_text_of_a_file_steers_a_terminal(show: object) -> None:
    """Names of files, keys, ids and lines, in each of the three formats."""
    fault = Diagnostic(
        "unknown-key", Severity.ERROR, Place(f"a{STEERING}\n::b.yaml", 1, 3), said(STEERING), said(STEERING)
    )
    printed: str = show([fault], {fault.at.file: f"id{STEERING}: 1"})  # type: ignore[operator]
    assert printable(printed) == printed
    assert "\\u001b[31mred" in printed or "\\\\u001b" in printed


def test_json_output_stays_valid() -> None:
    fault = Diagnostic("unknown-key", Severity.ERROR, Place("a.yaml", 1, 1), said("x\x9b\x1b\u202ey"))
    assert json.loads(as_json([fault]))[0]["message"] == "x\x9b\x1b\u202ey"


def test_the_caret_stands_under_its_letter_behind_what_is_written_out() -> None:
    fault = Diagnostic("unknown-key", Severity.ERROR, Place("a.yaml", 1, 3), said("wrong"))
    assert as_text([fault], {"a.yaml": "\x1bax"}).splitlines()[1:] == ["    1 | \\u001bax", "      |        ^"]
