"""Benefits that conflict: overlaps, and benefits whose lines an earlier rule always takes.

The first benefit that matches applies. So if two can match the same line, the order of the file decides. That is worth
a warning, unless the earlier one passes on what it does not cover: by `when_exhausted: next`, or by `attested`,
`waiting_period` or `from_year` where the later one covers the same without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from camcover.messages import Message, WordList, sentence
from camcover.rulebook.checks.bounds import MAX_BENEFITS
from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.regions import (
    Region,
    ends_first,
    is_disjoint,
    is_empty,
    is_weaker,
    region_of,
)
from camcover.rulebook.checks.scope import catalogs_on, days_of_change, plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.records import Benefit, Exclusion, Plan, RuleSet

OVERLAPPING = declare_fault(
    "overlapping-benefits",
    Severity.WARNING,
    "Two benefits match the same line (therapy or code, tier and criteria), so the order in the file decides which of "
    "them applies.",
    "Make their criteria exclude each other, give the earlier benefit `when_exhausted: next`, or give it an "
    "attestation (`attested`), a `waiting_period` or a `from_year` that the later benefit does not need.",
)
NEVER_APPLIES = declare_fault(
    "benefit-never-applies",
    Severity.WARNING,
    "A benefit never applies, because exclusions or earlier benefits with the same or weaker criteria take every line "
    "that it matches.",
    "Move the benefit up, narrow the earlier rule, or remove the benefit.",
)


_BOTH_MATCH_CODE = sentence("overlapping-benefits-both-match-code", "earlier", "later", "code", "tier")
_BOTH_MATCH_THERAPY = sentence("overlapping-benefits-both-match-therapy", "earlier", "later", "therapy", "tier")
_FIRST_APPLIES = sentence("overlapping-benefits-first-applies", "benefit", "line")
_ONE_TAKES_ALL = sentence("benefit-never-applies-one-takes-all", "benefit", "takers")
_SEVERAL_TAKE_ALL = sentence("benefit-never-applies-several-take-all", "benefit", "takers")
_EXCLUSION = sentence("benefit-never-applies-exclusion", "line")
_BENEFIT = sentence("benefit-never-applies-benefit", "benefit")
_MOVE_IT_UP = sentence("benefit-never-applies-move-it-up")

_Service = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Reach:
    """What a rule can match on one day: pairs of therapy and code (either may be ""), tiers (None: all), criteria."""

    name: Message
    services: frozenset[_Service]
    tiers: frozenset[str] | None
    region: Region
    passes_on: bool

    def has_tier(self, tier: str) -> bool:
        """Whether the rule holds in `tier`."""
        return self.tiers is None or tier in self.tiers


def check_overlaps(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """No two benefits match the same line (docs/rule-language.md, section 4, which benefit applies)."""
    for plan in _comparable(rules):
        days = [_reaches(plan, rules, day) for day in days_of_change(plan, rules)]
        hidden = set(_hidden(plan, days))
        benefits = list(plan.benefits.values())
        for position, later in enumerate(benefits):
            for earlier in benefits[:position]:
                if earlier.id in hidden or later.id in hidden or asks_more(earlier, later):
                    continue
                shared = next(filter(None, (_shared(day[1], earlier.id, later.id) for day in days)), None)
                if shared is not None:
                    advice = _FIRST_APPLIES(benefit=earlier.id, line=str(earlier.at.line))
                    yield OVERLAPPING.at(later.at, shared, advice)


def asks_more(earlier: Benefit, later: Benefit) -> bool:
    """Whether a benefit asks for something that a later one does without, and is therefore meant to precede it.

    That is an attestation, or a waiting period that may end later than the other's.
    """
    behind = set(later.when.attested or ()) if later.when is not None else set()
    if earlier.when is None:
        return False
    wait, other = earlier.when.waiting_period, later.when.waiting_period if later.when is not None else None
    is_longer = wait is not None and (other is None or not ends_first(wait, other))
    return is_longer or bool(set(earlier.when.attested or ()) - behind)


def check_hidden(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Every benefit is the first to match something (docs/rule-language.md, section 4, which benefit applies)."""
    for plan in _comparable(rules):
        days = [_reaches(plan, rules, day) for day in days_of_change(plan, rules)]
        for benefit, takers in _hidden(plan, days).items():
            finding = (_ONE_TAKES_ALL if len(takers) == 1 else _SEVERAL_TAKE_ALL)(
                benefit=benefit, takers=WordList(tuple(takers))
            )
            yield NEVER_APPLIES.at(plan.benefits[benefit].at, finding, _MOVE_IT_UP())


