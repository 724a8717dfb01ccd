"""`rules explain`: what a plan decides about a therapy, as short tables in words.

What comes in: a rule set, a plan, a therapy, and the known facts of the line. What goes out: a `DecisionTable` for each
run of days without a change of the rules, and for each group of codes that the same rules name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from camcover.engine.estimate import Reason
from camcover.engine.telling.citing import rule_place
from camcover.errors import CamcoverError
from camcover.rulebook import nearest
from camcover.rulebook.analysis.cells import Grid, LineFacts, grid_of
from camcover.rulebook.analysis.criteria import condition_entries
from camcover.rulebook.analysis.decisions import Verdict, first_bit
from camcover.rulebook.analysis.services import NO_CODE, Stretch, services_of, stretches_of
from camcover.rulebook.analysis.table import Row, rows_of
from camcover.rulebook.analysis.wording import AXES, axis_words
from camcover.rulebook.hints import Aliases, aliases_in, with_hint
from camcover.rulebook.records import DIAGNOSIS_DENIAL, Benefit, Catalog, Exclusion, Plan, RuleSet, TierBenefit
from camcover.rulebook.term_messages import (
    account_terms,
    attestation,
    limit_terms,
    payment,
    phase_steps,
    provider_liable,
    requirement,
)

__all__ = [
    "BenefitTerms",
    "DecisionTable",
    "Other",
    "TableQuery",
    "TableRow",
    "UnknownFact",
    "WorkedTable",
    "code_words",
    "decision_tables",
    "worked_tables",
]


class UnknownFact(CamcoverError):
    """A word of the question that the rules do not have."""

    def __init__(
        self,
        fact: str,
        word: str,
        words: Iterable[str],
        *,
        kind: str = "",
        aliases: Aliases | None = None,
        cutoff: float = 0.6,
    ) -> None:
        """Name the word, and what was perhaps meant of `words`.

        `fact`: what of the question it is (`plan`, `code`, ...); `kind`: the same as the message says it, where that is
        longer.
        """
        kind = kind or fact
        known = list(words)
        super().__init__(with_hint(f"no {kind} {word!r}", word, known, aliases=aliases, cutoff=cutoff))
        self.fact, self.kind, self.word = fact, kind, word
        self.nearest = nearest(word, known, cutoff=cutoff)[:2]


@dataclass(frozen=True, slots=True)
class TableQuery:
    """The question: a service and the known facts. None and empty mean open; all cases are then shown."""

    plan_id: str
    therapy: str
    code: str | None = None
    day: date | None = None
    diagnoses: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    facts: LineFacts = field(default_factory=LineFacts)


@dataclass(frozen=True, slots=True)
class Other:
    """A rule that names the service but does not decide: its name, its place, and the reason."""

    rule: str
    place: str
    why: str


@dataclass(frozen=True, slots=True)
class TierWords:
    """What the member pays in a tier, step by step; the provider's denials there; the payee ("" = the provider)."""

    tier: str
    member_pays: tuple[str, ...]
    provider_liable: str = ""
    payment: str = ""


