"""Limits: counts that their measure cannot have, limits that allow nothing, unused pools, ids that stand twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from camcover.messages import Message, either, sentence
from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.scope import catalogs_on, days_of_change, place_of, plans, required_of
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.hints import advice
from camcover.rulebook.phrases import quoted
from camcover.rulebook.records import (
    FROM_FIRST_VISIT,
    PERIODS,
    Benefit,
    CountedFor,
    Counting,
    Limit,
    Measure,
    PeriodKind,
    Plan,
    RuleSet,
    Therapy,
    countings,
)
from camcover.rulebook.words import per_name

COUNTS_MISMATCH = declare_fault(
    "limit-counts-mismatch",
    Severity.ERROR,
    "The `counts` of a limit does not fit its measure. A limit in visits counts `covered` or `plan_paid`, a limit in "
    "units `covered`, a limit in money `plan_paid` or `allowed` (docs/rule-language.md, section 4, limits).",
    "Use a word that fits the measure, or leave `counts` out.",
)
LIMIT_OF_ZERO = declare_fault(
    "limit-of-zero",
    Severity.WARNING,
    "A limit allows nothing, so its benefit never applies.",
    "Write `not_covered` or an exclusion, or correct the number.",
)
UNUSED_LIMIT = declare_fault(
    "unused-limit",
    Severity.WARNING,
    "No benefit uses a pool of the plan's `limits`.",
    "Name the pool in the `limits` of a benefit, or remove it.",
)

FAMILY_LIMIT = declare_fault(
    "family-limit",
    Severity.ERROR,
    "A limit with `for: family` counts over what belongs to one member (a visit, an episode, a condition, a time from "
    "the first visit on), or allows by age. The family cannot share these (docs/rule-language.md, section 4, limits).",
    "Remove `for: family`, or give the limit another period and one amount.",
)
COUNTED_TWICE = declare_fault(
    "limit-for-mismatch",
    Severity.ERROR,
    "A limit `for: episode` or `for: condition` counts over a period that says already what has a count of its own, or "
    "over a visit (docs/rule-language.md, section 4, limits).",
    "Leave out `for`, or count over another period: `per: calendar_year` with `for: condition` counts each condition "
    "of a year.",
)
NO_CONDITIONS = declare_fault(
    "condition-not-listed",
    Severity.ERROR,
    "A benefit has a limit that counts each condition by itself, and its own `when` lists no conditions "
    "(docs/rule-language.md, point 49).",
    "List under `when` of the benefit the `conditions` that have a count of their own, in the order in which a visit "
    "is counted for them.",
)
MINUTES_NOT_GIVEN = declare_fault(
    "minutes-not-given",
    Severity.ERROR,
    "A benefit has a limit in hours, but the catalog does not give the minutes of one of its therapies or codes "
    "(docs/rule-language.md, section 4, limits).",
    "Add `minutes` to the therapy in every catalog edition that is in force during the plan edition.",
)
VISITS_OF_NO_LIMIT = declare_fault(
    "visits-of-no-limit",
    Severity.ERROR,
    "`after` or `through` counts the visits of a limit, but the benefit has no limit of visits with this name "
    "(docs/rule-language.md, point 13).",
    "Name a limit of visits from the benefit's `limits`.",
)
LIMIT_REPEATED = declare_fault(
    "limit-repeated",
    Severity.ERROR,
    "A benefit names one limit twice, or a limit inside a benefit has the id of a pool or of a limit inside another "
    "benefit. In a plan edition an id means one count (docs/rule-language.md, point 36).",
    "Name a pool once in a benefit. Give each limit inside a benefit its own id. If several benefits share a count, "
    "use a pool of the plan's `limits`.",
)

LEAVES_ALL_OUT = declare_fault(
    "limit-leaves-all-out",
    Severity.WARNING,
    "A limit of a benefit counts no line of the benefit: the benefit requires the attestation in the limit's `except`, "
    "or covers none of the limit's `tiers` (docs/rule-language.md, point 43).",
    "Remove the word from `except`, correct `tiers`, or remove the limit from the benefit.",
)
_CANNOT_COUNT_PLAN_PAID = sentence("limit-counts-mismatch-plan-paid", "key")
_EXPECTED_COUNTS = sentence("limit-counts-mismatch-expected", "words")
_NOTHING_IN_TIER = sentence("limit-leaves-all-out-nothing-in-tier", "tier")
_NOTHING_IN_TIERS = sentence("limit-leaves-all-out-nothing-in-tiers", "tiers", "last")
_FAMILY_COUNTS_OVER = sentence("family-limit-counts-over", "limit", "period")
_FAMILY_BY_AGE = sentence("family-limit-by-age", "limit")
_POOL = sentence("limit-repeated-pool")
_LIMIT_OF = sentence("limit-repeated-of-benefit", "benefit")
_CANNOT_COUNT = sentence("limit-counts-mismatch-cannot-count", "measure", "counts")
_REMOVE_COUNTS = sentence("limit-counts-mismatch-remove-counts")
_COUNTS_NO_LINE = sentence("limit-leaves-all-out-counts-no-line", "limit", "benefit")
_BENEFIT_REQUIRES = sentence("limit-leaves-all-out-benefit-requires", "attestations")
_NO_SUCH_LIMIT = sentence("visits-of-no-limit-no-such-limit", "benefit", "limit")
_NAME_IN_LIMITS = sentence("visits-of-no-limit-name-in-limits")
_REMOVE_FAMILY = sentence("family-limit-remove-family")
_FOR_EACH_AND_PER = sentence("limit-for-mismatch-for-each-and-per", "limit", "counted_for", "period")
_REMOVE_FOR = sentence("limit-for-mismatch-remove-for")
_LISTS_NO_CONDITION = sentence("condition-not-listed-lists-no-condition", "limit", "benefit")
_WRITE_CONDITIONS = sentence("condition-not-listed-write-conditions")
_NO_MINUTES = sentence("minutes-not-given-no-minutes", "limit", "word", "day")
_ADD_MINUTES = sentence("minutes-not-given-add-minutes")
_ALLOWS_NOTHING = sentence("limit-of-zero-allows-nothing", "limit")
_REFUSE_OTHERWISE = sentence("limit-of-zero-refuse-otherwise")
_NAMED_TWICE = sentence("limit-repeated-named-twice", "benefit", "limit")
_GIVE_OWN_ID = sentence("limit-repeated-give-own-id")
_ID_OF_ANOTHER = sentence("limit-repeated-id-of-another", "limit", "other")
_GIVE_ANOTHER_ID = sentence("limit-repeated-give-another-id")
_NOT_USED = sentence("unused-limit-not-used", "limit")
_USE_OR_REMOVE = sentence("unused-limit-use-or-remove")
_NOT_IN_MONEY = sentence("straddle-without-next-not-in-money", "measure")
_REMOVE_STRADDLE = sentence("straddle-without-next-remove-straddle")
_NO_WHEN_EXHAUSTED = sentence("straddle-without-next-no-when-exhausted", "limit", "benefit")
_ADD_WHEN_EXHAUSTED = sentence("straddle-without-next-add-when-exhausted")

STRADDLE_IDLE = declare_fault(
    "straddle-without-next",
    Severity.ERROR,
    "A limit has `straddle: next`, but it is not in money, or its benefit has no `when_exhausted: next` "
    "(docs/rule-language.md, point 16).",
    "Add `when_exhausted: next` to the benefit, or remove `straddle`.",
)


def limits_of(plan: Plan) -> Iterator[Limit]:
    """Every limit of a plan once: the pools, then those inside benefits."""
    yield from plan.limits.values()
    for benefit in plan.benefits.values():
        yield from (limit for limit in benefit.limits if not limit.shared)


def check_counts(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """`counts` fits the measure (docs/rule-language.md, section 4, limits)."""
    for plan in plans(rules):
        for limit in limits_of(plan):
            if limit.counts not in countings(limit.measure):
                message = _CANNOT_COUNT(measure=limit.measure, counts=limit.counts)
                yield COUNTS_MISMATCH.at(limit.at, message, _EXPECTED_COUNTS(words=either(countings(limit.measure))))
            elif limit.leaves_out and (limit.measure, limit.counts) == (Measure.VISITS, Counting.PLAN_PAID):
                finding = _CANNOT_COUNT_PLAN_PAID(key="except" if limit.excepts else "tiers")
                yield COUNTS_MISMATCH.at(limit.at, finding, _REMOVE_COUNTS())


def check_left_out(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """A limit counts some lines of each benefit that draws on it (docs/rule-language.md, point 43)."""
    for plan in plans(rules):
        for benefit in plan.benefits.values():
            for limit in benefit.limits:
                if leaves_all_out(benefit, limit):
                    message = _COUNTS_NO_LINE(limit=limit.id, benefit=benefit.id)
                    why = _BENEFIT_REQUIRES(attestations=quoted(sorted(limit.excepts)))
                    if is_in_no_tier(benefit, limit):
                        why = _covers_nothing_in(limit.tiers)
                    yield LEAVES_ALL_OUT.at(place_of(limit.id, limit.at), message, why)


def _covers_nothing_in(tiers: Sequence[str]) -> Message:
    *most, final = (f"'{each}'" for each in tiers)
    return _NOTHING_IN_TIERS(tiers=", ".join(most), last=final) if most else _NOTHING_IN_TIER(tier=final)


def leaves_all_out(benefit: Benefit, limit: Limit) -> bool:
    """Whether the benefit covers nothing in the limit's tiers, or nothing without the attestations of `except`."""
    needed = required_of(benefit).union(benefit.when.attested or () if benefit.when is not None else ())
    return is_in_no_tier(benefit, limit) or (bool(limit.excepts) and needed >= set(limit.excepts))


