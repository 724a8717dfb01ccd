"""The assumptions of an estimate as messages (docs/rule-language.md, points 2, 18, 29, 30, 37, 40).

What comes in: a question and its answer. What goes out: messages, in the order in which a reader would ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from camcover.calendar import OrdinalDay
from camcover.engine.asking.accounts import FAMILY, amount_of
from camcover.engine.asking.layout import OPEN_TIER, Layout
from camcover.engine.asking.open_use import is_stale
from camcover.engine.asking.openness import Openness, terms_assumed
from camcover.engine.asking.question import Answer, Question
from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.compile_rows import ATTESTATION_BITS
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.facts import OpenFact
from camcover.engine.kernel.workspace import LedgerRow
from camcover.messages import Argument, Dollars, Label, Message, WordList, either, sentence
from camcover.rulebook.records import (
    FROM_EPISODE,
    AccumulatorKind,
    Attestation,
    Benefit,
    CountedFor,
    Criteria,
    WaitingUnit,
)
from camcover.rulebook.term_messages import ages, allowed, period, roles, statuses, waiting, what_limit_allows

_UNKNOWN_CODE = sentence("assumed-unknown-code", "item", "code", "charge")
_UNBILLED = sentence("assumed-unbilled-minutes", "item", "count", "code")
_NETWORK = sentence("assumed-network", "tier")
_NETWORK_OF_SECOND = sentence("assumed-network-of-second", "tier")
_TERMS_GO_ON = sentence("terms-assumed", "day")
_TERMS = (sentence("assumed-terms", "day"), sentence("assumed-terms-of-second", "day"))
_FITS = sentence("assumed-fact-fits", "item", "only", "missing")
_DOES_NOT_FIT = sentence("assumed-fact-does-not-fit", "item", "only", "missing")
_AGE_OF_LIMIT = sentence("assumed-age-of-limit", "item", "limit", "taken")
_NOT_GIVEN = sentence("assumed-fact-not-given", "item", "missing")
_STALE_SUMS = (sentence("assumed-stale-sums", "day"), sentence("assumed-stale-sums-of-second", "day"))
_SUM = (
    sentence("assumed-sum", "owner", "accumulator", "expected", "maximum"),
    sentence("assumed-sum-of-second", "owner", "accumulator", "expected", "maximum"),
)
_NO_SUM = (
    sentence("assumed-no-sum", "owner", "accumulator", "maximum"),
    sentence("assumed-no-sum-of-second", "owner", "accumulator", "maximum"),
)
_INCENTIVE = (sentence("assumed-incentive", "member"), sentence("assumed-incentive-of-second", "member"))
_PRICE = sentence("assumed-price", "therapy")
_HIGHER_SHARE = sentence("assumed-higher-cost-share", "therapy")
_NO_USE = (sentence("assumed-no-use", "limit", "name"), sentence("assumed-no-use-of-second", "limit", "name"))
_BALANCE = sentence("assumed-balance", "account", "owner", "amount", "period")
_ONE_EPISODE = sentence("assumed-one-episode", "item")
_EPISODE_START = (
    sentence("assumed-episode-start", "item", "day"),
    sentence("assumed-episode-start-of-second", "item", "day"),
)
_EARLY = sentence("assumed-early-services", "item", "day")
_ALIKE = sentence("assumed-alike-items", "first", "second", "day")
_TOO_MUCH = sentence("assumed-too-much-unknown")
"""Of two sentences the first is about the plan, the other about the second plan."""

_FACTS = {each: sentence(f"no-{each.value.replace(' ', '-')}") for each in OpenFact}
_ONLY_FOR = sentence("only-for", "diagnoses")
_ONLY_FROM = sentence("only-from", "practitioners")
_ONLY_AT_AGES = sentence("only-at-ages", "ages")
_ONLY_IN_STATES = sentence("only-in-states", "states")
_ONLY_LICENSED = sentence("only-licensed")
_ONLY_FOR_ROLES = sentence("only-for-roles", "roles")
_ONLY_FOR_STATUSES = sentence("only-for-statuses", "statuses")
_ONLY_AFTER = sentence("only-after-waiting", "waiting")
_ONLY_FROM_YEAR = sentence("only-from-year", "year")

_FAMILY = sentence("owner-family")
_MEMBER = sentence("owner-member", "member")
_ACCUMULATORS = {each: sentence(f"accumulator-{each.replace('_', '-')}") for each in AccumulatorKind}
_OF_SEVERAL = {
    each: sentence(f"accumulator-{each.replace('_', '-')}-of-several", "accumulator") for each in AccumulatorKind
}


def assumptions(tables: Tables, question: Question, answer: Answer) -> Iterator[Message]:
    """Each assumption; none where the range was not asked for."""
    openness = answer.openness
    if openness is None:
        return
    plans = _plans(question)
    yield from _of_services(tables, question, answer.primary.ledger, openness, plans=plans)
    yield from _of_use(question, openness, plans)
    if any(layout.plan.counts_episodes for layout in plans):
        yield from _episodes(question, answer)
    yield from _balances(question, openness)
    yield from _dates(question)
    if answer.bounds is not None and answer.bounds.is_widened:
        yield _TOO_MUCH()


def _plans(question: Question) -> list[Layout]:
    """The plan, then the second plan where there is one."""
    return [question.primary] if question.secondary is None else [question.primary, question.secondary]


def _of_services(
    tables: Tables, question: Question, ledger: Sequence[LedgerRow], openness: Openness, *, plans: Sequence[Layout]
) -> Iterator[Message]:
    """What is assumed of the services, and of the terms and members that decide them."""
    yield from _unknown_codes(question)
    yield from _unbilled(question)
    yield from _tiers(question, openness)
    if openness.is_beyond:
        for place, layout in enumerate(plans):
            yield from _terms(layout, place)
    if openness.facts:
        yield from _facts(tables, question, ledger, openness)
    for place, member in openness.incentives:
        yield _INCENTIVE[place](member=Label(question.request.members[member].id))


def _of_use(question: Question, openness: Openness, plans: Sequence[Layout]) -> Iterator[Message]:
    """What is assumed of sums, prices and use of limits."""
    for place, layout in enumerate(plans):
        if openness.sums[place]:
            yield from _sums(question, openness, place, layout)
    if openness.priced:
        yield from (_PRICE(therapy=Label(therapy)) for therapy in _priced(question, openness))
    if openness.attestations:
        yield from (_HIGHER_SHARE(therapy=Label(therapy)) for therapy in _published_at_two(question, openness))
    if openness.uses:
        yield from _uses(plans, openness)


def _unknown_codes(question: Question) -> Iterator[Message]:
    """A message for each code that no catalog has."""
    unknown = {place for place, service in enumerate(question.asked.services) if not service.therapy}
    if not unknown:
        return
    for place in sorted(unknown & {place for _, place, _ in question.primary.covered_lines}):
        service = question.asked.services[place]
        yield _UNKNOWN_CODE(item=service.item + 1, code=service.code, charge=Dollars(service.charge))


def _unbilled(question: Question) -> Iterator[Message]:
    """A message for the minutes of an item that come to no unit (point 50)."""
    for each in question.asked.unbilled:
        yield _UNBILLED(item=each.item + 1, count=each.minutes, code=each.code)


def _tiers(question: Question, openness: Openness) -> Iterator[Message]:
    """Networks that are not given."""
    primary = question.primary
    if any(row.tier == OPEN_TIER for _, row in primary.covered_rows):
        yield _NETWORK(tier=_first_tier(primary))
    if question.secondary is not None and openness.second_tiers > 1:
        yield _NETWORK_OF_SECOND(tier=_first_tier(question.secondary))


def _first_tier(layout: Layout) -> Label:
    """The first tier of the edition that the request is read by."""
    return Label(str(next(iter(layout.plan.editions[layout.edition].tiers))))


def _terms(layout: Layout, place: int) -> Iterator[Message]:
    """A message when lines lie behind the last edition of a plan, and its terms are assumed to go on."""
    if terms_assumed(layout):
        yield _TERMS[place](day=_last_day(layout.plan))


def terms_assumed_message(plan: PlanIndex) -> Message:
    """The message about services behind a plan's last edition (point 37): the last day with known terms."""
    return _TERMS_GO_ON(day=_last_day(plan))


