"""Steps, limits and requirements of a benefit as messages, for callers and their patients.

What comes in: a record. What goes out: a `Message`, a part of a sentence: `12 visits in a calendar year`. Each kind of
a closed list has its own message, declared here. The words are in the catalogs. Staff read the same terms in lists, in
other words: `rulebook/words.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from camcover.messages import Dollars, Label, Message, Rate, WordList, either, sentence
from camcover.rulebook.records import (
    DAILY_COPAYS,
    DIAGNOSIS_DENIAL,
    LIMITS_DENIAL,
    MEASURES,
    MINUTES_OF_HOUR,
    NOUNS,
    WINDOWS,
    Account,
    Ages,
    Attestation,
    BandedCopayStep,
    CoinsuranceOf,
    CoinsuranceStep,
    ComparedStep,
    CopayPer,
    CopayStep,
    CountedFor,
    Criteria,
    DeductibleStep,
    Limit,
    LimitPeriod,
    Measure,
    MemberRole,
    MemberStatus,
    NothingStep,
    OwedPart,
    Payee,
    PeriodKind,
    Phase,
    ProviderLiable,
    Requirement,
    Step,
    Tier,
    WaitingPeriod,
    WaitingUnit,
    countings,
)

__all__ = [
    "account_terms",
    "ages",
    "allowed",
    "attestation",
    "attestations",
    "attested",
    "base",
    "limit_terms",
    "payment",
    "period",
    "phase_steps",
    "provider_liable",
    "requirement",
    "roles",
    "statuses",
    "step_words",
    "waiting",
    "what_limit_allows",
]


def _id(prefix: str, *words: StrEnum) -> str:
    """`period-calendar-year` of a word of a closed list."""
    return "-".join((prefix, *words)).replace("_", "-")


_ATTESTATIONS = {each: sentence(_id("attestation", each)) for each in Attestation}
_ROLES = {each: sentence(_id("role", each)) for each in MemberRole}
_STATUSES = {each: sentence(_id("status", each)) for each in MemberStatus}
_WAITING = {each: sentence(_id("waiting", each), "count") for each in (WaitingUnit.DAY, WaitingUnit.MONTH)}
_PERIODS = {each: sentence(_id("period", each), *(["count"] if each in WINDOWS else [])) for each in PeriodKind}
_BASES = {each: sentence(_id("base", each)) for each in CoinsuranceOf}
_PER = {each: sentence(_id("per", each)) for each in CopayPer}
_LIMITS = {each: sentence(_id("limit", each), "count" if NOUNS[each] else "amount", "period") for each in Measure}
_HOURS = sentence("limit-hours", "count", "period")
_COUNTING = {
    (measure, counting): sentence(_id("limit-counting", measure, counting), "limit")
    for measure, counting in MEASURES
    if counting is not countings(measure)[0]
}
"""What is said of a limit that counts something else than its measure usually does."""

_OWED = {each: sentence(_id("owed", each)) for each in OwedPart}
_ACCOUNT = sentence("account", "amount", "period", "parts")
_FAMILY_ACCOUNT = sentence("account-of-family", "account", "amount")
_ACCOUNT_FOR = sentence("account-only-for", "account", "named")
_ACCOUNT_CARRIES = sentence("account-carries-all", "account")
_ACCOUNT_CARRIES_SOME = sentence("account-carries-some", "account", "amount")
_ACCOUNT_TO_MEMBER = sentence("account-to-member", "account")
_NAMED = {
    "benefits": sentence("named-benefits", "names"),
    "therapies": sentence("named-therapies", "names"),
    "codes": sentence("named-codes", "names"),
}
_AT_AGES = sentence("limit-at-ages", "limit", "ages")
_BY_AGE = sentence("limit-by-age", "by_age", "others")
_FOR = {each: sentence(_id("limit-for", each), "limit") for each in CountedFor}
"""What is said of who or what has a count of its own, where a limit names it."""
_IN_TIERS = sentence("limit-in-tiers", "limit", "count", "tiers")
_BEYOND = sentence("limit-beyond", "limit", "attestation")
_EXCEPT = sentence("limit-except", "limit", "attestations")
_HANDS_ON = sentence("limit-hands-on", "limit")

_DEDUCTIBLE = sentence("pays-deductible")
_NAMED_DEDUCTIBLE = sentence("pays-named-deductible", "deductible")
_COPAY = sentence("pays-copay", "amount", "per")
_HIGHEST = sentence("pays-copay-highest-of-day", "copay")
_BAND = sentence("pays-copay-up-to", "amount", "allowed")
_BANDED = sentence("pays-copay-by-allowed", "bands", "otherwise")
_WAIVED = sentence("pays-copay-waived-with-deductible", "copay")
_COINSURANCE = sentence("pays-coinsurance", "rate", "base")
_AT_LEAST = sentence("pays-at-least", "step", "amount", "per")
_AT_MOST = sentence("pays-at-most", "step", "amount", "per")
_LESSER = sentence("pays-lesser", "copay", "coinsurance")
_GREATER = sentence("pays-greater", "copay", "coinsurance")
_NOTHING = sentence("pays-nothing")
_THROUGH = sentence("pays-through-visit", "step", "visit")
_THROUGH_OF = sentence("pays-through-visit-of", "step", "visit", "limit")

_AFTER = sentence("requires-after", "attestation", "count")
_AFTER_OF = sentence("requires-after-visits-of", "attestation", "count", "limit")
_PAYS_LESS = sentence("requires-or-pays-less", "requirement", "rate")
_PAYS_DOLLARS_LESS = sentence("requires-or-pays-dollars-less", "requirement", "amount")
_PAYS_BOTH_LESS = sentence("requires-or-pays-both-less", "requirement", "rate", "amount")

_WITH = sentence("attested-with", "attestations")
_WITHOUT = sentence("attested-without", "attestations")
_WITH_AND_WITHOUT = sentence("attested-with-and-without", "given", "missing")

_DENIALS = {DIAGNOSIS_DENIAL: sentence("denial-for-diagnosis"), LIMITS_DENIAL: sentence("denial-for-limits")}
_DENIED_WITHOUT = sentence("denial-without", "attestation")
_TO_MEMBER = sentence("payment-to-member")
_LIABLE = sentence("provider-liable", "denials")
_LIABLE_UNLESS = sentence("provider-liable-unless", "denials", "attestation")


_AGES_FROM = sentence("ages-from", "age")
_AGES_UP_TO = sentence("ages-up-to", "age")
_AGES_BETWEEN = sentence("ages-between", "first", "last")


def attestation(word: Attestation) -> Message:
    """`prior authorization`, `a referral`, ..."""
    return _ATTESTATIONS[word]()


def attestations(words: Iterable[Attestation]) -> WordList:
    """`a referral and a plan of care`."""
    return WordList(tuple(map(attestation, words)))


def attested(criteria: Criteria) -> Message | None:
    """The attestations that criteria ask for: `with a referral`, `without active treatment`, both; None if none."""
    given = attestations(criteria.attested or ())
    missing = either(map(attestation, criteria.not_attested or ()))
    if given.items and missing.items:
        return _WITH_AND_WITHOUT(given=given, missing=missing)
    if given.items:
        return _WITH(attestations=given)
    return _WITHOUT(attestations=missing) if missing.items else None


def roles(asked: Iterable[MemberRole]) -> WordList:
    """`the subscriber or a spouse`."""
    return either(_ROLES[role]() for role in asked)


def statuses(asked: Iterable[MemberStatus]) -> WordList:
    """`active members or retirees`."""
    return either(_STATUSES[status]() for status in asked)


def waiting(waits: WaitingPeriod) -> Message:
    """`2 months`, `60 days`."""
    return _WAITING[waits.unit](count=waits.length)


def period(per: LimitPeriod) -> Message:
    """`in a benefit period`, `in any 12 months`."""
    kind = _PERIODS[per.kind]
    return kind(count=per.length) if kind.names else kind()


def ages(limits: Ages) -> Message:
    """`18 and over`, `up to 17`, `18 to 64`."""
    if limits.max is None:
        return _AGES_FROM(age=limits.min or 0)
    return _AGES_UP_TO(age=limits.max) if limits.min is None else _AGES_BETWEEN(first=limits.min, last=limits.max)


def what_limit_allows(limit: Limit) -> Message:
    """How much a limit lets pass: `12 visits in a benefit period`, `$500.00 in any 12 months`; each amount by age."""
    said = allowed(limit, limit.allow)
    if limit.by_age:
        by_age = (_AT_AGES(limit=allowed(limit, each.amount), ages=ages(each.ages)) for each in limit.by_age)
        said = _BY_AGE(by_age=WordList(tuple(by_age)), others=said)
    return said if limit.named is None else _FOR[limit.named](limit=said)


def allowed(limit: Limit, amount: int) -> Message:
    """An amount in a limit's measure and period: `12 visits in a benefit period`, `3 hours in a day`."""
    if limit.measure is Measure.MINUTES and amount and amount % MINUTES_OF_HOUR == 0:
        return _HOURS(count=amount // MINUTES_OF_HOUR, period=period(limit.per))
    said = _LIMITS[limit.measure]
    if NOUNS[limit.measure] is None:
        return said(amount=Dollars(amount), period=period(limit.per))
    return said(count=amount, period=period(limit.per))


def limit_terms(limit: Limit) -> Message:
    """All that a limit says: `12 visits in a benefit period, more only with documented improvement`."""
    said = what_limit_allows(limit)
    counting = _COUNTING.get((limit.measure, limit.counts))
    if counting is not None:
        said = counting(limit=said)
    if limit.tiers:
        said = _IN_TIERS(limit=said, count=len(limit.tiers), tiers=WordList(tuple(map(Label, limit.tiers))))
    if limit.beyond is not None:
        said = _BEYOND(limit=said, attestation=attestation(limit.beyond))
    if limit.excepts:
        said = _EXCEPT(limit=said, attestations=attestations(limit.excepts))
    return _HANDS_ON(limit=said) if limit.hands_on else said


def account_terms(account: Account) -> Message:
    """All that an account says: `$500.00 in a benefit period for deductible, and copay, paid to the member`."""
    parts = WordList(tuple(_OWED[part]() for part in account.parts))
    said = _ACCOUNT(amount=Dollars(account.individual), period=period(account.per), parts=parts)
    if account.family is not None:
        said = _FAMILY_ACCOUNT(account=said, amount=Dollars(account.family))
    words: dict[str, tuple[Label | str, ...]] = {
        "benefits": tuple(map(Label, account.benefits)),
        "therapies": tuple(map(Label, account.therapies)),
        "codes": tuple(map(str, account.codes)),
    }
    named = [_NAMED[key](names=either(names)) for key, names in words.items() if names]
    if named:
        said = _ACCOUNT_FOR(account=said, named=either(named))
    carried = account.carries_over
    if carried is not None:
        most = None if carried.at_most is None else Dollars(carried.at_most)
        said = _ACCOUNT_CARRIES(account=said) if most is None else _ACCOUNT_CARRIES_SOME(account=said, amount=most)
    return _ACCOUNT_TO_MEMBER(account=said) if account.payment_to is Payee.MEMBER else said


def requirement(asked: Requirement) -> Message:
    """`a referral`, `prior authorization after 12 visits`, `a referral, else the plan pays 50% less`."""
    said = attestation(asked.attestation)
    if asked.after is not None:
        if asked.visits_of is None:
            said = _AFTER(attestation=said, count=asked.after)
        else:
            said = _AFTER_OF(attestation=said, count=asked.after, limit=Label(asked.visits_of))
    if asked.penalty is not None and asked.penalty_cents is not None:
        rate, amount = Rate(asked.penalty), Dollars(asked.penalty_cents)
        return _PAYS_BOTH_LESS(requirement=said, rate=rate, amount=amount)
    if asked.penalty_cents is not None:
        return _PAYS_DOLLARS_LESS(requirement=said, amount=Dollars(asked.penalty_cents))
    return said if asked.penalty is None else _PAYS_LESS(requirement=said, rate=Rate(asked.penalty))


def provider_liable(liable: ProviderLiable) -> Message:
    """`the provider bears what is not covered for the diagnosis or without a referral, unless with advance notice`."""
    denials = either(map(_denial, liable.denials))
    if liable.unless is None:
        return _LIABLE(denials=denials)
    return _LIABLE_UNLESS(denials=denials, attestation=attestation(liable.unless))


def payment(tier: Tier) -> Message | None:
    """Who gets what the plan pays in a tier, where that is not the provider; else None."""
    return None if tier.payment_to is Payee.PROVIDER else _TO_MEMBER()


def _denial(word: str) -> Message:
    """`for the diagnosis`, `without a referral`."""
    said = _DENIALS.get(word)
    return _DENIED_WITHOUT(attestation=attestation(Attestation(word))) if said is None else said()


def phase_steps(phase: Phase) -> tuple[Message, ...]:
    """Each step of a list in words. If the list is not for all visits, each step names its visits."""
    steps = map(step_words, phase.steps)
    if phase.through is None:
        return tuple(steps)
    if phase.visits_of is None:
        return tuple(_THROUGH(step=step, visit=phase.through) for step in steps)
    limit = Label(phase.visits_of)
    return tuple(_THROUGH_OF(step=step, visit=phase.through, limit=limit) for step in steps)


def step_words(step: Step) -> Message:
    """`deductible`, `$30.00 copay per visit`, `20% of what is left`, `nothing`."""
    match step:
        case DeductibleStep():
            name = step.accumulator
            return _DEDUCTIBLE() if name is None else _NAMED_DEDUCTIBLE(deductible=Label(name))
        case CopayStep():
            said = _COPAY(amount=Dollars(step.cents), per=_PER[step.per]())
            if step.per in DAILY_COPAYS:
                said = _HIGHEST(copay=said)
            return _WAIVED(copay=said) if step.waived_with_deductible else said
        case BandedCopayStep():
            return _banded(step)
        case CoinsuranceStep():
            return _coinsurance(step)
        case ComparedStep():
            chosen = _LESSER if step.is_lesser else _GREATER
            return chosen(copay=step_words(step.copay), coinsurance=step_words(step.coinsurance))
        case NothingStep():
            return _NOTHING()


def _banded(step: BandedCopayStep) -> Message:
    """`$0.65 copay where the plan allows up to $10.00, and $3.80 copay above that`."""
    *most, last = step.bands
    above = _COPAY(amount=Dollars(last.cents), per=_PER[CopayPer.LINE]())
    bands = (_BAND(amount=Dollars(each.cents), allowed=Dollars(each.up_to or 0)) for each in most)
    return _BANDED(bands=WordList(tuple(bands)), otherwise=above) if most else above


def _coinsurance(step: CoinsuranceStep) -> Message:
    """`20% of what is left, at least $20.00 per visit, at most $150.00 per visit`."""
    said = _COINSURANCE(rate=Rate(step.basis_points), base=base(step.of))
    for bound, sentence_of in ((step.at_least, _AT_LEAST), (step.at_most, _AT_MOST)):
        if bound is not None:
            said = sentence_of(step=said, amount=Dollars(bound.cents), per=_PER[bound.per]())
    return said


def base(of: CoinsuranceOf) -> Message:
    """What a coinsurance is a percentage of: `the allowed amount`."""
    return _BASES[of]()
