"""The decision of a rule at a line of a file that is being typed."""

from __future__ import annotations

import pytest

from camcover.workflow.completing import way_to
from camcover.workflow.decision_at_cursor import MOST_CASES, CursorDecision, Typed, diagnosed_at
from small_rules import COPAY_PLAN, SHARE_PLAN, TEXTS

FILES = {f"rules/{name}": text.encode() for name, text in TEXTS.items()}


def line_of(text: str, words: str) -> int:
    """The first line, from 1, that holds some words."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def decision(name: str, text: str, words: str) -> CursorDecision | None:
    """The decision in the line of some words, of a file with another text."""
    file = f"rules/{name}"
    return diagnosed_at(FILES, FILES | {file: text.encode()}, Typed(file, text, line_of(text, words)))[1]


@pytest.mark.parametrize("words", ["  hands:", "requires: [referral]", "in_network: {member_pays: [{copay"])
def test_every_line_of_a_benefit_shows_its_decision(words: str) -> None:
    """As the file states it: a copay of 20.00 with a referral, for both therapies and whoever gives them."""
    found = decision("copay.yaml", COPAY_PLAN, words)
    assert found is not None
    assert (found.rule, found.plan, found.edition) == ("benefit hands", "Copay Plan", "2026")
    assert found.terms == ("in network: $20.00 copay per visit", "needs a referral")
    assert [(each.service, each.when, each.decision, each.is_own) for each in found.cases] == [
        ("acupuncture", "every line", "covered by hands", True),
        ("massage", "every line", "covered by hands", True),
    ]
    assert (found.left_out, found.fault) == (0, "")


def test_whom_a_benefit_is_not_for_is_told_too() -> None:
    """Needles of the share plan are for back pain, by an acupuncturist, who needs a licence of the state."""
    found = decision("share.yaml", SHARE_PLAN, "conditions: [back-pain]")
    assert found is not None
    assert found.terms == (
        "in network: deductible, then 20% of what is left",
        "out of network: deductible, then 50% of what is left",
        "at most 4 visits in a calendar year",
    )
    decided = {each.decision: each for each in found.cases}
    assert decided["covered by needles"].is_covered
    assert "back-pain" in decided["covered by needles"].when
    assert not decided["not covered: diagnosis not covered"].is_covered
    assert "practitioner" in decided["not covered: practitioner not covered"].when
    assert {each.service for each in found.cases} == {"acupuncture"}


def test_a_code_is_told_where_it_decides() -> None:
    """The exclusion takes one of the two codes of acupuncture: only with it the benefit gives way."""
    text = SHARE_PLAN.replace("{therapies: [massage]", '{therapies: [massage], codes: ["97811"]')
    found = decision("share.yaml", text, "therapies: [massage], codes")
    assert found is not None
    assert [(each.service, each.decision) for each in found.cases if each.is_own] == [
        ("acupuncture (97811, 2026-01-01 to 2026-12-31)", "excluded: not a benefit"),
        ("massage", "excluded: not a benefit"),
    ]
    benefit = decision("share.yaml", text, "  needles:")
    assert benefit is not None
    behind = [each for each in benefit.cases if not each.is_own]
    assert [(each.service, each.decision) for each in behind] == [
        (
            "acupuncture (97811, 2026-01-01 to 2026-12-31)",
            "excluded: not a benefit; this rule fails conditions or practitioners or stands behind",
        )
    ]


def test_of_several_exclusions_the_one_in_the_line_is_meant() -> None:
    first = "  - {therapies: [massage], reason: not_a_benefit, cite: eoc p.4}\n"
    text = SHARE_PLAN.replace(first, f"{first}  - {{therapies: [reiki], reason: experimental, cite: eoc p.4}}\n")
    found = decision("share.yaml", text, "[reiki]")
    assert found is not None
    assert (found.rule, found.terms) == ("exclusion", ())
    assert [each.service for each in found.cases] == ["reiki"]


def test_only_the_edition_of_the_file_is_told() -> None:
    """The plan of 2027 has a copay of 25.00; the cursor stands in the file of 2026."""
    next_year = COPAY_PLAN.replace("2026-01-01, to: 2026-12-31", "2027-01-01, to: 2027-12-31").replace("$20", "$25")
    files = FILES | {"rules/next.yaml": next_year.encode()}
    line = line_of(COPAY_PLAN, "  hands:")
    for name, text, copay in (("copay", COPAY_PLAN, "$20.00"), ("next", next_year, "$25.00")):
        _, found = diagnosed_at(FILES, files, Typed(f"rules/{name}.yaml", text, line))
        assert found is not None
        assert found.terms[0] == f"in network: {copay} copay per visit"


@pytest.mark.parametrize("words", ["format:", "tiers:", "otherwise:", "eoc:"])
def test_elsewhere_nothing_is_decided(words: str) -> None:
    assert decision("share.yaml", SHARE_PLAN, words) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("copay.yaml", COPAY_PLAN.replace("[acupuncture, massage]", "[acupunture]")),
        ("catalog.yaml", TEXTS["catalog.yaml"]),
    ],
)
def test_with_an_error_and_outside_of_plans_there_is_none(name: str, text: str) -> None:
    found, decided = diagnosed_at(FILES, FILES | {f"rules/{name}": text.encode()}, Typed(f"rules/{name}", text, 14))
    assert decided is None
    assert bool(found) is (name == "copay.yaml")


def test_many_therapies_and_cases_are_bounded() -> None:
    """Of ten therapies eight are worked out. Each has four cases: covered, another diagnosis, practitioner, age."""
    names = [f"care-{number}" for number in range(10)]
    catalog = TEXTS["catalog.yaml"].replace(
        "  reiki: {name: Reiki}\n", "".join(f"  {name}: {{name: {name}}}\n" for name in ("reiki", *names))
    )
    text = SHARE_PLAN.replace("therapies: [acupuncture]", f"therapies: [{', '.join(names)}]")
    text = text.replace("conditions: [back-pain],", "conditions: [back-pain], ages: {min: 18},")
    files = FILES | {"rules/catalog.yaml": catalog.encode(), "rules/share.yaml": text.encode()}
    _, found = diagnosed_at(FILES, files, Typed("rules/share.yaml", text, line_of(text, "  needles:")))
    assert found is not None
    assert found.fault == "2 more therapies"
    assert (len(found.cases), found.left_out) == (MOST_CASES, 8 * 4 - MOST_CASES)


@pytest.mark.parametrize(
    ("line", "way"),
    [
        (0, ()),
        (1, ("benefits",)),
        (2, ("benefits", "hands")),
        (3, ("benefits", "hands")),
        (4, ("benefits", "hands", "in_network")),
        (5, ("exclusions",)),
        (6, ("exclusions", "[]")),
        (99, ("exclusions", "[]")),
    ],
)
def test_the_way_to_a_line(line: int, way: tuple[str, ...]) -> None:
    """A blank line and a comment belong to what stands before them."""
    text = "benefits:\n  hands:\n\n    in_network: {x: y}\nexclusions:\n  - {therapies: [reiki]}\n# end\n"
    assert way_to(text, line) == way
