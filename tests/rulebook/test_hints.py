"""What is said about a word that does not exist: in files, on the command line, everywhere in the same words."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from camcover.rulebook import load_texts
from camcover.rulebook.hints import FEW, hint, suggested
from small_rules import TEXTS

TODAY = date(2026, 6, 1)
MANY = [f"word{number}" for number in range(FEW + 1)]


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("in_netwrok", ["in_network", "elsewhere"], "did you mean 'in_network'?"),
        ("wa", ["WA", "VA"], "did you mean 'WA'?"),
        ("Back Pain", ["back-pain", "neck-pain"], "did you mean 'back-pain'?"),
        ("covered", ["not_covered"], "expected not_covered"),
        ("not_covered", ["covered", "other"], "expected one of covered, other"),
        ("zzz", ["a", "b"], "expected one of a, b"),
        ("zzz", MANY, ""),
        ("wordx7", MANY, "did you mean 'word7' or 'word27'?"),
        ("zzz", [], ""),
    ],
)
def test_an_unknown_word_gets_the_nearest_word_or_the_list(word: str, known: list[str], said: str) -> None:
    assert hint(word, known) == said


def test_words_that_are_near_are_asked_for_in_the_same_words() -> None:
    """Where they were found before, as in the refusal of a release or of a field of a request."""
    assert suggested(()) == ""
    assert suggested(["a"]) == "; did you mean 'a'?"
    assert suggested(iter(["in_network", "elsewhere"])) == "; did you mean 'in_network' or 'elsewhere'?"


def test_aliases_are_suggested_and_similar_digits_are_not() -> None:
    aliases = {"needles": ["acupuncture"], "hands": ["massage", "chiropractic"], "massage": ["massage"]}
    assert hint("Needles", ["acupuncture"], aliases=aliases) == "'Needles' is an alias of 'acupuncture'"
    assert hint("hands", ["massage"], aliases=aliases) == "'hands' is an alias of 'massage' and 'chiropractic'"
    assert hint("Massage", ["massage"], aliases=aliases) == "did you mean 'massage'?"
    assert hint("97110", ["97810", "97811"], cutoff=1) == "expected one of 97810, 97811"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["share-plan", "needles"], "no therapy 'needles'; 'needles' is an alias of 'acupuncture'"),
        (["share-plan", "Acupuncture"], "no therapy 'Acupuncture'; did you mean 'acupuncture'?"),
        (["sharepan", "acupuncture"], "no plan 'sharepan'; did you mean 'share-plan'"),
        (
            ["share-plan", "acupuncture", "--code", "97110"],
            "no code of acupuncture '97110'; expected one of 97810, 97811",
        ),
        (["share-plan", "acupuncture", "--tier", "in-network"], "no tier 'in-network'; did you mean 'in_network'?"),
        (["share-plan", "acupuncture", "--practitioner", "doctor"], "expected one of acupuncturist, massage-therapist"),
        (
            ["share-plan", "acupuncture", "--condition", "Back pain"],
            "no condition 'Back pain'; did you mean 'back-pain'?",
        ),
    ],
)
def test_unknown_words_on_the_command_line_get_the_same_hints(
    rules: Any, run: Any, arguments: list[str], said: str
) -> None:
    result = run("rules", "explain", *arguments, "--rules", rules)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize("kind", ["fees.yaml", "catalog.yaml"])
def test_a_file_that_cannot_be_read_is_blamed_alone(kind: str) -> None:
    """What it would define cannot be told, so that nobody is told that it is missing."""
    broken = TEXTS[kind].replace("effective: {from: 2024-01-01}", "effective: {from: 2024-01-01")
    errors = load_texts(TEXTS | {kind: broken}, TODAY).errors
    assert [(each.code, each.at.file, each.at.line, each.at.column) for each in errors] == [("syntax", kind, 4, 12)]


def test_faults_before_what_is_not_closed_are_kept_and_those_behind_it_are_not() -> None:
    text = TEXTS["catalog.yaml"].replace("id: cam\n", "id: cam\nid: cam\n").replace('"97811"]', '"97811"')
    text = text.replace("conditions:", "conditions:\nconditions:")
    errors = load_texts(TEXTS | {"catalog.yaml": text}, TODAY).errors
    assert [each.code for each in errors] == ["duplicate-key", "syntax"]
    assert "'[' is not closed" in errors[1].message


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("individual: $100.00,", "individual: $1,000,000.00,", "$1,000,000.00"),
        ("[deductible, {coinsurance: 20%}]", "[{copay: $1,500 per line}]", "$1,500 per line"),
        ("allow: 4 visits", "allow: $1,500", "$1,500"),
    ],
)
def test_an_amount_with_thousands_separators_is_one_fault(old: str, new: str, found: str) -> None:
    text = TEXTS["share.yaml"].replace(old, new, 1)
    (error,) = load_texts(TEXTS | {"share.yaml": text}, TODAY).errors
    assert f"found '{found}'" in error.message
    assert error.hint == f"write {found.replace(',', '')}"
