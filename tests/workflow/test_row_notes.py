"""Cliffs, gaps and tests beside the rows of decision tables; amounts are worked out by hand."""

from __future__ import annotations

import pytest

from camcover.rulebook import RuleSet
from camcover.rulebook.analysis.decisions import Verdict
from camcover.workflow.decision_tables import TableQuery, UnknownFact
from camcover.workflow.errors import RulesRefused
from camcover.workflow.row_note_words import cliff_words, gap_words
from camcover.workflow.row_notes import NotedTable, RowNotes, noted, noted_tables
from cell_rules import PAYS, plan_text, rule_set, rules_of, shipped
from small_rules import SHARE_PLAN, TEXTS

BACK = "age: 40, state: WA, therapy: acupuncture, tier: in_network, charge: $110, first: 2026-03-02"


def with_tests(*given: str) -> RuleSet:
    """The small rules; the share plan has a test for each `given`, called 1, 2 and so on."""
    told = "".join(
        f"  - {{name: test {number}, given: {{{each}}}, expect: {{patient: $0.00}}}}\n"
        for number, each in enumerate(given, 1)
    )
    return rules_of(TEXTS | {"share.yaml": f"{SHARE_PLAN}tests:\n{told}" if given else SHARE_PLAN})


def rows(rules: RuleSet, plan: str, therapy: str) -> dict[str, RowNotes]:
    """The notes of each row of a plan's one table, by why it is not covered (empty: covered)."""
    (found,) = noted_tables(rules, TableQuery(plan, therapy))
    cases = [each.reason for each in found.table.cases]
    assert len(set(cases)) == len(cases)
    return dict(zip(cases, found.notes, strict=True))


def test_the_cliffs_of_a_row_are_told_tier_by_tier() -> None:
    """Typical charge 110.00, allowed 88.00, 20 % of it 17.60. Outside 66.00: 33.00 and the 44.00 above it, 77.00.

    The fifth visit is the member's: 110.00, 92.40 and 33.00 more.
    """
    found = rows(with_tests(), "share-plan", "acupuncture")
    inside, outside = map(cliff_words, found[""].cliffs)
    steps = "visit 4 costs the patient $17.60, visit 5 costs $110.00, which is $92.40 more (limit 'visits')"
    assert inside == f"in network, deductible met: {steps}"
    steps = "visit 4 costs the patient $77.00, visit 5 costs $110.00, which is $33.00 more (limit 'visits')"
    assert outside == f"out of network, deductible met: {steps}"
    limit_line = next(n for n, line in enumerate(SHARE_PLAN.splitlines(), 1) if "id: visits" in line)
    assert {each.rule for each in found[""].cliffs} == {f"share.yaml:{limit_line}"}
    assert not found["DIAGNOSIS_NOT_COVERED"].cliffs


def test_a_cliff_is_priced_for_the_therapy_of_the_table() -> None:
    """One benefit, a copay of 20.00: what follows on the twelfth visit is the charge, 110.00 or 90.00."""
    limits = "limits: [{allow: 12 visits, per: calendar_year}]"
    rules = rule_set(f"hands: {{therapies: [acupuncture, massage], {limits}, {PAYS}}}")
    for therapy, after in (("acupuncture", 110_00), ("massage", 90_00)):
        (cliff,) = rows(rules, "plan", therapy)[""].cliffs
        assert (cliff.step.number, cliff.before_cents, cliff.after_cents) == (12, 20_00, after)


def test_a_limit_that_never_ends_makes_no_cliff() -> None:
    """Of three visits a day two follow on no day: each day has at most one visit."""
    rules = rule_set(f"hands: {{therapies: [massage], limits: [{{allow: 3 visits, per: day}}], {PAYS}}}")
    assert rows(rules, "plan", "massage")[""].cliffs == ()


def test_a_row_names_the_tests_that_have_a_visit_in_it() -> None:
    """Back pain at an acupuncturist; a headache; nobody said who gives the care, and nothing is assumed."""
    rules = with_tests(
        f"{BACK}, practitioner: acupuncturist, diagnoses: [M54.50]",
        f"{BACK}, practitioner: acupuncturist, diagnoses: [R51.9]",
        f"{BACK}, diagnoses: [M54.50], requirements: as_attested",
    )
    found = rows(rules, "share-plan", "acupuncture")
    names = {reason: [each.name for each in notes.tests] for reason, notes in found.items()}
    assert names == {"": ["test 1"], "DIAGNOSIS_NOT_COVERED": ["test 2"], "PRACTITIONER_NOT_COVERED": ["test 3"]}
    first = len(SHARE_PLAN.splitlines()) + 2
    assert found[""].tests[0].place == f"share.yaml:{first}"


