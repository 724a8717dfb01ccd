"""Accumulators: contradictory amounts and uses, and sums that no line changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.messages import sentence
from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.scope import phases, place_of, plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.phrases import INDIVIDUAL_AMOUNT, SELF_ONLY_AMOUNT
from camcover.rulebook.records import AccumulatorKind, Carryover, DeductibleStep, FamilyMode, Place, Plan, RuleSet
from camcover.rulebook.words import written

FEEDS_ITSELF = declare_fault(
    "accumulator-feeds-itself",
    Severity.ERROR,
    "An accumulator names itself in its `feeds`, which would count the same dollars twice.",
    "Remove it from `feeds`.",
)
WRONG_KIND = declare_fault(
    "accumulator-of-wrong-kind",
    Severity.ERROR,
    "A tier or a deductible step names a deductible where an out-of-pocket maximum is expected, or the reverse.",
    "Name an accumulator of the expected kind, or change its `kind`.",
)
INDIVIDUAL_ABOVE_FAMILY = declare_fault(
    "individual-above-family",
    Severity.ERROR,
    "The individual or the self-only amount of an accumulator, or the individual amount of an account, is above its "
    "family amount.",
    "Check both amounts against the plan's document.",
)
AGGREGATE_WITHOUT_FAMILY = declare_fault(
    "aggregate-without-family",
    Severity.ERROR,
    "An accumulator has `family_mode: aggregate` but no family amount, so it would have no maximum under family "
    "coverage (docs/rule-language.md, point 22).",
    "Give the family amount (`unlimited` amounts need no mode), or use `family_mode: embedded`.",
)
SELF_ONLY_OF_AGGREGATE = declare_fault(
    "self-only-of-aggregate",
    Severity.ERROR,
    "An accumulator with `family_mode: aggregate` has a `self_only` amount. Under family coverage only the family's "
    "amount counts, so `individual` already means self-only coverage, and one of the two amounts would have no effect "
    "(docs/rule-language.md, point 22).",
    "Write the amount of self-only coverage as `individual`. If each member of a family has an individual amount, use "
    "`family_mode: embedded`.",
)
REDUCED_BY_MISPLACED = declare_fault(
    "reduced-by-misplaced",
    Severity.ERROR,
    "`reduced_by` has no meaning here: the accumulator is an out-of-pocket maximum, is aggregate, has a `carryover`, "
    "or has an individual amount below the reduction (docs/rule-language.md, point 22).",
    "Use `reduced_by` only on an embedded deductible without `carryover`, and no larger than its `individual` and "
    "`self_only` amounts.",
)
COUNTS_OF_DEDUCTIBLE = declare_fault(
    "counts-of-deductible",
    Severity.ERROR,
    "A deductible has the key `counts`. A deductible counts every amount that is paid toward it; only an out-of-pocket "
    "maximum may leave out parts of the cost share (docs/rule-language.md, point 21).",
    "Remove `counts`, or move it to the out-of-pocket maximum that counts only these parts.",
)
NAMED_TWICE = declare_fault(
    "maximum-named-twice",
    Severity.ERROR,
    "A tier names an out-of-pocket maximum twice. `out_of_pocket_maximum` already counts and caps, so the same name in "
    "`counts_toward` or `capped_by` adds nothing.",
    "Name it once. For a maximum that counts but does not cap, write `out_of_pocket_maximum: none` and name it only in "
    "`counts_toward`.",
)
CAP_WITHOUT_COUNT = declare_fault(
    "cap-without-count",
    Severity.WARNING,
    "A tier is capped by a maximum that can never be reached, because no tier and no `feeds` counts toward it.",
    "Name the maximum in the `counts_toward` of the tiers whose cost share counts, or in the `feeds` of an "
    "accumulator.",
)
COUNT_WITHOUT_CAP = declare_fault(
    "count-without-cap",
    Severity.WARNING,
    "A tier counts toward a maximum that caps no tier, so nothing changes when it is reached.",
    "Name the maximum in the `capped_by` of the tiers where it ends the cost share, or remove it.",
)
UNUSED_ACCUMULATOR = declare_fault(
    "unused-accumulator",
    Severity.WARNING,
    "No tier, step or `feeds` names the accumulator, so nothing ever counts toward it.",
    "Name it in a tier, a step or `feeds`, or remove it.",
)

ABOVE_FAMILY = sentence("individual-above-family-amounts", "amount", "sum", "family")
CHECK_BOTH = sentence("individual-above-family-check-both")
_NAMED_BY_BOTH = sentence("maximum-named-twice-by-both-keys", "tier", "maximum", "key")
_TWICE_IN_LIST = sentence("maximum-named-twice-in-list", "tier", "maximum", "key")
_NAME_IT_ONCE = sentence("maximum-named-twice-name-it-once")
_REDUCES_NO_DEDUCTIBLE = sentence("reduced-by-misplaced-no-deductible", "accumulator")
_REDUCES_AGGREGATE = sentence("reduced-by-misplaced-aggregate", "accumulator")
_REDUCES_CARRYOVER = sentence("reduced-by-misplaced-carryover", "accumulator")
_REDUCES_TOO_MUCH = sentence("reduced-by-misplaced-too-much", "accumulator", "amount")
_REMOVE_REDUCED_BY = sentence("reduced-by-misplaced-remove-reduced-by")
_FEEDS_ITSELF = sentence("accumulator-feeds-itself-feeds-itself", "accumulator")
_REMOVE_FROM_FEEDS = sentence("accumulator-feeds-itself-remove-from-feeds")
_IS_OF_KIND = sentence("accumulator-of-wrong-kind-is-of-kind", "accumulator", "kind", "expected")
_NAME_ONE_OF = sentence("accumulator-of-wrong-kind-name-one-of", "accumulators")
_NONE_OF_KIND = sentence("accumulator-of-wrong-kind-none-of-kind", "kind")
_HAS_COUNTS = sentence("counts-of-deductible-has-counts", "deductible")
_REMOVE_COUNTS = sentence("counts-of-deductible-remove-counts")
_NOTHING_COUNTS = sentence("cap-without-count-nothing-counts", "maximum", "tier")
_ALSO_COUNT = sentence("cap-without-count-also-count")
_CAPS_NO_TIER = sentence("count-without-cap-caps-no-tier", "tier", "maximum")
_NAME_IN_CAPPED_BY = sentence("count-without-cap-name-in-capped-by")
_HAS_SELF_ONLY = sentence("self-only-of-aggregate-has-self-only", "accumulator")
_WRITE_AS_INDIVIDUAL = sentence("self-only-of-aggregate-write-as-individual")
_NO_FAMILY_AMOUNT = sentence("aggregate-without-family-no-family-amount", "accumulator")
_ADD_FAMILY = sentence("aggregate-without-family-add-family")
_NOTHING_TOWARD = sentence("unused-accumulator-nothing-toward", "accumulator")
_NAME_IT = sentence("unused-accumulator-name-it")


def check_feeds(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """No accumulator feeds itself (docs/rule-language.md, point 23: the same dollars count once)."""
    for plan in plans(rules):
        for accumulator in plan.accumulators.values():
            own = [word for word in accumulator.feeds if word == accumulator.id]
            if own:
                message = _FEEDS_ITSELF(accumulator=accumulator.id)
                yield FEEDS_ITSELF.at(place_of(own[0], accumulator.at), message, _REMOVE_FROM_FEEDS())


def check_kinds(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """`deductible` names deductibles, `out_of_pocket_maximum` maxima (docs/rule-language.md, section 4)."""
    for plan in plans(rules):
        for word, place, wanted in _uses_by_kind(plan):
            accumulator = plan.accumulators.get(word)
            if accumulator is not None and accumulator.kind is not wanted:
                message = _IS_OF_KIND(accumulator=word, kind=accumulator.kind, expected=wanted)
                same = [each.id for each in plan.accumulators.values() if each.kind is wanted]
                hint = _NAME_ONE_OF(accumulators=", ".join(same)) if same else _NONE_OF_KIND(kind=wanted)
                yield WRONG_KIND.at(place, message, hint)


def _uses_by_kind(plan: Plan) -> Iterator[tuple[str, Place, AccumulatorKind]]:
    """Every word that must name an accumulator of one kind."""
    for tier in plan.tiers.values():
        if tier.deductible is not None:
            yield tier.deductible, place_of(tier.deductible, tier.at), AccumulatorKind.DEDUCTIBLE
        own = () if tier.out_of_pocket_maximum is None else (tier.out_of_pocket_maximum,)
        for maximum in (*own, *tier.counts_toward, *tier.capped_by):
            yield maximum, place_of(maximum, tier.at), AccumulatorKind.OUT_OF_POCKET_MAXIMUM
    for _, phase in phases(plan):
        for step in phase.steps:
            if isinstance(step, DeductibleStep) and step.accumulator is not None:
                yield step.accumulator, place_of(step.accumulator, step.at), AccumulatorKind.DEDUCTIBLE


def check_parts(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Only a maximum may count less than the whole cost share (docs/rule-language.md, point 21)."""
    for plan in plans(rules):
        for accumulator in plan.accumulators.values():
            if accumulator.kind is AccumulatorKind.DEDUCTIBLE and accumulator.counts is not None:
                message = _HAS_COUNTS(deductible=accumulator.id)
                yield COUNTS_OF_DEDUCTIBLE.at(accumulator.at, message, _REMOVE_COUNTS())


