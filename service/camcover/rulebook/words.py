"""Steps, limits and requirements in words: the one place that says what a benefit's terms are called.

What comes in: a record. What goes out: its words in one of three registers. `*_words` are for callers, patients among
them (`12 visits in a calendar year`); `*_terms` say all that a record does, for members of staff; brief ones are for a
list of differences (`30.00 copay per visit`). Names of single words are in the tables of records/terms.py. Every term
that a record carries is told: a test walks them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from camcover.money import dollars, percent
from camcover.rulebook.records import (
    COINSURANCES,
    COPAYS,
    DIAGNOSIS_DENIAL,
    LIMITS_DENIAL,
    MEASURES,
    MINUTES_OF_HOUR,
    NOUNS,
    PERIODS,
    ROLLING,
    Ages,
    Attestation,
    BandedCopayStep,
    CoinsuranceOf,
    CoinsuranceStep,
    ComparedStep,
    CopayPer,
    CopayStep,
    Criteria,
    DeductibleStep,
    Limit,
    LimitPeriod,
    Measure,
    MemberRole,
    MemberStatus,
    NothingStep,
    Payee,
    Phase,
    ProviderLiable,
    Requirement,
    Step,
    Tier,
    WaitingPeriod,
    WaitingUnit,
)

__all__ = [
    "ages_words",
    "allow_words",
    "amount",
    "attestation_words",
    "attestations_words",
    "attested_words",
    "bands_words",
    "base_words",
    "bounds_words",
    "copay_unit",
    "count",
    "liability_words",
    "limit_terms",
    "limit_words",
    "listed_tiers",
    "payment_words",
    "penalty_words",
    "per_name",
    "per_words",
    "phase_words",
    "quantity",
    "requirement_words",
    "roles_words",
    "statuses_words",
    "step_amount",
    "step_terms",
    "step_words",
    "unless_words",
    "visits_words",
    "waiting_length",
    "waiting_words",
    "written",
]

_ATTESTATIONS = {
    Attestation.PRIOR_AUTHORIZATION: "prior authorization",
    Attestation.REFERRAL: "a referral",
    Attestation.PLAN_OF_CARE: "a plan of care",
    Attestation.LETTER_OF_MEDICAL_NECESSITY: "a letter of medical necessity",
    Attestation.IMPROVEMENT_DOCUMENTED: "documented improvement",
    Attestation.ACTIVE_TREATMENT: "active treatment, not maintenance",
    Attestation.ADVANCE_NOTICE: "advance notice",
    Attestation.REHABILITATION: "rehabilitation",
    Attestation.SEPARATE_EXAMINATION: "an examination apart from the treatment",
    Attestation.DISTINCT_PROCEDURE: "a procedure distinct from the others of the day",
    Attestation.EXCLUDED_BY_STATUTE: "exclusion by statute",
}

_ROLES = {MemberRole.SUBSCRIBER: "the subscriber", MemberRole.SPOUSE: "a spouse", MemberRole.CHILD: "a child"}
_STATUSES = {MemberStatus.ACTIVE: "active members", MemberStatus.RETIREE: "retirees"}
_DENIALS = {DIAGNOSIS_DENIAL: "the diagnosis", LIMITS_DENIAL: "a limit of visits or units"}


def amount(cents: int) -> str:
    """`1500.00`."""
    return dollars(cents).replace("$", "").replace(",", "")


def count(number: int, noun: str) -> str:
    """`1 visit`, `12 visits`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def written(cents: int) -> str:
    """`cents` as a rule file writes it: `$8700` or `$30.50`."""
    whole, rest = divmod(cents, 100)
    return f"${whole}.{rest:02}" if rest else f"${whole}"