def _last_day(plan: PlanIndex) -> date:
    """The last day of a plan's last edition."""
    return date.fromordinal(plan.segments[-1].last_day)


# Facts


def _facts(tables: Tables, question: Question, ledger: Sequence[LedgerRow], openness: Openness) -> Iterator[Message]:
    """For each item what the rules that decide its lines ask for and nobody gave; then what may be excluded."""
    open_items = {item for item, _ in openness.facts}
    told: dict[Message, int] = {}
    for item, rule in _deciding(question, ledger):
        if item in open_items and rule >= 0:
            told |= dict.fromkeys(_of_rule(tables, question, item, rule, not_given=openness.not_given[item]), item)
    yield from told
    for item in sorted(open_items - set(told.values())):
        yield _NOT_GIVEN(item=item + 1, missing=_missing(openness.not_given[item]))


def _missing(facts: Iterable[OpenFact]) -> WordList:
    """`no practitioner and no state of service`."""
    return WordList(tuple(_FACTS[fact]() for fact in facts))


def _deciding(question: Question, ledger: Sequence[LedgerRow]) -> Iterable[tuple[int, int]]:
    """The items with the rules (rows of `rules`) that decide their lines, each once, in order of the lines."""
    services = question.asked.services
    rows = zip(question.asked.lines, ledger, strict=True)
    return dict.fromkeys((services[place].item, row.rule) for (_, place, _), row in rows)