@dataclass(frozen=True, slots=True)
class LimitWords:
    """A limit in words, and where it stands."""

    limit: str
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class AccountWords:
    """An account in words, and where it stands."""

    account: str
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class BenefitTerms:
    """What a benefit pays in the tiers of a row, its requirements and limits, and what accounts pay."""

    benefit: str
    place: str
    terms: tuple[TierWords, ...]
    requirements: tuple[str, ...]
    limits: tuple[LimitWords, ...]
    accounts: tuple[AccountWords, ...] = ()


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its conditions (subject -> words, only where values are distinguished), and the decision.

    `benefits` apply in turn: each applies when the one before is used up. Terms, limits, requirements and accounts are
    those of the first benefit; those of the others are in `then`. `provider_liable`: for a line that is refused for its
    diagnosis, the tiers in which the denial is the provider's, in words.
    """

    when: dict[str, str]
    verdict: Verdict
    benefits: tuple[str, ...]
    reason: str
    place: str
    terms: tuple[TierWords, ...]
    requirements: tuple[str, ...]
    limits: tuple[LimitWords, ...]
    others: tuple[Other, ...]
    then: tuple[BenefitTerms, ...] = ()
    provider_liable: tuple[str, ...] = ()
    accounts: tuple[AccountWords, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """All cases of a therapy billed as any of `codes` ("": without a code) on the days from `first` to `last`."""

    plan_id: str
    therapy: str
    codes: tuple[str, ...]
    first: date
    last: date | None
    cases: tuple[TableRow, ...]


class WorkedTable(NamedTuple):
    """A table with what it was made of: its grid, and a row for each of its cases."""

    table: DecisionTable
    grid: Grid
    rows: tuple[Row, ...]


def decision_tables(rules: RuleSet, question: TableQuery) -> list[DecisionTable]:
    """The tables that answer a question, in order of date. Raises `UnknownFact`, `TooManyCells`."""
    return [each.table for each in worked_tables(rules, question)]


def worked_tables(rules: RuleSet, question: TableQuery) -> list[WorkedTable]:
    """The same with what they were made of. Raises `UnknownFact`, `TooManyCells`."""
    editions = _checked(rules, question)
    tables: list[WorkedTable] = []
    for stretch in (stretch for plan in editions for stretch in stretches_of(plan, rules)):
        if question.day is None or stretch.holds(question.day):
            tables += _tables_of(rules, stretch, question)
    if not tables:
        ranges = (f"{plan.heading.effective.start} to {plan.heading.effective.end or 'open'}" for plan in editions)
        kind = f"edition of plan {question.plan_id} ({', '.join(ranges)}) on"
        raise UnknownFact("edition", str(question.day), (), kind=kind)
    return tables


def _checked(rules: RuleSet, question: TableQuery) -> tuple[Plan, ...]:
    """The editions of the plan. Raises `UnknownFact` for the first word that the rules do not have."""
    editions = rules.plans.get(question.plan_id)
    if editions is None:
        raise UnknownFact("plan", question.plan_id, rules.plans)
    catalogs = [catalog for each in rules.catalogs.values() for catalog in each]
    therapies = {str(name): therapy for catalog in catalogs for name, therapy in catalog.therapies.items()}
    facts = question.facts
    codes = [str(code) for catalog in catalogs for code in _codes(catalog.therapies.get(question.therapy))]
    asked = [
        _Asked("therapy", question.therapy, therapies, aliases=aliases_in(catalogs, "therapy")),
        _Asked("code", question.code, codes, kind=f"code of {question.therapy}", cutoff=1),
        _Asked("tier", facts.tier, [str(tier) for plan in editions for tier in plan.tiers]),
        _of_catalog(catalogs, "practitioner", facts.practitioner),
        *(_of_catalog(catalogs, "condition", name) for name in question.conditions),
    ]
    for each in asked:
        if each.word and each.word not in each.known:
            known = dict.fromkeys(each.known)
            raise UnknownFact(each.fact, each.word, known, kind=each.kind, aliases=each.aliases, cutoff=each.cutoff)
    return editions


class _Asked(NamedTuple):
    """A word of a question, and the words that it may be. `fact` and `kind` as `UnknownFact` has them."""

    fact: str
    word: str | None
    known: Collection[str]
    kind: str = ""
    aliases: Aliases = {}  # noqa: RUF012 - never changed
    cutoff: float = 0.6


def _of_catalog(catalogs: Sequence[Catalog], fact: str, word: str | None) -> _Asked:
    """A practitioner or a condition that is asked about."""
    known = [str(each) for catalog in catalogs for each in getattr(catalog, f"{fact}s")]
    return _Asked(fact, word, known, aliases=aliases_in(catalogs, fact))


def _codes(therapy: object) -> tuple[str, ...]:
    """The codes of a therapy of the catalog and of its visits; none of one that this edition lacks."""
    return getattr(therapy, "billed", ())


def _tables_of(rules: RuleSet, stretch: Stretch, question: TableQuery) -> Iterator[WorkedTable]:
    """The tables of one stretch, one for each group of codes."""
    facts = _facts(rules, stretch, question)
    for service in services_of(stretch, rules):
        if service.therapy == question.therapy and (question.code is None or question.code in service.codes):
            grid = grid_of(stretch, service, rules, facts)
            rows = tuple(rows_of(grid))
            cases = tuple(_case(grid, row) for row in rows)
            codes = service.codes if question.code is None else (question.code,)
            table = DecisionTable(question.plan_id, service.therapy, codes, stretch.first, stretch.last, cases)
            yield WorkedTable(table, grid, rows)


def _facts(rules: RuleSet, stretch: Stretch, question: TableQuery) -> LineFacts:
    """The facts of a question; a condition stands for its ICD-10 entries of the stretch's catalogs (point 3)."""
    facts = question.facts
    if not question.diagnoses and not question.conditions:
        return facts
    entries = condition_entries(rules, stretch.first, question.conditions)
    return replace(facts, diagnoses=(*question.diagnoses, *entries))


