"""Where a finding ends, and the edits that mend it: right to the character, or none."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from camcover.rulebook import Diagnostic, load_texts
from camcover.rulebook.diagnostics import Edit
from camcover.rulebook.extents import mended
from small_rules import SHARE_PLAN, TEXTS

SHARE = "share.yaml"


def found(text: str, file: str = SHARE, texts: Mapping[str, str] = TEXTS) -> list[Diagnostic]:
    """The errors of the small rules with another text of a file."""
    return [each for each in load_texts({**texts, file: text}).errors if each.at.file == file]


def covered(text: str, fault: Diagnostic) -> str:
    """What a finding is about: the text of one line from its beginning to its end."""
    line, column = fault.ends_at
    assert line == fault.at.line
    return text.split("\n")[line - 1][fault.at.column - 1 : column - 1]


MECHANICAL = {
    "a slip in a name": ("[acupuncture]", "[acupunture]", "acupunture", "acupuncture"),
    "an alias": ("[acupuncture]", "[needles]", "needles", "acupuncture"),
    "another case": ("kind: plan", "kind: Plan", "Plan", "plan"),
    "a key": ("above_allowed: written_off", "above_alowed: written_off", "above_alowed", "above_allowed"),
    "commas in brackets": ("family: $1000.00", "family: $1,000.00", "$1,000.00", "$1000.00"),
    "commas in brackets, and more": ("individual: $500.00", "individual: $1,500", "$1,500", "$1500"),
    "a million": ("family: $1000.00", "family: $1,000,000", "$1,000,000", "$1000000"),
    "in double quotes": ("fees: fees", 'fees: "fes"', '"fes"', '"fees"'),
    "in single quotes": ("fees: fees", "fees: 'fes'", "'fes'", "'fees'"),
    "behind a comment": ("fees: fees", "fees: fes  # of 2026", "fes", "fees"),
}


@pytest.mark.parametrize("name", MECHANICAL)
def test_one_edit_mends_it(name: str) -> None:
    old, new, wrong, right = MECHANICAL[name]
    assert SHARE_PLAN.count(old) >= 1
    text = SHARE_PLAN.replace(old, new, 1)
    (fault,) = [each for each in found(text) if each.edits]
    (edit,) = fault.edits
    assert covered(text, fault) == wrong
    assert edit == Edit(fault.at.line, fault.at.column, *fault.ends_at, right)
    after = mended(text, [fault])
    assert after == text.replace(new, new.replace(wrong, right, 1), 1)
    assert not [each for each in found(after) if each.code == fault.code]


def test_columns_count_characters_whatever_their_bytes() -> None:
    text = SHARE_PLAN.replace("{title: Evidence of", "{title: \u00c9\u00e9\U0001f600 of").replace(
        "published:", "publishd:"
    )
    (fault,) = [each for each in found(text) if each.edits]
    assert covered(text, fault) == "publishd"
    assert "published: 2025" in mended(text, [fault])


def test_line_ends_and_byte_order_mark_stay() -> None:
    text = "\ufeff" + SHARE_PLAN.replace("[acupuncture]", "[acupunture]").replace("\n", "\r\n")
    after = mended(text, found(text))
    assert after == "\ufeff" + SHARE_PLAN.replace("\n", "\r\n")


NEEDS_THOUGHT = {
    "no name is near": ("[acupuncture]", "[zzz]"),
    "the word is a part of a value": ("otherwise: 75% of in_network", "otherwise: 75% of in_netwrok"),
    "a block of text": ("kind: plan", "kind: |\n  plam"),
    "an error of YAML": ("name: Share Plan", "name: [Share Plan"),
    "a percentage": ("{coinsurance: 20%}", "{coinsurance: 120%}"),
}


@pytest.mark.parametrize("name", NEEDS_THOUGHT)
def test_what_needs_thought_has_no_edit(name: str) -> None:
    old, new = NEEDS_THOUGHT[name]
    file = next(each for each, text in TEXTS.items() if old in text and (each == SHARE or old not in SHARE_PLAN))
    faults = found(TEXTS[file].replace(old, new, 1), file)
    assert faults
    assert not any(each.edits for each in faults)
    # Each finding has an end behind its beginning nevertheless.
    assert all(each.ends_at > (each.at.line, each.at.column) for each in faults)


def test_of_two_names_that_are_near_none_is_put_in() -> None:
    text = SHARE_PLAN.replace(
        "tiers:\n", "  oop_mix: {kind: deductible, individual: $1.00, cite: eoc p.1}\ntiers:\n", 1
    )
    text = text.replace("out_of_pocket_maximum: oop_max", "out_of_pocket_maximum: oop_mx")
    (fault,) = found(text)
    assert fault.hint == "did you mean 'oop_mix' or 'oop_max'?"
    assert not fault.edits


def test_a_finding_of_no_word_ends_with_its_line() -> None:
    text = SHARE_PLAN.replace("fees: fees", "fees: {fees: fees}  # why?")
    (fault,) = found(text)
    assert covered(text, fault) == "{fees: fees}  # why?"


def test_an_amount_that_is_cut_in_two_ends_behind_its_second_part() -> None:
    text = SHARE_PLAN.replace("individual: $500.00, family", "individual: $1,500.00, family")
    (fault,) = found(text)
    assert covered(text, fault) == "$1,500.00"


def test_edits_that_meet_change_nothing() -> None:
    text = SHARE_PLAN.replace("[acupuncture]", "[acupunture]")
    (fault,) = found(text)
    (edit,) = fault.edits
    other = edit._replace(text="massage")
    twice = Diagnostic(fault.code, fault.severity, fault.at, fault.finding, edits=(edit, other))
    assert mended(text, [twice]) == text
    # The same edit of two findings is one.
    assert mended(text, [fault, fault]) == SHARE_PLAN


def test_an_edit_that_would_repeat_a_key_changes_nothing() -> None:
    text = SHARE_PLAN.replace("fees: fees\n", "fees: fees\nfes: fees\n", 1)
    (fault,) = found(text)
    assert fault.edits[0].text == "fees"
    assert mended(text, [fault]) == text