def is_in_no_tier(benefit: Benefit, limit: Limit) -> bool:
    """Whether a benefit covers none of the tiers that a limit is for."""
    return bool(limit.tiers) and not set(limit.tiers) & set(benefit.tiers)


def check_visits_of(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """`after` and `through` count the visits of a limit that the benefit has (docs/rule-language.md, point 13)."""
    for plan in plans(rules):
        for benefit in plan.benefits.values():
            counted = [str(limit.id) for limit in benefit.limits if limit.measure is Measure.VISITS]
            for each in benefit.numbered:
                if each.visits_of is not None and each.visits_of not in counted:
                    message = _NO_SUCH_LIMIT(benefit=benefit.id, limit=each.visits_of)
                    told = advice(each.visits_of, counted) or _NAME_IN_LIMITS()
                    yield VISITS_OF_NO_LIMIT.at(each.at, message, told)


def check_family(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """A limit for the family depends on no visit and no age (docs/rule-language.md, section 4, limits)."""
    for plan in plans(rules):
        for limit in (each for each in limits_of(plan) if each.named is CountedFor.FAMILY):
            is_ones_own = _is_ones_own(limit) or limit.per.kind in FROM_FIRST_VISIT
            if is_ones_own or limit.by_age:
                message = _FAMILY_COUNTS_OVER(limit=limit.id, period=per_name(limit.per))
                if limit.by_age:
                    message = _FAMILY_BY_AGE(limit=limit.id)
                hint = _REMOVE_FAMILY()
                yield FAMILY_LIMIT.at(limit.at, message, hint)


def check_counted_for(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """What has a count of its own is said once, and conditions are listed (docs/rule-language.md, point 49)."""
    for plan in plans(rules):
        for limit in limits_of(plan):
            if limit.named in (CountedFor.EPISODE, CountedFor.CONDITION) and _is_ones_own(limit):
                message = _FOR_EACH_AND_PER(limit=limit.id, counted_for=limit.named, period=per_name(limit.per))
                yield COUNTED_TWICE.at(limit.at, message, _REMOVE_FOR())
        for benefit in plan.benefits.values():
            for limit in benefit.limits:
                if limit.counted_for is CountedFor.CONDITION and not benefit.conditions:
                    message = _LISTS_NO_CONDITION(limit=limit.id, benefit=benefit.id)
                    yield NO_CONDITIONS.at(place_of(limit.id, limit.at), message, _WRITE_CONDITIONS())


def _is_ones_own(limit: Limit) -> bool:
    """Whether the period says what has a count of its own."""
    return limit.per.kind is PeriodKind.VISIT or PERIODS[limit.per.kind].has is not None


def check_minutes(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """The catalog has the minutes that a limit of hours counts (docs/rule-language.md, section 4, limits)."""
    for plan in plans(rules):
        timed = [each for each in plan.benefits.values() if any(map(_is_of_hours, each.limits))]
        for day in days_of_change(plan, rules) if timed else ():
            therapies = {id_: each for catalog in catalogs_on(rules, day) for id_, each in catalog.therapies.items()}
            for benefit in timed:
                yield from _without_minutes(benefit, therapies, day)


def _is_of_hours(limit: Limit) -> bool:
    """Whether a limit counts time."""
    return limit.measure is Measure.MINUTES


def _without_minutes(benefit: Benefit, therapies: Mapping[str, Therapy], day: date) -> Iterator[Diagnostic]:
    """The therapies and codes of a benefit that the catalog of a day has without minutes."""
    limit = next(filter(_is_of_hours, benefit.limits))
    named = [each for each in benefit.therapies if each in therapies and therapies[each].minutes is None]
    for code in benefit.codes:
        named += [code for each in therapies.values() if code in each.codes and each.minutes is None][:1]
    for word in named[:1]:
        message = _NO_MINUTES(limit=limit.id, word=word, day=str(day))
        yield MINUTES_NOT_GIVEN.at(place_of(limit.id, limit.at), message, _ADD_MINUTES())


def check_zero(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """A limit allows something, or is soft (docs/rule-language.md, point 11)."""
    for plan in plans(rules):
        for limit in limits_of(plan):
            if limit.most == 0 and limit.beyond is None:
                message = _ALLOWS_NOTHING(limit=limit.id)
                yield LIMIT_OF_ZERO.at(limit.at, message, _REFUSE_OTHERWISE())


def check_repeated(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """In an edition an id names one limit, and a benefit names it once (docs/rule-language.md, point 36)."""
    for plan in plans(rules):
        owners: dict[str, Message] = {str(pool): _POOL() for pool in plan.limits}
        for benefit in plan.benefits.values():
            named: set[str] = set()
            for limit in benefit.limits:
                # The place where the benefit names a pool, or where its own limit has its id.
                place = place_of(limit.id, limit.at)
                if limit.id in named:
                    message = _NAMED_TWICE(benefit=benefit.id, limit=limit.id)
                    yield LIMIT_REPEATED.at(place, message, _GIVE_OWN_ID())
                elif not limit.shared and limit.id in owners:
                    message = _ID_OF_ANOTHER(limit=limit.id, other=owners[limit.id])
                    hint = _GIVE_ANOTHER_ID()
                    yield LIMIT_REPEATED.at(place, message, hint)
                named.add(limit.id)
            inside = (limit for limit in benefit.limits if not limit.shared)
            owners |= {str(limit.id): _LIMIT_OF(benefit=benefit.id) for limit in inside}


def check_unused(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Every pool is drawn on (docs/rule-language.md, section 4: pools that several benefits share)."""
    for plan in plans(rules):
        used = {limit.id for benefit in plan.benefits.values() for limit in benefit.limits if limit.shared}
        for limit in plan.limits.values():
            if limit.id not in used:
                message = _NOT_USED(limit=limit.id)
                yield UNUSED_LIMIT.at(limit.at, message, _USE_OR_REMOVE())


def check_straddles(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """What a limit hands on is money, and later lines go on as the rest does (docs/rule-language.md, point 16)."""
    for plan in plans(rules):
        for limit in limits_of(plan):
            if limit.hands_on and limit.measure is not Measure.MONEY:
                message = _NOT_IN_MONEY(measure=limit.measure)
                yield STRADDLE_IDLE.at(limit.at, message, _REMOVE_STRADDLE())
        for benefit in plan.benefits.values():
            for limit in benefit.limits:
                if limit.hands_on and limit.measure is Measure.MONEY and not benefit.continues_when_exhausted:
                    message = _NO_WHEN_EXHAUSTED(limit=limit.id, benefit=benefit.id)
                    hint = _ADD_WHEN_EXHAUSTED()
                    yield STRADDLE_IDLE.at(place_of(limit.id, limit.at), message, hint)
