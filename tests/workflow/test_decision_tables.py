"""What a plan decides about a therapy, in words."""

from __future__ import annotations

from datetime import date

import pytest

from camcover.rulebook.analysis.cells import LineFacts
from camcover.rulebook.analysis.decisions import Verdict
from camcover.workflow.decision_tables import Other, TableQuery, TableRow, UnknownFact, code_words, decision_tables
from cell_rules import PAYS, rule_set, rules_of, shipped
from small_rules import CATALOG, SHARE_PLAN, TEXTS

SMALL = rules_of(TEXTS)


def cases(**asked: object) -> list[tuple[dict[str, str], str, str]]:
    """(when, benefits, reason) of each row for acupuncture under share-plan."""
    (table,) = decision_tables(SMALL, TableQuery("share-plan", "acupuncture", **asked))  # type: ignore[arg-type]
    return [(case.when, ", ".join(case.benefits), case.reason) for case in table.cases]


def test_a_table_lists_all_cases_in_the_order_of_judgment() -> None:
    assert cases() == [
        ({"diagnosis": "back-pain", "practitioner": "acupuncturist"}, "needles", ""),
        ({"diagnosis": "not back-pain", "practitioner": "any"}, "", "DIAGNOSIS_NOT_COVERED"),
        (
            {"diagnosis": "back-pain", "practitioner": "massage-therapist or not known"},
            "",
            "PRACTITIONER_NOT_COVERED",
        ),
    ]


def test_facts_narrow_the_table() -> None:
    assert cases(diagnoses=("M54.50",)) == [
        ({"practitioner": "acupuncturist"}, "needles", ""),
        ({"practitioner": "massage-therapist or not known"}, "", "PRACTITIONER_NOT_COVERED"),
    ]
    known = LineFacts(practitioner="acupuncturist", tier="in_network", state="WA", age=40, setting="office")
    assert cases(conditions=("back-pain",), facts=known) == [({}, "needles", "")]
    assert cases(conditions=("headache",), facts=known) == [({}, "", "DIAGNOSIS_NOT_COVERED")]


def test_terms_are_said_by_tier_with_limits_and_requirements() -> None:
    (table,) = decision_tables(SMALL, TableQuery("share-plan", "acupuncture"))
    covered = table.cases[0]
    assert [(each.tier, each.member_pays) for each in covered.terms] == [
        ("in_network", ("deductible", "20% of what is left")),
        ("out_of_network", ("deductible", "50% of what is left")),
    ]
    assert [(each.limit, each.text) for each in covered.limits] == [("visits", "4 visits in a calendar year")]
    assert covered.place == "share.yaml:17"
    (table,) = decision_tables(SMALL, TableQuery("copay-plan", "acupuncture"))
    assert table.cases[0].requirements == ("a referral",)
    asks = "requires: [{referral: {penalty: 50%}}, {prior_authorization: {after: 12 visits}}]"
    rules = rule_set(f"one: {{therapies: [massage], {asks}, {PAYS}}}")
    (table,) = decision_tables(rules, TableQuery("plan", "massage", facts=LineFacts(tier="in_network")))
    assert table.cases[0].requirements == (
        "a referral, else the plan pays 50% less",
        "prior authorization after 12 visits",
    )


def test_tables_name_exclusions_and_unlisted_therapies() -> None:
    (massage,) = decision_tables(SMALL, TableQuery("share-plan", "massage"))
    (reiki,) = decision_tables(SMALL, TableQuery("share-plan", "reiki"))
    assert only(massage.cases).verdict is Verdict.EXCLUDED
    assert (only(massage.cases).reason, only(massage.cases).place) == ("not_a_benefit", "share.yaml:25")
    assert only(reiki.cases).verdict is Verdict.NOT_LISTED


def only(found: tuple[TableRow, ...]) -> TableRow:
    (case,) = found
    return case


def test_other_rules_say_why_they_do_not_apply() -> None:
    passing = "limits: [{allow: 3 visits, per: month}], when_exhausted: next"
    rules = rule_set(
        f"here: {{therapies: [massage], when: {{states: [WA]}}, {passing}, {PAYS}}}",
        f"grown: {{therapies: [massage], when: {{ages: {{min: 18}}}}, {PAYS}}}",
        f"all: {{therapies: [massage], {PAYS}}}",
    )
    question = TableQuery("plan", "massage", facts=LineFacts(tier="in_network", age=40))
    (table,) = decision_tables(rules, question)
    told = [(case.benefits, [(each.rule, each.why) for each in case.others]) for case in table.cases]
    assert told == [
        (("here", "grown"), [("benefit 'all'", "stands behind")]),
        (("grown",), [("benefit 'here'", "fails states"), ("benefit 'all'", "stands behind")]),
    ]
    assert isinstance(table.cases[0].others[0], Other)
    assert [(each.benefit, each.place, each.terms[0].member_pays) for each in table.cases[0].then] == [
        ("grown", "plan.yaml:17", ("$20.00 copay per visit",))
    ]
    assert table.cases[1].then == ()


