"""Adjudicates requests on one thread, with one workspace for primary plans and one for secondary plans.

What comes in: typed requests, laid out one after the other. What goes out: their ledgers, after one call of the kernel
for the primary plans and one for the secondary ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import chain
from operator import itemgetter
from typing import TypeAlias, TypeVar

from camcover.calendar import ordinal_of
from camcover.engine.asking.accounts import Accounts, paid_to_members
from camcover.engine.asking.asked import Asked, Unsound, asked_of
from camcover.engine.asking.balance_violations import balance_violations, states_balances
from camcover.engine.asking.cases import Cases
from camcover.engine.asking.claim import without_claim_codes
from camcover.engine.asking.code_order import in_code_order
from camcover.engine.asking.coordination import CentsByLine, Settled, settle
from camcover.engine.asking.episodes import episode_violations, episodes_of, no_episodes
from camcover.engine.asking.facilities import facilities_of
from camcover.engine.asking.layout import Case, Placed, lay_out, place_case
from camcover.engine.asking.openness import Openness, facts_apart, openness_of
from camcover.engine.asking.outcomes import outcome_of
from camcover.engine.asking.payees import reimbursed
from camcover.engine.asking.question import Answer, Question
from camcover.engine.asking.range_causes import bounds_and_causes, unknown_codes
from camcover.engine.asking.ranges import Adjudicate, PricedCase, Way, bounds_of, known
from camcover.engine.asking.scope import Scope
from camcover.engine.asking.timed import in_units
from camcover.engine.asking.violations import violations_of
from camcover.engine.causes import RangeCauses
from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.vocabulary import STATE_INDEX
from camcover.engine.kernel.tables import Array
from camcover.engine.kernel.workspace import Workspace
from camcover.engine.request import (
    NO_MEMBERSHIP,
    NO_USE,
    Coordination,
    Coverage,
    EstimateRequest,
    InvalidRequest,
    Membership,
)
from camcover.observing import ESTIMATE_CASES, note
from camcover.request_bounds import MAX_AGE, MAX_MEMBERS
from camcover.rulebook.records import MemberRole, MemberStatus

Read = TypeVar("Read")
Reader: TypeAlias = Callable[[Question, Openness, PricedCase, Adjudicate], Read]

_ROLES = frozenset(("", *MemberRole))
_STATUSES = frozenset(("", *MemberStatus))

_day_of = itemgetter(0)

_AS_GIVEN = Way()
"""Nothing is open, so that accounts hold what is given, or their amount."""


class Adjudicator:
    """Lays out and adjudicates requests on one thread: one workspace for primary plans, one for secondary plans."""

    def __init__(self) -> None:
        """Begin with nothing laid out."""
        self.first, self.second = Workspace(), Workspace()

    def clear(self) -> None:
        """Forget what is laid out."""
        self.first.clear()
        self.second.clear()

    def lay_out(self, tables: Tables, request: EstimateRequest) -> Question | InvalidRequest:
        """Lay a request out; all that is wrong with it comes back at once.

        What is wrong shows before a row of `requests` is written, so that nothing has to be taken back.
        """
        try:
            return self._question(tables, request)
        except (Unsound, KeyError) as error:
            violations = violations_of(tables, request)
            if not violations:
                raise AssertionError("a request was refused without a reason") from error
            return InvalidRequest(violations)

    def _question(self, tables: Tables, request: EstimateRequest) -> Question:
        """The same; raises `Unsound` or KeyError when something is wrong."""
        _check_members(request)
        if not request.secondary_plan_id:
            _check_second_plan(request)
        index = tables.plans[request.plan_id]
        request = without_claim_codes(request, tables.vocabulary)
        asked = in_units(asked_of(request, tables.vocabulary), request, index, tables.vocabulary)
        asked = in_code_order(asked, tables.vocabulary)
        _check_dates(index, asked, in_force_only=not request.assume_terms)
        first = self.first
        scope = _scope(index, request, asked, secondary=False)
        if states_balances(request) and any(balance_violations(scope)):
            raise Unsound
        primary = lay_out(first, tables, scope, asked)
        secondary = None
        if request.secondary_plan_id:
            second = tables.plans[request.secondary_plan_id]
            scope = _scope(second, request, asked, secondary=True)
            secondary = lay_out(self.second, tables, scope, asked, primary=index)
        return Question(
            request, asked, primary, secondary, place_case(first, primary, _expected(request), is_expected=True)
        )

    def answers(self, tables: Tables, questions: Sequence[Question], *, with_ranges: bool = True) -> list[Answer]:
        """Adjudicate what is laid out; the answer to each question, in order."""
        behind = self._run(tables, questions)
        answers = [self._answer(tables, *each) for each in zip(questions, behind, strict=True)]
        if not with_ranges:
            return answers
        return [self._with_range(tables, *each) for each in zip(questions, answers, strict=True)]

    def expected(self, tables: Tables, questions: Sequence[Question]) -> list[PricedCase]:
        """Adjudicate what is laid out; of each question, in order, the expected case alone.

        The ledger rows of a case hold until the next request is laid out.
        """
        return [
            self._found(
                tables,
                question,
                Accounts(question) if question.primary.plan.has_accounts else None,
                _AS_GIVEN,
                placed=question.placed,
                behind=behind,
            )
            for question, behind in zip(questions, self._run(tables, questions), strict=True)
        ]

    def _run(self, tables: Tables, questions: Sequence[Question]) -> list[Placed | None]:
        """Adjudicate the expected cases; where each stands behind its primary plan, if it does."""
        self.first.run(tables.arrays)
        behind = [
            self._place_behind(each, _expected(each.request), each.placed, is_expected=True) if each.secondary else None
            for each in questions
        ]
        if any(behind):
            self._run_behind(tables, 0)
        return behind

    def _run_behind(self, tables: Tables, first: int) -> None:
        """Adjudicate the secondary plans' requests from row `first` on."""
        self.second.look_behind(self.first.ledger)
        self.second.run(tables.arrays, first)

    def _place_behind(
        self, question: Question, case: Case, placed: Placed, *, is_expected: bool = False
    ) -> Placed | None:
        """Place a case of the secondary plan behind the primary's; None where there is no secondary plan."""
        if question.secondary is None:
            return None
        maintenance = question.request.coordination is Coordination.MAINTENANCE_OF_BENEFITS
        return place_case(
            self.second, question.secondary, case, placed.ledger, maintenance=maintenance, is_expected=is_expected
        )

    def _answer(self, tables: Tables, question: Question, behind: Placed | None) -> Answer:
        """The expected case of one question, read from the workspaces."""
        request, placed = question.request, question.placed
        primary = outcome_of(self.first, question.primary, placed, explain=request.explain)
        patient = self.first.patient(placed.request)
        if question.secondary is None or behind is None:
            back = self._back(tables, question, placed) if question.primary.plan.pays_members else ()
            return self._with_accounts(question, Answer(primary, None, (), (), patient, reimbursed=back))
        settled = self._settled(tables, question, placed, behind)
        secondary = outcome_of(self.second, question.secondary, behind, explain=False)
        paid, forgiven = settled.secondary_paid.tolist(), settled.forgiven.tolist()
        back = self._back(tables, question, placed, behind, settled=settled)
        answer = Answer(primary, secondary, paid, forgiven, patient - sum(paid) - sum(forgiven), reimbursed=back)
        return self._with_accounts(question, answer)

    def _with_accounts(self, question: Question, answer: Answer) -> Answer:
        """The answer after the accounts of the primary plan have paid."""
        if not question.primary.plan.has_accounts:
            return answer
        none = [0] * len(question.asked.lines)
        behind = [sum(each) for each in zip(answer.secondary_paid or none, answer.forgiven or none, strict=True)]
        drawn = Accounts(question).draw(self._rows(question, question.placed), behind)
        reimbursed = [sum(cents) for cents in zip(answer.reimbursed or none, paid_to_members(drawn), strict=True)]
        return answer._replace(drawn=drawn, patient_cents=answer.patient_cents - drawn.total, reimbursed=reimbursed)

    def _back(
        self,
        tables: Tables,
        question: Question,
        placed: Placed,
        behind: Placed | None = None,
        *,
        settled: Settled | None = None,
    ) -> Sequence[int]:
        """What of each line comes back to the member from both plans, cents; empty where neither pays members."""
        found: list[CentsByLine] = []
        if question.primary.plan.pays_members:
            rows = self._rows(question, placed)
            found.append(reimbursed(tables.arrays, rows, rows["plan_paid"]))
        if behind and settled and question.secondary and question.secondary.plan.pays_members:
            found.append(reimbursed(tables.arrays, self._rows_behind(question, behind), settled.secondary_paid))
        return sum(found[1:], found[0]).tolist() if found else ()

    def _settled(self, tables: Tables, question: Question, placed: Placed, behind: Placed) -> Settled:
        """The lines of a case after both plans."""
        return settle(
            question.request.coordination,
            tables.arrays,
            self._rows(question, placed),
            self._rows_behind(question, behind),
        )

    def _with_range(self, tables: Tables, question: Question, answer: Answer) -> Answer:
        """The answer with what is open and the range; the cases for it are forgotten again."""
        openness = openness_of(tables, question, answer.primary.ledger)
        if openness.is_nothing:
            note(ESTIMATE_CASES, 1)
            bounds = known(question, answer.patient_cents)
            causes = RangeCauses(unknown_codes(question)) if question.request.explain_range else None
            return answer._replace(openness=openness, bounds=bounds, causes=causes)
        causes = None
        if question.request.explain_range:
            read = partial(bounds_and_causes, tables=tables, facts=tuple(facts_apart(tables, question, openness)))
            (bounds, causes), cases = self._tried(tables, question, answer, openness, read=read)
        else:
            bounds, cases = self._tried(tables, question, answer, openness, read=bounds_of)
        note(ESTIMATE_CASES, 1 + cases)
        return answer._replace(openness=openness, bounds=bounds, causes=causes)

    def _tried(
        self, tables: Tables, question: Question, answer: Answer, openness: Openness, *, read: Reader[Read]
    ) -> tuple[Read, int]:
        """What is read of cases, and how many there were; they are forgotten again."""
        expected = PricedCase(answer.patient_cents, self._rows(question, question.placed))
        workspaces = [self.first] if question.secondary is None else [self.first, self.second]
        marks = [each.marks() for each in workspaces]
        adjudicate = partial(self._adjudicate, tables, question, _Layers(self, question, openness))
        before = self.first.requests.used
        found = read(question, openness, expected, adjudicate)
        cases = self.first.requests.used - before
        for workspace, mark in zip(workspaces, marks, strict=True):
            workspace.back_to(mark)
        return found, cases

    def _adjudicate(self, tables: Tables, question: Question, cases: _Layers, ways: Sequence[Way]) -> list[PricedCase]:
        """Place ways as cases, adjudicate them, and read what the patient pays in each."""
        first, second = self.first.requests.used, self.second.requests.used
        placed = [place_case(self.first, question.primary, cases.first.case(way)) for way in ways]
        self.first.run(tables.arrays, first)
        behind: list[Placed | None] = [None] * len(ways)
        if cases.second is not None:
            behind = [
                self._place_behind(question, cases.second.case(way), each)
                for way, each in zip(ways, placed, strict=True)
            ]
            self._run_behind(tables, second)
        return [
            self._found(tables, question, cases.accounts, way, placed=each, behind=other)
            for way, each, other in zip(ways, placed, behind, strict=True)
        ]

    def _found(
        self,
        tables: Tables,
        question: Question,
        accounts: Accounts | None,
        way: Way,
        *,
        placed: Placed,
        behind: Placed | None,
    ) -> PricedCase:
        """What an adjudicated case came to."""
        patient, rows = self.first.patient(placed.request), self._rows(question, placed)
        paid_behind: Sequence[int] = ()
        if behind is not None:
            settled = self._settled(tables, question, placed, behind)
            paid_behind = (settled.secondary_paid + settled.forgiven).tolist()
            patient -= sum(paid_behind)
        if accounts is not None:
            drawn = accounts.draw(rows, paid_behind or [0] * len(rows), are_empty=way.are_accounts_empty)
            patient -= drawn.total
        return PricedCase(patient, rows)

    def _rows_behind(self, question: Question, behind: Placed) -> Array:
        """The second plan's ledger of a case."""
        return self.second.ledger.array[behind.ledger : behind.ledger + len(question.asked.lines)]

    def _rows(self, question: Question, placed: Placed) -> Array:
        """The primary plan's ledger of a case."""
        return self.first.ledger.array[placed.ledger : placed.ledger + len(question.asked.lines)]