def _comparable(rules: RuleSet) -> Iterator[Plan]:
    """The plans whose benefits can be compared pair by pair; the others have an error already (checks/bounds.py)."""
    return (each for each in plans(rules) if len(each.benefits) + len(each.exclusions) <= MAX_BENEFITS)


_Day = tuple[list[_Reach], Mapping[str, _Reach]]


def _reaches(plan: Plan, rules: RuleSet, day: date) -> _Day:
    """What each exclusion, and each benefit by id, can match on `day`."""
    exclusions = [
        _Reach(_EXCLUSION(line=str(each.at.line)), _services(each, rules, day), None, region, passes_on=False)
        for each in plan.exclusions
        for region in [region_of(rules, day, None, each.when)]
    ]
    benefits = {
        each.id: _Reach(
            _BENEFIT(benefit=each.id), _services(each, rules, day), frozenset(each.tiers), region, passes_on
        )
        for each in plan.benefits.values()
        for region in [region_of(rules, day, each.policy, each.when)]
        for passes_on in [each.continues_when_exhausted]
    }
    return exclusions, benefits


def _services(rule: Benefit | Exclusion, rules: RuleSet, day: date) -> frozenset[_Service]:
    """The lines that a rule matches: its therapies alone and with each of their codes, its codes with each therapy."""
    catalogs = catalogs_on(rules, day)
    pairs: set[_Service] = {(name, "") for name in rule.therapies}
    for catalog in catalogs:
        known = (catalog.therapies[name] for name in rule.therapies if name in catalog.therapies)
        pairs.update((therapy.id, code) for therapy in known for code in therapy.billed)
        if rule.codes:
            pairs.update(
                (therapy.id, code)
                for therapy in catalog.therapies.values()
                for code in therapy.billed
                if code in rule.codes
            )
    with_code = {code for _, code in pairs}
    pairs.update(("", code) for code in rule.codes if code not in with_code)
    without = rule.without_codes if isinstance(rule, Benefit) else ()
    return frozenset(pair for pair in pairs if pair[1] not in without) if without else frozenset(pairs)


def _shared(day: Mapping[str, _Reach], earlier: str, later: str) -> Message | None:
    """That both benefits match a service and tier, in words; None when there is none, or the earlier one passes on."""
    one, other = day[earlier], day[later]
    services = one.services & other.services
    if one.passes_on or not services:
        return None
    tiers = [tier for tier in sorted(other.tiers or ()) if one.has_tier(tier)]
    if not tiers or is_disjoint(one.region, other.region):
        return None
    if is_empty(one.region) or is_empty(other.region):
        return None
    # One service for the message, a whole therapy if there is one.
    therapy, code = min(services, key=lambda each: (each[1] != "", each))
    if code:
        return _BOTH_MATCH_CODE(earlier=earlier, later=later, code=code, tier=tiers[0])
    return _BOTH_MATCH_THERAPY(earlier=earlier, later=later, therapy=therapy, tier=tiers[0])


def _hidden(plan: Plan, days: Sequence[_Day]) -> dict[str, list[Message]]:
    """The benefits that never apply, with the names of the rules that take their lines."""
    hidden: dict[str, list[Message]] = {}
    order = list(plan.benefits)
    for position, benefit in enumerate(order):
        takers: dict[Message, None] = {}
        if all(_is_taken(day, order[:position], benefit, takers) for day in days):
            hidden[benefit] = list(takers)
    return hidden


def _is_taken(day: _Day, earlier: Sequence[str], benefit: str, takers: dict[Message, None]) -> bool:
    """Whether earlier rules take each service and tier of `benefit`; their names are added to `takers`."""
    exclusions, benefits = day
    reach = benefits[benefit]
    before = exclusions + [benefits[each] for each in earlier if not benefits[each].passes_on]
    before = [rule for rule in before if rule.services & reach.services and is_weaker(rule.region, reach.region)]
    before = [rule for rule in before if not is_empty(rule.region)]
    for service in reach.services:
        for tier in reach.tiers or ():
            taker = next((rule for rule in before if service in rule.services and rule.has_tier(tier)), None)
            if taker is None:
                return False
            takers[taker.name] = None
    return bool(reach.services and reach.tiers)