def test_a_fact_that_is_not_given_is_taken_as_the_rule_asks() -> None:
    """With requirements assumed the visit without a practitioner is covered: it lies in no other row."""
    found = rows(with_tests(f"{BACK}, diagnoses: [M54.50]"), "share-plan", "acupuncture")
    assert {reason: len(notes.tests) for reason, notes in found.items()} == {
        "": 1,
        "DIAGNOSIS_NOT_COVERED": 0,
        "PRACTITIONER_NOT_COVERED": 0,
    }


def test_a_limit_that_no_test_reaches_is_named() -> None:
    given = f"{BACK}, practitioner: acupuncturist, diagnoses: [M54.50]"
    assert rows(with_tests(given), "share-plan", "acupuncture")[""].unreached == ("visits",)
    used = given.replace("tier:", "used: {visits: 4 visits}, tier:")
    assert rows(with_tests(given, used), "share-plan", "acupuncture")[""].unreached == ()


def test_tests_of_another_therapy_or_code_reach_nothing() -> None:
    """Billed as 97811 another benefit applies, so that the therapy has two tables."""
    young = f"young: {{therapies: [massage], {PAYS}}}"
    coded = f'coded: {{therapies: [], codes: ["97811"], {PAYS}}}'
    plain = f'plain: {{therapies: [acupuncture], without_codes: ["97811"], {PAYS}}}'
    given = (
        'tests:\n  - {name: coded, given: {therapy: acupuncture, codes: ["97811"], tier: in_network, charge: $90, '
        "first: 2026-03-02}, expect: {patient: $20.00}}\n"
    )
    texts = {**rule_set(young).texts, "plan.yaml": plan_text(young, coded, plain) + given}
    found: list[NotedTable] = noted_tables(rules_of(texts), TableQuery("plan", "acupuncture"))
    assert {each.table.codes: next(len(note.tests) for note in each.notes) for each in found} == {
        ("", "97810"): 0,
        ("97811",): 1,
    }


def test_every_line_of_a_shipped_test_lies_in_a_row() -> None:
    """The rows of all tables together name each plan's tests whose lines were priced under it."""
    rules = shipped()
    plan = "original-medicare-part-b"
    therapies = {item.therapy for edition in rules.plans[plan] for test in edition.tests for item in test.given.items}
    named = {
        test.name
        for therapy in filter(None, therapies)
        for table in noted_tables(rules, TableQuery(plan, therapy))
        for note in table.notes
        for test in note.tests
    }
    assert named >= {test.name for edition in rules.plans[plan] for test in edition.tests}


def test_gaps_stand_beside_their_rows() -> None:
    """Medi-Cal covers chiropractic at a clinic at any age, and elsewhere up to 20: together the rest is not covered."""
    found = noted_tables(shipped(), TableQuery("medi-cal", "chiropractic"))
    facts = "tier in network; setting any but clinic; age 21 or more"
    told = {gap_words(gap) for each in found for note in each.notes for gap in note.gaps}
    assert told == {f"each of these facts is covered beside others, but not together: {facts}"}


def test_files_are_narrowed_to_the_plan() -> None:
    """An error in another plan's file keeps no table back, one in its own does."""
    files = {name: text.encode() for name, text in TEXTS.items()}
    broken = TEXTS["copay.yaml"].replace("copay: $20", "copay: x").encode()
    question = TableQuery("share-plan", "acupuncture")
    (found,) = noted({**files, "copay.yaml": broken}, question)
    assert found.table.cases[0].verdict is Verdict.BENEFIT
    with pytest.raises(RulesRefused):
        noted({**files, "copay.yaml": broken}, TableQuery("copay-plan", "acupuncture"))
    with pytest.raises(UnknownFact, match="did you mean 'share-plan'"):
        noted(files, TableQuery("sharp-plan", "acupuncture"))