class _Layers:
    """What lays out the cases of a question, for each of its plans."""

    def __init__(self, adjudicator: Adjudicator, question: Question, openness: Openness) -> None:
        """Begin with nothing laid out."""
        self.first = Cases(adjudicator.first, question, openness, 0)
        self.second = Cases(adjudicator.second, question, openness, 1) if question.secondary is not None else None
        self.accounts = Accounts(question) if question.primary.plan.has_accounts else None


def _expected(request: EstimateRequest) -> Case:
    """The expected case."""
    return _expected_case(request.assume_requirements, request.assume_terms)


@cache
def _expected_case(requirements: bool, terms: bool) -> Case:
    """The expected case of requests that assume these; made once."""
    return Case(requirements_met=requirements, in_force_only=not terms, notice_given=requirements)


def _check_members(request: EstimateRequest) -> None:
    """Raise `Unsound` when something is wrong with the members, whatever the plan."""
    members = request.members
    self_only = request.coverage is Coverage.SELF_ONLY
    of_family = request.family_accumulators or request.secondary_family_accumulators or request.family_account_balances
    if self_only and of_family:
        raise Unsound
    if not 1 <= len(members) <= (1 if self_only else MAX_MEMBERS):
        raise Unsound
    if len(members) > 1 and len({member.id for member in members}) < len(members):
        raise Unsound
    has_episodes = False
    for member in members:
        has_episodes = has_episodes or bool(member.episodes)
        if member.state and member.state not in STATE_INDEX:
            raise Unsound
        if member.membership is not NO_MEMBERSHIP and not _is_sound(member.membership):
            raise Unsound
        if member.secondary_membership is not NO_MEMBERSHIP and not _is_sound(member.secondary_membership):
            raise Unsound
        if member.age is not None and (member.birth_date is not None or not 0 <= member.age <= MAX_AGE):
            raise Unsound
    if has_episodes and next(episode_violations(request), None) is not None:
        raise Unsound


