"""What the tests in rule files reach: over all editions of a plan, and limits that pass lines on."""

from __future__ import annotations

import pytest

from camcover.engine import compile_rules
from camcover.rulebook import load_texts
from camcover.workflow.rule_tests import Report, run_tests
from camcover.workflow.skeletons import cover
from cell_rules import PAYS, PLAN, plan_text, rules_of
from small_rules import CATALOG, FEES

FIRST = (
    "first: {therapies: [massage], limits: [{id: ten, allow: 2 visits, per: calendar_year}, "
    f"{{id: month, allow: 2 visits, per: month}}], when_exhausted: next, {PAYS}}}"
)
LATER = (
    "later: {therapies: [massage], limits: [{id: year, allow: 4 visits, per: benefit_period}], "
    "in_network: {member_pays: [{copay: $50 per visit}]}}"
)
PASSING = FIRST, LATER
NAMES = {"benefit 'first'", "benefit 'later'", "limit 'ten'", "limit 'month'", "limit 'year'"}


def report(*tests: str, **others: str) -> Report:
    """What the tests of the plan with the two benefits give; `others` are files beside it."""
    texts = {"catalog.yaml": CATALOG, "fees.yaml": FEES, "plan.yaml": plan_text(*PASSING) + in_file(*tests)}
    rules = rules_of(texts | {f"{name}.yaml": text for name, text in others.items()})
    return run_tests(compile_rules(rules), rules)


def in_file(*tests: str) -> str:
    """Tests (`given`, then what the patient pays) as they stand in a file."""
    cases = (each.rpartition(" -> ") for each in tests)
    return "tests:\n" * bool(tests) + "".join(
        f"  - {{name: case {number}, given: {{{given}}}, expect: {{patient: {patient}}}}}\n"
        for number, (given, _, patient) in enumerate(cases)
    )


def reached(found: Report) -> set[str]:
    """What is reached, as far as it is not left out."""
    assert [(each.name, each.differences) for each in found.results if each.differences] == []
    return NAMES - {each.what for each in found.unreached}


MASSAGE = "therapy: massage, tier: in_network, charge: $90"


@pytest.mark.parametrize(
    ("test", "names"),
    [
        # Two visits at 20.00.
        (f"{MASSAGE}, first: 2026-01-05, sessions: 2 -> $40.00", {"benefit 'first'"}),
        # The third visit of the year in January passes on: both limits have nothing left, the first of them is named.
        (
            f"{MASSAGE}, first: 2026-01-05, sessions: 3 -> $90.00",
            {"benefit 'first'", "benefit 'later'", "limit 'ten'"},
        ),
        # One of the year's two visits, both of the month's: what passes the visit on is the month.
        (
            f"used: {{ten: 1 visits, month: 2 visits}}, {MASSAGE}, first: 2026-01-05 -> $50.00",
            {"benefit 'later'", "limit 'month'"},
        ),
        # 2 x 20.00 + 4 x 50.00, then the charge of 90.00: the limit of the later benefit is reached as before.
        (
            f"{MASSAGE}, first: 2026-01-05, sessions: 7 -> $330.00",
            {"benefit 'first'", "benefit 'later'", "limit 'ten'", "limit 'year'"},
        ),
    ],
)
def test_a_limit_that_passes_lines_on_is_reached(test: str, names: set[str]) -> None:
    assert reached(report(test)) == names


def test_a_line_of_another_service_passes_nothing_on() -> None:
    """Acupuncture is not listed: 110.00, and the massage limits that are used up are not asked."""
    used = "used: {ten: 2 visits}, therapy: acupuncture, tier: in_network, charge: $110, first: 2026-01-05"
    assert reached(report(f"{used} -> $110.00")) == set()


def test_cover_begins_a_test_for_a_limit_that_passes_lines_on() -> None:
    rules = rules_of({"catalog.yaml": CATALOG, "fees.yaml": FEES, "plan.yaml": plan_text(*PASSING)})
    given = {each.unreached.what: each.given for each in cover(rules).missing}
    assert set(given) == NAMES
    assert {what: None if each is None else dict(each.used) for what, each in given.items() if "limit" in what} == {
        "limit 'ten'": {"ten": 2},
        "limit 'month'": {"month": 2},
        "limit 'year'": {"ten": 2, "year": 4},
    }


NEXT_YEAR = PLAN.replace("{from: 2026-01-01, to: 2026-12-31}", "{from: 2027-01-01, to: 2027-12-31}")


def next_edition(*benefits: str) -> str:
    """The edition of 2027 with these benefits."""
    return plan_text(*benefits).replace(PLAN, NEXT_YEAR)


def test_a_test_that_runs_into_the_next_edition_reaches_what_stands_there() -> None:
    """A visit in December, 20.00, and one in January under the edition of 2027, 20.00."""
    later = next_edition(
        f"hands: {{therapies: [massage], limits: [{{id: own, allow: 1 visits, per: lifetime}}], {PAYS}}}"
    )
    into = f"{MASSAGE}, dates: [2026-12-30, 2027-01-06, 2027-01-13] -> $130.00"
    assert {each.what for each in report(later=later).unreached} == NAMES | {"benefit 'hands'", "limit 'own'"}
    found = report(into, later=later)
    assert [each.differences for each in found.results] == [()]
    assert {each.what for each in found.unreached} == NAMES - {"benefit 'first'"}
    assert (found.reached, found.reachable) == (3, 7)


def test_an_edition_that_tests_of_another_run_through_is_not_without_tests() -> None:
    def codes(*tests: str) -> list[tuple[str, str]]:
        texts = {"plan.yaml": plan_text(*PASSING) + in_file(*tests), "later.yaml": next_edition(*PASSING)}
        found = load_texts({"catalog.yaml": CATALOG, "fees.yaml": FEES} | texts).diagnostics
        return [(each.code, each.at.file) for each in found if each.code == "plan-without-tests"]

    both = [("plan-without-tests", "later.yaml"), ("plan-without-tests", "plan.yaml")]
    assert codes() == both
    assert codes(f"{MASSAGE}, first: 2026-12-30 -> $20.00") == both[:1]
    assert codes(f"{MASSAGE}, first: 2026-12-30, sessions: 2 -> $40.00") == []


AGES = f"young: {{therapies: [massage], when: {{ages: {{max: 17}}}}, {PAYS}}}"


@pytest.mark.parametrize(
    ("born", "patient", "left"),
    [
        # The eighteenth birthday lies between the two visits: 20.00, then the charge.
        ("2008-01-10", "$110.00", set()),
        ("2008-01-13", "$40.00", {"criterion ages"}),
        ("2008-01-05", "$180.00", set()),
    ],
)
def test_a_birth_date_turns_the_age_on_the_birthday(born: str, patient: str, left: set[str]) -> None:
    test = f"birth_date: {born}, {MASSAGE}, first: 2026-01-05, sessions: 2 -> {patient}"
    texts = {"catalog.yaml": CATALOG, "fees.yaml": FEES, "plan.yaml": plan_text(AGES) + in_file(test)}
    rules = rules_of(texts)
    found = run_tests(compile_rules(rules), rules)
    assert [each.differences for each in found.results] == [()]
    assert {each.what for each in found.unreached} == left