VISIT_CODES = (
    *("99202", "99203", "99204", "99205", "99211", "99212", "99213", "99214", "99215"),
    *("97012", "97014", "97035", "97110", "97112", "97124", "97140", "97530", "G0283"),
)
"""What a chiropractor bills beside an adjustment, which Medicare does not cover."""


def test_codes_named_by_other_rules_have_their_own_table() -> None:
    tables = decision_tables(shipped(), TableQuery("original-medicare-part-b", "chiropractic", day=date(2026, 3, 2)))
    assert [(table.codes, table.cases[0].verdict) for table in tables] == [
        (("", "98940", "98941", "98942"), Verdict.BENEFIT),
        (("98943",), Verdict.EXCLUDED),
        (VISIT_CODES, Verdict.EXCLUDED),
    ]
    assert [code_words(table.codes) for table in tables][:2] == ["98940, 98941, 98942 or no code", "98943"]
    question = TableQuery("original-medicare-part-b", "chiropractic", code="98941", day=date(2026, 3, 2))
    assert [table.codes for table in decision_tables(shipped(), question)] == [("98941",)]


def test_a_table_for_each_stretch_of_days() -> None:
    """In July the second edition of the catalog widens back pain."""
    first = CATALOG.replace("effective: {from: 2024-01-01}", "effective: {from: 2024-01-01, to: 2026-06-30}")
    second = CATALOG.replace("effective: {from: 2024-01-01}", "effective: {from: 2026-07-01}")
    second = second.replace("icd10: [M54.5]", "icd10: [M54]")
    when = "when: {conditions: [back-pain]}"
    rules = rule_set(f"one: {{therapies: [massage], {when}, {PAYS}}}", catalog=first, later=second)
    question = TableQuery("plan", "massage", diagnoses=("M54.2",), facts=LineFacts(tier="in_network"))
    tables = decision_tables(rules, question)
    assert [(table.first, table.last, only(table.cases).reason) for table in tables] == [
        (date(2026, 1, 1), date(2026, 6, 30), "DIAGNOSIS_NOT_COVERED"),
        (date(2026, 7, 1), date(2026, 12, 31), ""),
    ]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (TableQuery("shareplan", "massage"), "no plan 'shareplan'; did you mean 'share-plan'"),
        (TableQuery("share-plan", "masage"), "no therapy 'masage'; did you mean 'massage'?"),
        (TableQuery("share-plan", "massage", code="97810"), "no code of massage '97810'"),
        (
            TableQuery("share-plan", "massage", conditions=("backpain",)),
            "no condition 'backpain'; did you mean 'back-pain'?",
        ),
        (
            TableQuery("share-plan", "massage", facts=LineFacts(tier="network")),
            "no tier 'network'; did you mean 'in_network'",
        ),
        (TableQuery("share-plan", "massage", facts=LineFacts(practitioner="wizard")), "no practitioner 'wizard'"),
        (
            TableQuery("share-plan", "massage", day=date(2025, 3, 2)),
            r"no edition of plan share-plan \(2026-01-01 to 2026-12-31\) on '2025-03-02'",
        ),
    ],
)
def test_unknown_words_are_refused(question: TableQuery, message: str) -> None:
    with pytest.raises(UnknownFact, match=message):
        decision_tables(SMALL, question)


def test_tables_name_denials_that_are_the_providers() -> None:
    """In network the provider bears a denial for the diagnosis, and one for visits; out of network nobody says so."""
    liable = "above_allowed: written_off, provider_liable: {for: [diagnosis, limits], unless: advance_notice}"
    rules = rules_of(TEXTS | {"share.yaml": SHARE_PLAN.replace("above_allowed: written_off", liable)})
    (table,) = decision_tables(rules, TableQuery("share-plan", "acupuncture"))
    covered, diagnosis, practitioner = table.cases
    bears = "the provider bears what is not covered for the diagnosis or for a limit of visits or units, unless with "
    assert [(each.tier, each.provider_liable) for each in covered.terms] == [
        ("in_network", f"{bears}advance notice"),
        ("out_of_network", ""),
    ]
    assert diagnosis.provider_liable == ("in_network: the provider bears it, unless with advance notice",)
    assert (covered.provider_liable, practitioner.provider_liable) == ((), ())
    outside = TableQuery("share-plan", "acupuncture", facts=LineFacts(tier="out_of_network"))
    assert [case.provider_liable for case in decision_tables(rules, outside)[0].cases] == [(), (), ()]
