"""What an estimate takes for granted, each assumption in words (docs/rule-language.md, points 2, 18, 29, 30, 37, 40).

What comes in: a question and its answer. What goes out: sentences, in the order in which a reader would ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from camcover.engine.asking.layout import OPEN_TIER, Layout
from camcover.engine.asking.open_use import is_stale
from camcover.engine.asking.openness import Openness, terms_assumed
from camcover.engine.asking.question import Answer, Question
from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.facts import OpenFact
from camcover.engine.kernel.workspace import LedgerRow
from camcover.money import dollars
from camcover.rulebook.records import Benefit, Criteria
from camcover.rulebook.words import ages_words, limit_words, quantity

_OF_SECOND = " of the secondary plan"


def assumptions(tables: Tables, question: Question, answer: Answer) -> Iterator[str]:
    """Each assumption in words; none where the range was not asked for."""
    openness = answer.openness
    if openness is None:
        return
    yield from _unknown_codes(question)
    yield from _tiers(question, openness)
    for layout, whose in _plans(question):
        yield from _terms(layout, whose)
    if openness.facts:
        yield from _facts(tables, question, answer.primary.ledger, openness)
    for place, (layout, whose) in enumerate(_plans(question)):
        yield from _sums(question, openness, place, layout, whose)
    for therapy in _priced(question, openness):
        yield f"The charge for {therapy} is not known: its typical cash price stands in, from low to high in the range."
    yield from _uses(openness)
    yield from _dates(question)
    if answer.bounds is not None and answer.bounds.is_widened:
        yield (
            "What is not known is too much to try every case: the range goes from what is certain to what the services "
            "are charged."
        )


def _plans(question: Question) -> list[tuple[Layout, str]]:
    """The plans, each with what a sentence calls it."""
    plans = [(question.primary, "")]
    return plans if question.secondary is None else [*plans, (question.secondary, _OF_SECOND)]


def _unknown_codes(question: Question) -> Iterator[str]:
    """A sentence for each code that no catalog has."""
    covered = {place for _, place, _ in question.primary.covered_lines}
    for place, service in enumerate(question.asked.services):
        if not service.therapy and place in covered:
            yield (
                f"Item {service.item + 1}: no edition of the catalog has the code {service.code}; it is assumed not to "
                f"be covered, and its charge of {dollars(service.charge)} to be yours; the range begins without it."
            )


def _tiers(question: Question, openness: Openness) -> Iterator[str]:
    """Networks that are not given."""
    primary = question.primary
    if any(primary.services[place].tier == OPEN_TIER for _, place, _ in primary.covered_lines):
        first = _first_tier(question.primary)
        yield f"The provider's network is not given: {first} is expected; the range holds every tier of the plan."
    if question.secondary is not None and openness.second_tiers > 1:
        first = _first_tier(question.secondary)
        yield (
            f"The provider's network under the secondary plan is not given: {first} is expected where the primary "
            "plan's network has no equal there; the range holds every tier of the plan."
        )


def _first_tier(layout: Layout) -> str:
    """The first tier of the edition that the request is read by."""
    return str(next(iter(layout.plan.editions[layout.edition].tiers)))


def _terms(layout: Layout, whose: str) -> Iterator[str]:
    """A sentence when lines lie behind the last edition of a plan, and its terms are assumed to go on."""
    if terms_assumed(layout):
        words = terms_assumed_words(layout.plan, "secondary plan" if whose else "plan")
        yield f"{words}; the range holds these services as not covered, too."


def terms_assumed_words(plan: PlanIndex, name: str = "plan") -> str:
    """What is said of services behind a plan's last edition (point 37): up to when its terms are known."""
    last = date.fromordinal(plan.segments[-1].last_day)
    return f"The terms of the {name} are known up to {last}: for later services they are assumed to go on"


# Facts


def _facts(tables: Tables, question: Question, ledger: Sequence[LedgerRow], openness: Openness) -> Iterator[str]:
    """For each item what the rules that decide its lines ask for and nobody gave; then what may be excluded."""
    open_items = {item for item, _ in openness.facts}
    told: dict[str, None] = {}
    for item, rule in _deciding(question, ledger):
        if item in open_items and rule >= 0:
            told |= dict.fromkeys(_sentences(tables, question, item, rule, openness.not_given[item]))
    yield from told
    for item in sorted(open_items):
        if not any(sentence.startswith(f"Item {item + 1}:") for sentence in told):
            given = " and ".join(f"no {fact.value}" for fact in openness.not_given[item])
            yield f"Item {item + 1}: {given} was given; the range holds what the plan's rules say of any."