def _of_rule(
    tables: Tables, question: Question, item: int, rule: int, *, not_given: Sequence[OpenFact]
) -> Iterator[Message]:
    """One message for each fact that the criteria of a line's rule ask for and nobody gave."""
    layout = question.primary
    benefit = layout.plan.sources.rules[rule]
    if not isinstance(benefit, Benefit):
        return
    yield from _by_age(question, item, benefit, not_given)
    for name in ("policy", "criteria"):
        place = int(tables.arrays.rules[rule][name])
        if place < 0:
            continue
        for facts, only in _asked(layout.plan.sources.criteria[place].criteria):
            missing = [fact for fact in facts if fact in not_given]
            if missing:
                said = _FITS if question.request.assume_requirements else _DOES_NOT_FIT
                yield said(item=item + 1, only=only, missing=_missing(missing))


def _by_age(question: Question, item: int, benefit: Benefit, not_given: Sequence[OpenFact]) -> Iterator[Message]:
    """One message for each limit of a benefit that allows another amount at another age, where no age is given."""
    for limit in (each for each in benefit.limits if each.by_age and OpenFact.AGE in not_given):
        taken = limit.by_age[0].amount if question.request.assume_requirements else limit.allow
        yield _AGE_OF_LIMIT(item=item + 1, limit=what_limit_allows(limit), taken=allowed(limit, taken))


def _asked(criteria: Criteria) -> Iterator[tuple[tuple[OpenFact, ...], Message]]:
    """What criteria ask for: the facts, and how the plan limits itself by them."""
    if criteria.conditions or criteria.icd10:
        diagnoses: list[Argument] = [*map(Label, criteria.conditions or ()), *map(str, criteria.icd10 or ())]
        yield (OpenFact.DIAGNOSIS,), _ONLY_FOR(diagnoses=either(diagnoses))
    if criteria.practitioners is not None:
        yield (OpenFact.PRACTITIONER,), _ONLY_FROM(practitioners=either(map(Label, criteria.practitioners)))
    if criteria.ages is not None:
        yield (OpenFact.AGE,), _ONLY_AT_AGES(ages=ages(criteria.ages))
    if criteria.states is not None:
        yield (OpenFact.STATE,), _ONLY_IN_STATES(states=either(map(str, criteria.states)))
    if criteria.licensed:
        yield (OpenFact.PRACTITIONER, OpenFact.STATE), _ONLY_LICENSED()
    if criteria.roles is not None:
        yield (OpenFact.ROLE,), _ONLY_FOR_ROLES(roles=roles(criteria.roles))
    if criteria.statuses is not None:
        yield (OpenFact.STATUS,), _ONLY_FOR_STATUSES(statuses=statuses(criteria.statuses))
    waits = criteria.waiting_period
    if waits is not None and waits.unit is WaitingUnit.YEAR:
        yield (OpenFact.FIRST_SERVICE,), _ONLY_FROM_YEAR(year=waits.length + 1)
    elif waits is not None:
        yield (OpenFact.ENROLLED,), _ONLY_AFTER(waiting=waiting(waits))


# Sums and limits


def _sums(question: Question, openness: Openness, place: int, layout: Layout) -> Iterator[Message]:
    """One message for each open sum that may bear on the lines, or one for all where they are of an earlier period."""
    names = list(layout.plan.accumulators)
    if is_stale(layout):
        yield _STALE_SUMS[place](day=date.fromordinal(layout.as_of))
        return
    for each in openness.sums[place]:
        owner = _FAMILY() if each.member < 0 else _MEMBER(member=question.request.members[each.member].id)
        accumulator, maximum = _accumulator(layout, names[each.accumulator]), Dollars(each.maximum)
        if each.expected:
            expected = Dollars(each.expected)
            yield _SUM[place](owner=owner, accumulator=accumulator, expected=expected, maximum=maximum)
        else:
            yield _NO_SUM[place](owner=owner, accumulator=accumulator, maximum=maximum)


