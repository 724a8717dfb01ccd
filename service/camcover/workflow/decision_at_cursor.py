"""The decision that a rule file makes at a line: of the benefit or exclusion there, its terms, and to whom it applies.

What comes in: checked rules, the name of one of their files, its text, and a line. What goes out: the terms of the rule
in words, and the cases of the services that it names: first those that it decides, then what becomes of the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from camcover.engine.telling.citing import rule_place
from camcover.rulebook import Diagnostic, Loaded, RuleSet, load_files
from camcover.rulebook.analysis.decisions import Verdict
from camcover.rulebook.analysis.diagnoses import TooManyCells
from camcover.rulebook.analysis.services import services_of, stretches_of
from camcover.rulebook.analysis.wording import ANY
from camcover.rulebook.facts.words import days_words, edition_words
from camcover.rulebook.records import Benefit, Exclusion, Plan
from camcover.workflow.completing import way_to
from camcover.workflow.decision_tables import DecisionTable, TableQuery, TableRow, code_words, decision_tables
from camcover.workflow.decision_words import decided, term_lines
from camcover.workflow.draft_checks import concerned

__all__ = ["CursorCase", "CursorDecision", "Typed", "decision_at", "diagnosed_at"]

MOST_CASES = 24
"""Cases that are told of one rule."""

_MOST_THERAPIES = 8
"""Therapies of one rule whose cases are worked out."""


class CursorCase(NamedTuple):
    """One case: the service and its days, by what it is told from others, and the decision; `is_own`: by this rule."""

    service: str
    when: str
    decision: str
    is_covered: bool
    is_own: bool


class CursorDecision(NamedTuple):
    """What a rule decides: its terms, and cases. `left_out`: cases that are not told; `fault`: what else is not."""

    rule: str
    plan: str
    edition: str
    terms: tuple[str, ...] = ()
    cases: tuple[CursorCase, ...] = ()
    left_out: int = 0
    fault: str = ""


class Typed(NamedTuple):
    """What an editor shows: a file with its text, and the line of the cursor, from 1."""

    file: str
    text: str
    line: int


def diagnosed_at(
    before: Mapping[str, bytes], after: Mapping[str, bytes], typed: Typed
) -> tuple[tuple[Diagnostic, ...], CursorDecision | None]:
    """What `camcover rules check` finds in the files that differences concern, and the decision at a line.

    No test is run. There is no decision while a file has an error, nor outside of benefits and exclusions.
    """
    names = concerned(before, after)
    found = with_file = _loaded(after, names)
    if typed.file not in names:
        # A file that is as in the base has no findings of the draft, but it decides: with what a new file concerns.
        others = {name: content for name, content in before.items() if name != typed.file}
        with_file = _loaded(after, concerned(others, after))
    return found.diagnostics, None if with_file.rules is None else decision_at(with_file.rules, typed)


def _loaded(files: Mapping[str, bytes], names: Collection[str]) -> Loaded:
    return load_files({name: content for name, content in files.items() if name in names})


def decision_at(rules: RuleSet, typed: Typed) -> CursorDecision | None:
    """The decision at a line of a plan's file; None outside of benefits and exclusions."""
    plans = (plan for editions in rules.plans.values() for plan in editions)
    plan = next((each for each in plans if rules.as_read(each.heading.at.file) == typed.file), None)
    rule = None if plan is None else _rule_at(plan, typed)
    if plan is None or rule is None:
        return None
    name = f"benefit {rule.id}" if isinstance(rule, Benefit) else "exclusion"
    head = CursorDecision(name, str(plan.heading.name or plan.heading.id), edition_words(plan.heading.effective))
    therapies = _therapies(rules, plan, rule)
    try:
        tables = [_tables(rules, plan, each) for each in therapies[:_MOST_THERAPIES]]
    except TooManyCells as error:
        return head._replace(fault=str(error))
    place = rule_place(rule.at)
    terms = (line for of_one in tables for table in of_one for row in table.cases for line in _own_terms(row, place))
    cases = sorted((case for of_one in tables for case in _cases(of_one, place)), key=_stands_behind)
    return head._replace(
        terms=tuple(dict.fromkeys(terms)),
        cases=tuple(cases[:MOST_CASES]),
        left_out=max(0, len(cases) - MOST_CASES),
        fault=f"{len(therapies) - _MOST_THERAPIES} more therapies" if len(therapies) > _MOST_THERAPIES else "",
    )


def _rule_at(plan: Plan, typed: Typed) -> Benefit | Exclusion | None:
    """The benefit or exclusion in which a line stands."""
    block, name, *_ = (*way_to(typed.text, typed.line), "", "")
    if block == "benefits":
        return plan.benefits.get(name)
    begun = [each for each in plan.exclusions if each.at.line <= typed.line]
    return begun[-1] if block == "exclusions" and begun else None


def _therapies(rules: RuleSet, plan: Plan, rule: Benefit | Exclusion) -> list[str]:
    """The therapies that a rule names, by themselves or by their codes, in the order of the catalogs."""
    services = (service for stretch in stretches_of(plan, rules) for service in services_of(stretch, rules))
    return list(dict.fromkeys(service.therapy for service in services if any(each is rule for each in service.rules)))


def _tables(rules: RuleSet, plan: Plan, therapy: str) -> list[DecisionTable]:
    """What one edition of a plan decides about a therapy. Raises `TooManyCells`."""
    days = plan.heading.effective
    found = decision_tables(rules, TableQuery(str(plan.heading.id), therapy))
    return [each for each in found if days.start <= each.first and (days.end is None or each.first <= days.end)]


def _own_terms(row: TableRow, place: str) -> list[str]:
    """The terms of the rule at a place, where it decides or comes when another is used up."""
    if row.place == place:
        return term_lines(row)
    return next((term_lines(each) for each in row.then if each.place == place), [])


def _cases(tables: Sequence[DecisionTable], place: str) -> Iterator[CursorCase]:
    """The cases of one therapy whose service the rule at a place names, each once with its services."""
    services: dict[CursorCase, list[str]] = {}
    for table in tables:
        for row in table.cases:
            case = _case(table.therapy, row, place)
            if case is not None:
                services.setdefault(case, []).append(
                    f"{code_words(table.codes)}, {days_words(table.first, table.last)}"
                )
    for case, told in services.items():
        yield case if len(told) == len(tables) else case._replace(service=f"{case.service} ({'; '.join(told)})")


def _case(therapy: str, row: TableRow, place: str) -> CursorCase | None:
    """A row in words; None where it is of a service that the rule at a place does not name."""
    is_first = row.place == place
    is_behind = any(each.place == place for each in row.then)
    is_own = is_first or is_behind
    other = None if is_own else next((each for each in row.others if each.place == place), None)
    if not is_own and other is None:
        return None
    when = "; ".join(f"{subject} {words}" for subject, words in row.when.items() if words != ANY) or "every line"
    own = ", and by this rule once that is used up" if is_behind else f"; this rule {other.why}" if other else ""
    is_covered = row.verdict is Verdict.BENEFIT
    return CursorCase(therapy, when, f"{decided(row)}{own}", is_covered, is_own)


def _stands_behind(case: CursorCase) -> bool:
    return not case.is_own