def quantity(measure: Measure, number: int, money: Callable[[int], str] = dollars) -> str:
    """`12 visits`, `4 units`, `3 hours`; of a measure in money, cents as `money` words them: `$1,500.00`."""
    noun = NOUNS[measure]
    if measure is Measure.MINUTES and number and number % MINUTES_OF_HOUR == 0:
        return count(number // MINUTES_OF_HOUR, "hour")
    return money(number) if noun is None else count(number, noun)


def attestation_words(attestation: Attestation) -> str:
    """`prior authorization`, `a referral`, ..."""
    return _ATTESTATIONS[attestation]


def liability_words(liable: ProviderLiable) -> str:
    """`the provider bears what is not covered for the diagnosis or without a referral, unless with advance notice`."""
    causes = [f"for {_DENIALS[each]}" for each in liable.denials if each in _DENIALS]
    causes += [f"without {attestation_words(Attestation(each))}" for each in liable.denials if each not in _DENIALS]
    return f"the provider bears what is not covered {' or '.join(causes)}{unless_words(liable)}"


def payment_words(tier: Tier) -> str:
    """Who gets what the plan pays in a tier, where that is not the provider; else empty."""
    if tier.payment_to is Payee.PROVIDER:
        return ""
    return "the member pays the provider at the time of service and claims back what the plan pays"


def unless_words(liable: ProviderLiable) -> str:
    """`, unless with advance notice`; empty where nothing makes it the member's."""
    return f", unless with {attestation_words(liable.unless)}" if liable.unless is not None else ""


def base_words(of: CoinsuranceOf) -> str:
    """What a coinsurance is a percentage of: `the allowed amount`."""
    return COINSURANCES[of].words


def copay_unit(per: CopayPer) -> str:
    """What a copay is due for, for a patient: `visit`, `service`, `unit`."""
    return COPAYS[per].patient


def per_words(per: LimitPeriod) -> str:
    """`in a benefit period`, `in any 12 months`."""
    return f"in {PERIODS[per.kind].patient.format(length=per.length)}"


def per_name(per: LimitPeriod) -> str:
    """`benefit period`, `rolling 90 days`, for lists of terms.

    A length beside a period on fixed dates, which no file can give, is told too.
    """
    words = PERIODS[per.kind].analyst.format(length=per.length)
    return f"{words} {per.length}" if per.length and per.kind not in ROLLING else words


def ages_words(ages: Ages | None) -> str:
    """`18 and over`, `up to 17`, `18 to 64`, `any`."""
    if ages is None or (ages.min is None and ages.max is None):
        return "any"
    if ages.min is None:
        return f"up to {ages.max}"
    return f"{ages.min} and over" if ages.max is None else f"{ages.min} to {ages.max}"


def allow_words(limit: Limit, money: Callable[[int], str] = dollars) -> str:
    """What a limit allows: `12 visits`, or by age: `30 visits at age up to 20, else 15 visits`."""
    parts = [f"{quantity(limit.measure, each.amount, money)} at age {ages_words(each.ages)}" for each in limit.by_age]
    others = quantity(limit.measure, limit.allow, money)
    return f"{', '.join(parts)}, else {others}" if parts else others


def limit_words(limit: Limit) -> str:
    """How much a limit lets pass, for a patient: `12 visits in a benefit period`, `$500.00 in any 12 months`."""
    return f"{allow_words(limit)}{' for the family' if limit.of_family else ''} {per_words(limit.per)}"


def limit_terms(limit: Limit) -> str:
    """All that a limit says: `12 visits in a benefit period, more only with documented improvement`."""
    beyond = f", more only with {attestation_words(limit.beyond)}" if limit.beyond is not None else ""
    where = f", in {listed_tiers(limit.tiers)} alone" if limit.tiers else ""
    words = f"{limit_words(limit)}{MEASURES[limit.measure, limit.counts].counted}{where}{beyond}"
    words += f", services with {attestations_words(limit.excepts)} aside" if limit.excepts else ""
    return f"{words}; what is left of a service goes on to the next benefit" if limit.hands_on else words


def listed_tiers(tiers: Sequence[str]) -> str:
    """`the tier 'in_network'`, `the tiers 'first' and 'second'`."""
    *most, final = [f"'{each}'" for each in tiers]
    return f"the tiers {', '.join(most)} and {final}" if most else f"the tier {final}"


def attestations_words(attestations: Sequence[Attestation], last: str = "and") -> str:
    """`a referral and a plan of care`."""
    *most, final = map(attestation_words, attestations)
    return f"{', '.join(most)} {last} {final}" if most else final


def attested_words(criteria: Criteria) -> str:
    """What criteria ask of attestations: `with a referral`, `without active treatment`, both; "" for nothing."""
    parts = [f"with {attestations_words(criteria.attested)}"] if criteria.attested else []
    parts += [f"without {attestations_words(criteria.not_attested, 'or')}"] if criteria.not_attested else []
    return " and ".join(parts)


def roles_words(roles: Sequence[MemberRole]) -> str:
    """`the subscriber`, `the subscriber or a spouse`."""
    return _either([_ROLES[role] for role in roles])


def statuses_words(statuses: Sequence[MemberStatus]) -> str:
    """`active members`, `active members or retirees`."""
    return _either([_STATUSES[status] for status in statuses])


def waiting_words(period: WaitingPeriod) -> str:
    """`2 months`, `60 days`."""
    return count(period.length, period.unit)


def waiting_length(period: WaitingPeriod) -> tuple[int, int]:
    """A waiting period as (days, months), one of which is 0."""
    return (0, period.length) if period.unit is WaitingUnit.MONTH else (period.length, 0)


def _either(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def requirement_words(requirement: Requirement) -> str:
    """`a referral`, `prior authorization after 12 visits`, `a referral, else the plan pays 50% less`.

    Of a penalty in dollars `... pays $300.00 less a visit`.
    """
    words = attestation_words(requirement.attestation)
    if requirement.after is not None:
        words += f" after {visits_words(requirement.after, requirement.visits_of)}"
    return words if requirement.is_bare else f"{words}, else {penalty_words(requirement)}"


def penalty_words(requirement: Requirement) -> str:
    """`the plan pays 50% less`, `the plan pays $300.00 less a visit`, of a bare requirement `not covered`."""
    less = [] if requirement.penalty is None else [f"{percent(requirement.penalty)} less"]
    less += [] if requirement.penalty_cents is None else [f"{dollars(requirement.penalty_cents)} less a visit"]
    return f"the plan pays {' and '.join(less)}" if less else "not covered"


def visits_words(number: int, limit: str | None) -> str:
    """`12 visits`, `5 visits of 'manual-therapies'`."""
    return count(number, "visit") if limit is None else f"{count(number, 'visit')} of '{limit}'"


def phase_words(phase: Phase) -> tuple[str, ...]:
    """Each step of a list, with the visits that it is for where it is not for all."""
    of = f" of '{phase.visits_of}'" if phase.visits_of is not None else ""
    until = f" (through visit {phase.through}{of})" if phase.through is not None else ""
    return tuple(f"{step_words(step)}{until}" for step in phase.steps)


def step_words(step: Step, *, is_brief: bool = False) -> str:
    """`deductible`, `$30.00 copay per visit`, `20% of what is left`, `nothing`; brief: `30.00 copay ...`, `20%`."""
    kind, asked = step_amount(step)
    if isinstance(step, CopayStep):
        return f"{asked if is_brief else dollars(step.cents)} {kind}{step_terms(step)}"
    if isinstance(step, BandedCopayStep) and not is_brief:
        return f"{kind}: {bands_words(step)}"
    if isinstance(step, CoinsuranceStep) and not is_brief:
        return f"{percent(step.basis_points)} of {base_words(step.of)}{bounds_words(step)}"
    if isinstance(step, ComparedStep):
        parts = (step_words(each, is_brief=is_brief) for each in (step.copay, step.coinsurance))
        return f"the {'lesser' if step.is_lesser else 'greater'} of {' and '.join(parts)}"
    return f"{asked or kind}{step_terms(step)}"


def step_amount(step: Step) -> tuple[str, str]:
    """What a step is called, and the amount it asks for, "" for none."""
    match step:
        case DeductibleStep():
            return "deductible", ""
        case CopayStep():
            return "copay", amount(step.cents)
        case BandedCopayStep():
            return "copay by allowed amount", bands_words(step, is_brief=True)
        case CoinsuranceStep():
            return "coinsurance", f"{percent(step.basis_points)}{bounds_words(step, is_brief=True)}"
        case ComparedStep():
            kind = f"{'lesser' if step.is_lesser else 'greater'} of copay and coinsurance"
            return kind, f"{step_amount(step.copay)[1]} and {step_amount(step.coinsurance)[1]}"
        case NothingStep():
            return "nothing", ""


def step_terms(step: Step) -> str:
    """What a step says beside its amount; a coinsurance of what is left says nothing."""
    match step:
        case DeductibleStep():
            return f" '{step.accumulator}'" if step.accumulator is not None else ""
        case CopayStep():
            highest = ", the highest of the day" if step.per is CopayPer.DAY else ""
            waived = ", waived where the line pays any deductible" if step.waived_with_deductible else ""
            return f" per {step.per}{highest}{waived}"
        case BandedCopayStep():
            return " copay by allowed amount"
        case CoinsuranceStep():
            return "" if step.of is next(iter(COINSURANCES)) else f" of {base_words(step.of)}"
        case ComparedStep():
            return f"{step_terms(step.copay)}{step_terms(step.coinsurance)}"
        case NothingStep():
            return ""


def bands_words(step: BandedCopayStep, *, is_brief: bool = False) -> str:
    """`$0.65 up to $10.00, $1.30 up to $25.00, else $2.55`."""
    money = amount if is_brief else dollars
    most = [f"{money(each.cents)} up to {money(each.up_to)}" for each in step.bands if each.up_to is not None]
    last = [f"{'else ' if most else ''}{money(each.cents)}" for each in step.bands if each.up_to is None]
    return ", ".join([*most, *last])


def bounds_words(step: CoinsuranceStep, *, is_brief: bool = False) -> str:
    """`, at least $20.00 per visit, at most $150.00 per visit`; empty where there is neither."""
    bounds = (("least", step.at_least), ("most", step.at_most))
    told = ((word, each, amount(each.cents) if is_brief else dollars(each.cents)) for word, each in bounds if each)
    return "".join(f", at {word} {cents} per {each.per}" for word, each, cents in told)
