"""Sets of diagnoses: every set that codes can make, with codes that make it, and no other."""

from __future__ import annotations

from itertools import combinations

import pytest

from camcover.engine.compiling.vocabulary import ICD10, plain_icd10
from camcover.rulebook.analysis.criteria import Check, Subject
from camcover.rulebook.analysis.diagnoses import TooManyCells, diagnosis_sets


def checks(*groups: set[str]) -> list[tuple[int, Check]]:
    """A check for each group of plain prefixes, numbered from 0."""
    return [
        (number, Check(0, Subject.DIAGNOSIS, "icd10", None, frozenset(group))) for number, group in enumerate(groups)
    ]


def mask_of(codes: tuple[str, ...], *groups: set[str]) -> int:
    """Which groups some code begins with a prefix of, said another way."""
    return sum(
        1 << number
        for number, group in enumerate(groups)
        if any(plain_icd10(code).startswith(tuple(group)) for code in codes)
    )


@pytest.mark.parametrize(
    ("groups", "masks"),
    [
        ([{"M54"}], {0, 1}),
        ([{"M54"}, {"G43"}], {0, 1, 2, 3}),
        ([{"M54"}, {"M545"}], {0, 1, 3}),  # what begins with M545 begins with M54
        ([{"M54"}, {"M54"}], {0, 3}),
        ([{"C"}, {"C795"}, {"C7", "D"}], {0, 1, 4, 5, 7}),
        ([], {0}),
    ],
)
def test_each_set_that_codes_can_make_is_found(groups: list[set[str]], masks: set[int]) -> None:
    found = diagnosis_sets(checks(*groups), 100)
    assert set(found) == masks
    for mask, codes in found.items():
        assert mask_of(codes, *groups) == mask
        assert all(ICD10.fullmatch(code) for code in codes)


def test_no_pair_of_codes_makes_another_set() -> None:
    groups = [{"C"}, {"C795", "M45"}, {"M4", "M54"}, {"M5450", "M5459"}, {"M545"}]
    found = diagnosis_sets(checks(*groups), 100)
    codes = [f"{letter}{tens}{end}" for letter in "CMD" for tens in range(30, 100) for end in ("", ".5", ".50", ".59")]
    for pair in combinations(codes[::3], 2):
        assert mask_of(pair, *groups) in found
    assert all(len(chosen) <= len(groups) for chosen in found.values())


def test_prefix_whose_longer_ones_take_every_code_makes_no_set_of_its_own() -> None:
    every = {f"C7{end}" for end in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    assert set(diagnosis_sets(checks({"C7"}, every), 100)) == {0, 3}


def test_too_many_sets_are_refused() -> None:
    groups = [{f"M{number}"} for number in range(10, 18)]
    with pytest.raises(TooManyCells, match="more than 200 cases"):
        diagnosis_sets(checks(*groups), 200)
    assert len(diagnosis_sets(checks(*groups), 256)) == 256