def _deciding(question: Question, ledger: Sequence[LedgerRow]) -> Iterable[tuple[int, int]]:
    """The items with the rules (rows of `rules`) that decide their lines, each once, in order of the lines."""
    services = question.asked.services
    rows = zip(question.asked.lines, ledger, strict=True)
    return dict.fromkeys((services[place].item, row.rule) for (_, place, _), row in rows)


def _sentences(
    tables: Tables, question: Question, item: int, rule: int, not_given: Sequence[OpenFact]
) -> Iterator[str]:
    """One sentence for each fact that the criteria of a line's rule ask for and nobody gave."""
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
                given = " and ".join(f"no {fact.value}" for fact in missing)
                taken = "it is assumed" if question.request.assume_requirements else "it is taken not to be so"
                yield f"Item {item + 1}: the plan covers this {only}; {given} was given, so {taken}."


def _by_age(question: Question, item: int, benefit: Benefit, not_given: Sequence[OpenFact]) -> Iterator[str]:
    """One sentence for each limit of a benefit that allows another amount at another age, where no age is given."""
    for limit in (each for each in benefit.limits if each.by_age and OpenFact.AGE in not_given):
        taken = limit.by_age[0].amount if question.request.assume_requirements else limit.allow
        yield (
            f"Item {item + 1}: the limit '{limit.id}' allows {limit_words(limit)}; no age was given, so "
            f"{quantity(limit.measure, taken)} are taken."
        )


def _asked(criteria: Criteria) -> Iterator[tuple[tuple[OpenFact, ...], str]]:
    """What criteria ask for: the facts, and how the plan limits itself by them."""
    if criteria.conditions or criteria.icd10:
        yield (
            (OpenFact.DIAGNOSIS,),
            f"only for {_either([*map(_plain, criteria.conditions or ()), *(criteria.icd10 or ())])}",
        )
    if criteria.practitioners is not None:
        yield (OpenFact.PRACTITIONER,), f"only from {_either(map(_plain, criteria.practitioners))}"
    if criteria.ages is not None:
        yield (OpenFact.AGE,), f"only at ages {ages_words(criteria.ages)}"
    if criteria.states is not None:
        yield (OpenFact.STATE,), f"only in {_either(criteria.states)}"
    if criteria.licensed:
        yield (OpenFact.PRACTITIONER, OpenFact.STATE), "only from practitioners whom the state licenses"


def _plain(word: str) -> str:
    """An id of the catalog as words."""
    return word.replace("-", " ").replace("_", " ")


def _either(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


# Sums and limits


def _sums(question: Question, openness: Openness, place: int, layout: Layout, whose: str) -> Iterator[str]:
    """One sentence for each open sum that may bear on the lines, or one for all where they are of an earlier period."""
    names = list(layout.plan.accumulators)
    if is_stale(layout) and openness.sums[place]:
        as_of = date.fromordinal(layout.as_of)
        yield (
            f"The sums so far{whose} are those of {as_of}, in an earlier benefit period: what was applied since is not "
            "known; the range goes from nothing to each maximum."
        )
        return
    for each in openness.sums[place]:
        owner = "of the family" if each.member < 0 else f"of member {question.request.members[each.member].id}"
        yield (
            f"How much {owner} is already applied to {names[each.accumulator]}{whose} is not known: "
            f"{dollars(each.expected)} is expected; the range goes up to {dollars(each.maximum)}."
        )


def _priced(question: Question, openness: Openness) -> Iterable[str]:
    """The therapies whose typical charge stands in, each once."""
    services = question.asked.services
    return dict.fromkeys(services[place].therapy for place in sorted(openness.priced))


def _uses(openness: Openness) -> Iterator[str]:
    """One sentence for each limit of which no earlier use is given (point 18)."""
    told = dict.fromkeys((str(use.limit.id), _OF_SECOND if plan else "") for plan, use in openness.uses)
    for name, whose in told:
        yield f"No earlier use of the limit {name}{whose} is given: none is expected; the range goes up to all of it."


# Dates


def _dates(question: Question) -> Iterator[str]:
    """Lines before the day that the sums are of, and items that are alike and share a date (point 30)."""
    layout = question.primary
    if question.asked.lines[0][0] < layout.as_of:
        early = {question.asked.services[place].item for day, place, _ in question.asked.lines if day < layout.as_of}
        as_of = date.fromordinal(layout.as_of)
        for item in sorted(early):
            yield f"Item {item + 1} has services before {as_of}: the sums of that day are assumed not to hold them yet."
    yield from _alike(question)


def _alike(question: Question) -> Iterator[str]:
    """A sentence for each two items that are alike and share a date; one item has each of its dates once."""
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
        yield (
            f"Items {first + 1} and {second + 1} are alike and share {when}: each is priced as a service of its own."
        )