def _case(grid: Grid, row: Row) -> TableRow:
    """A row in words."""
    rules = [grid.service.rules[number] for number in row.outcome.rules]
    benefits = [rule for rule in rules if isinstance(rule, Benefit)] if row.outcome.verdict is Verdict.BENEFIT else []
    tiers = {str(value) for place in row.box[0] for value in grid.axes[0][place].values}
    nothing = BenefitTerms("", "", (), (), (), _accounts(grid, ""))
    first, *behind = [_terms(grid, benefit, tiers) for benefit in benefits] or [nothing]
    when = {
        str(AXES[axis]): axis_words(grid, axis, row.box) for axis, classes in enumerate(grid.axes) if len(classes) > 1
    }
    return TableRow(
        when=when,
        verdict=row.outcome.verdict,
        benefits=tuple(str(benefit.id) for benefit in benefits),
        reason=row.outcome.reason or _exclusion_reason(rules),
        place=rule_place(rules[0].at) if rules else "",
        terms=first.terms,
        requirements=first.requirements,
        limits=first.limits,
        others=tuple(_others(grid, row)),
        then=tuple(behind),
        provider_liable=tuple(_bearers(grid, tiers)) if row.outcome.reason == Reason.DIAGNOSIS_NOT_COVERED.name else (),
        accounts=first.accounts,
    )


def _accounts(grid: Grid, benefit: str) -> tuple[AccountWords, ...]:
    """The accounts that may pay the member's share of the table's lines under a benefit, each once."""
    service, plan = grid.service, grid.stretch.plan
    codes = [str(code) for code in service.codes] or [""]
    told = (
        AccountWords(str(each.id), account_terms(each).text, rule_place(each.at))
        for code in codes
        for each in plan.accounts.values()
        if each.is_for(benefit, str(service.therapy), code)
    )
    return tuple(dict.fromkeys(told))


def _bearers(grid: Grid, tiers: Collection[str]) -> Iterator[str]:
    """Each tier in which a denial for the diagnosis is the provider's (docs/rule-language.md, point 41)."""
    for name, tier in grid.stretch.plan.tiers.items():
        liable = tier.provider_liable
        if name in tiers and liable is not None and DIAGNOSIS_DENIAL in liable.denials:
            unless = f", unless with {attestation(liable.unless).text}" if liable.unless is not None else ""
            yield f"{name}: the provider bears it{unless}"


def _terms(grid: Grid, benefit: Benefit, tiers: Collection[str]) -> BenefitTerms:
    """A benefit's terms in some tiers, in words."""
    return BenefitTerms(
        benefit=str(benefit.id),
        place=rule_place(benefit.at),
        terms=tuple(
            _tier_words(grid.stretch.plan, block) for name, block in benefit.tiers.items() if str(name) in tiers
        ),
        requirements=tuple(requirement(each).text for each in benefit.requires),
        limits=tuple(LimitWords(str(each.id), limit_terms(each).text, rule_place(each.at)) for each in benefit.limits),
        accounts=_accounts(grid, str(benefit.id)),
    )


def _tier_words(plan: Plan, block: TierBenefit) -> TierWords:
    tier = plan.tiers[block.tier]
    liable, paid_to = tier.provider_liable, payment(tier)
    return TierWords(
        str(block.tier),
        tuple(step.text for phase in block.member_pays for step in phase_steps(phase)),
        provider_liable(liable).text if liable else "",
        paid_to.text if paid_to else "",
    )


def _exclusion_reason(rules: Iterable[Benefit | Exclusion]) -> str:
    """Why an exclusion stands in the plan."""
    return next((rule.reason for rule in rules if isinstance(rule, Exclusion)), "")


def _others(grid: Grid, row: Row) -> Iterator[Other]:
    """Each other rule that names the service, with the first criteria that fail in the row."""
    deciding = row.outcome.rules if row.outcome.verdict is not Verdict.REFUSED else ()
    for number, rule in enumerate(grid.service.rules):
        if number in deciding:
            continue
        span = grid.spans[number]
        keys = []
        for pattern in row.patterns:
            failing = pattern & span
            keys.append(grid.checks[first_bit(failing)].key if failing else "")
        failed = [key for key in dict.fromkeys(keys) if key]
        parts = [f"fails {' or '.join(failed)}"] if failed else []
        parts += ["stands behind"] if "" in keys else []
        name = f"benefit '{rule.id}'" if isinstance(rule, Benefit) else "exclusion"
        yield Other(name, rule_place(rule.at), " or ".join(parts))


def code_words(codes: tuple[str, ...]) -> str:
    """`any code`, `98943`, `97810, 97811 or no code`."""
    known = ", ".join(code for code in codes if code != NO_CODE)
    return " or ".join(part for part in (known, "no code" if NO_CODE in codes else "") if part)