def _accumulator(layout: Layout, name: str) -> Message:
    """`the deductible`; with its id where the plan has several of that kind."""
    defined = {key: each.kind for plan in layout.plan.editions for key, each in plan.accumulators.items()}
    if list(defined.values()).count(defined[name]) > 1:
        return _OF_SEVERAL[defined[name]](accumulator=Label(name))
    return _ACCUMULATORS[defined[name]]()


def _priced(question: Question, openness: Openness) -> Iterable[str]:
    """The therapies whose typical charge stands in, each once."""
    services = question.asked.services
    return dict.fromkeys(services[place].therapy for place in sorted(openness.priced))


def _published_at_two(question: Question, openness: Openness) -> Iterable[str]:
    """The therapies with a lower cost share, too, of which nobody has said that it holds (point 43); each once."""
    lower = ATTESTATION_BITS[Attestation.LOWER_COST_SHARE]
    items = {item for item, mask in openness.attestations if mask & lower}
    return dict.fromkeys(each.therapy for each in question.asked.services if each.item in items) if items else ()


def _uses(layouts: Sequence[Layout], openness: Openness) -> Iterable[Message]:
    """One message for each limit of which no earlier use is given (point 18); worked out once for an edition."""
    found: dict[tuple[int, str, int], Message] = {}
    for place, use in openness.uses:
        index, key = layouts[place].plan, (layouts[place].edition, use.limit.id, place)
        told = index.no_use.get(key)
        if told is None:
            told = index.no_use[key] = _NO_USE[place](limit=what_limit_allows(use.limit), name=Label(str(use.limit.id)))
        found[key] = told
    return found.values()


def _balances(question: Question, openness: Openness) -> Iterator[Message]:
    """One message for each account whose balance is not given."""
    for account, (name, owner) in openness.accounts:
        whose = _FAMILY() if owner == FAMILY else _MEMBER(member=question.request.members[owner].id)
        amount = Dollars(amount_of(account, owner))
        yield _BALANCE(account=Label(name), owner=whose, amount=amount, period=period(account.per))


# Episodes, dates


def _episodes(question: Question, answer: Answer) -> Iterator[Message]:
    """One message for each item whose limit counts episodes, and nothing says which it is, or when it began."""
    ledgers = [answer.primary.ledger, *([answer.secondary.ledger] if answer.secondary is not None else [])]
    unnamed: dict[int, None] = {}
    told: dict[tuple[int, int, OrdinalDay], None] = {}
    for place, (layout, ledger) in enumerate(zip(_plans(question), ledgers, strict=False)):
        episodes = layout.scope.episodes
        for item, rule in _deciding(question, ledger) if layout.plan.counts_episodes else ():
            benefit = layout.plan.sources.rules[rule] if rule >= 0 else None
            limits = benefit.limits if isinstance(benefit, Benefit) else ()
            service = question.request.items[item]
            member = next(row.member for at, row in layout.rows if question.asked.services[at].item == item)
            if any(each.counted_for is CountedFor.EPISODE for each in limits) and not service.episode:
                unnamed[item] = None
            is_told = (member, service.episode) in episodes.stated
            if not is_told and any(each.per.kind in FROM_EPISODE for each in limits):
                told[place, item, episodes.starts[episodes.row(member, service.episode)]] = None
    yield from (_ONE_EPISODE(item=item + 1) for item in unnamed)
    yield from (_EPISODE_START[place](item=item + 1, day=date.fromordinal(day)) for place, item, day in told)


def _dates(question: Question) -> Iterator[Message]:
    """Lines before the day that the sums are of, and items that are alike and share a date (point 30)."""
    layout = question.primary
    if question.asked.lines[0][0] < layout.as_of:
        early = {question.asked.services[place].item for day, place, _ in question.asked.lines if day < layout.as_of}
        as_of = date.fromordinal(layout.as_of)
        for item in sorted(early):
            yield _EARLY(item=item + 1, day=as_of)
    yield from _alike(question)


def _alike(question: Question) -> Iterator[Message]:
    """A message for each two items that are alike and share a date; one item has each of its dates once."""
    items = question.request.items
    if len({(item.member_id, item.therapy, item.procedures) for item in items}) == len(items):
        return
    seen: dict[tuple[object, date], int] = {}
    told: dict[tuple[int, int], date] = {}
    for number, service in enumerate(items):
        alike = service._replace(dates=(), charge_cents=None, allowed_cents=None)
        for when in service.dates:
            other = seen.setdefault((alike, when), number)
            if other < number:
                told.setdefault((other, number), when)
    for (first, second), when in told.items():
        yield _ALIKE(first=first + 1, second=second + 1, day=when)