def check_maxima(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """A tier names each maximum once for counting and once for capping (docs/rule-language.md, point 21)."""
    for plan in plans(rules):
        for tier in plan.tiers.values():
            for key, words in (("counts_toward", tier.counts_toward), ("capped_by", tier.capped_by)):
                said = set() if tier.out_of_pocket_maximum is None else {tier.out_of_pocket_maximum}
                for word in words:
                    if word in said:
                        is_own = word == tier.out_of_pocket_maximum
                        finding = (_NAMED_BY_BOTH if is_own else _TWICE_IN_LIST)(tier=tier.id, maximum=word, key=key)
                        yield NAMED_TWICE.at(place_of(word, tier.at), finding, _NAME_IT_ONCE())
                    said.add(word)
        yield from _half_said(plan)


def _half_said(plan: Plan) -> Iterator[Diagnostic]:
    """Maxima in `capped_by` that never count, and in `counts_toward` that never cap."""
    counted = {word for tier in plan.tiers.values() for word in (*tier.counted, *tier.copay_feeds)}
    counted.update(word for each in plan.accumulators.values() for word in each.feeds if word != each.id)
    capping = {word for tier in plan.tiers.values() for word in tier.capping}
    for tier in plan.tiers.values():
        for word in tier.capped_by:
            if word not in counted:
                message = _NOTHING_COUNTS(maximum=word, tier=tier.id)
                yield CAP_WITHOUT_COUNT.at(place_of(word, tier.at), message, _ALSO_COUNT())
        for word in tier.counts_toward:
            if word not in capping:
                message = _CAPS_NO_TIER(tier=tier.id, maximum=word)
                yield COUNT_WITHOUT_CAP.at(place_of(word, tier.at), message, _NAME_IN_CAPPED_BY())


def check_amounts(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Individual and family amounts fit each other and the family mode (docs/rule-language.md, point 22)."""
    for plan in plans(rules):
        for accumulator in plan.accumulators.values():
            individual, family = accumulator.individual, accumulator.family
            alone, is_aggregate = accumulator.self_only, accumulator.family_mode is FamilyMode.AGGREGATE
            if alone is not None and is_aggregate:
                message = _HAS_SELF_ONLY(accumulator=accumulator.id)
                yield SELF_ONLY_OF_AGGREGATE.at(accumulator.at, message, _WRITE_AS_INDIVIDUAL())
            elif alone is not None and family is not None and alone > family:
                amount = SELF_ONLY_AMOUNT(amount=written(alone))
                finding = ABOVE_FAMILY(amount=amount, sum=accumulator.id, family=written(family))
                yield INDIVIDUAL_ABOVE_FAMILY.at(accumulator.at, finding, CHECK_BOTH())
            if individual is not None and family is not None and individual > family:
                amount = INDIVIDUAL_AMOUNT(amount=written(individual))
                finding = ABOVE_FAMILY(amount=amount, sum=accumulator.id, family=written(family))
                yield INDIVIDUAL_ABOVE_FAMILY.at(accumulator.at, finding, CHECK_BOTH())
            # Without an individual amount nobody is bounded in either mode. With one, that bound would get lost.
            if is_aggregate and family is None and individual is not None:
                message = _NO_FAMILY_AMOUNT(accumulator=accumulator.id)
                yield AGGREGATE_WITHOUT_FAMILY.at(accumulator.at, message, _ADD_FAMILY())


def check_reductions(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """`reduced_by` has an effect where it is given (docs/rule-language.md, point 22)."""
    for plan in plans(rules):
        for accumulator in plan.accumulators.values():
            reduction = accumulator.wellness_incentive
            if reduction is None:
                continue
            amounts = [each for each in (accumulator.individual, accumulator.alone) if each is not None]
            finding = None
            if accumulator.kind is not AccumulatorKind.DEDUCTIBLE:
                finding = _REDUCES_NO_DEDUCTIBLE(accumulator=accumulator.id)
            elif accumulator.family_mode is FamilyMode.AGGREGATE:
                finding = _REDUCES_AGGREGATE(accumulator=accumulator.id)
            elif accumulator.carryover is not Carryover.NONE:
                finding = _REDUCES_CARRYOVER(accumulator=accumulator.id)
            elif not amounts or reduction > min(amounts):
                finding = _REDUCES_TOO_MUCH(accumulator=accumulator.id, amount=written(reduction))
            if finding is not None:
                yield REDUCED_BY_MISPLACED.at(accumulator.at, finding, _REMOVE_REDUCED_BY())


def check_unused_accumulators(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Every accumulator is moved by a tier, a step or another accumulator (docs/rule-language.md, point 23)."""
    for plan in plans(rules):
        used = {word for word, _, _ in _uses_by_kind(plan)}
        used.update(word for tier in plan.tiers.values() for word in tier.copay_feeds)
        used.update(word for each in plan.accumulators.values() for word in each.feeds if word != each.id)
        for accumulator in plan.accumulators.values():
            if accumulator.id not in used:
                message = _NOTHING_TOWARD(accumulator=accumulator.id)
                yield UNUSED_ACCUMULATOR.at(accumulator.at, message, _NAME_IT())