def _is_sound(membership: Membership) -> bool:
    """Whether what is said of a membership does not contradict itself."""
    first, last, enrolled = membership.covered_from, membership.covered_to, membership.enrolled_on
    if membership.role not in _ROLES or membership.status not in _STATUSES:
        return False
    return first is None or ((last is None or first <= last) and (enrolled is None or enrolled <= first))


def _check_second_plan(request: EstimateRequest) -> None:
    """Raise `Unsound` when something is stated of a second plan, of which there is none."""
    if request.coordination is not Coordination.STANDARD or request.secondary_family_accumulators:
        raise Unsound
    for member in request.members:
        if member.secondary_use != NO_USE or member.secondary_membership != NO_MEMBERSHIP:
            raise Unsound
    for item in request.items:
        if item.secondary_tier:
            raise Unsound


def _check_dates(index: PlanIndex, asked: Asked, *, in_force_only: bool) -> None:
    """Raise `Unsound` when a date lies before the plan's first edition, or none has terms (point 37)."""
    if asked.lines[0][0] < index.segments[0].first_day:
        raise Unsound
    for day, _, _ in asked.lines:
        if index.terms_on(day, in_force_only=in_force_only) is not None:
            return
    raise Unsound


def _scope(index: PlanIndex, request: EstimateRequest, asked: Asked, *, secondary: bool) -> Scope:
    """The plan and edition by which use before the estimate is read."""
    first_day = asked.lines[0][0]
    as_of = first_day if request.as_of is None else ordinal_of(request.as_of)
    edition = index.reference(chain((as_of,), map(_day_of, asked.lines)))
    episodes = episodes_of(request) if index.counts_episodes else no_episodes(len(request.members))
    facilities = facilities_of(index, request)
    return Scope(index, edition, request, secondary, as_of, first_day, episodes, facilities)
