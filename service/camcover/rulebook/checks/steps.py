"""What the member pays: lists of steps that the engine could not follow, or that say less than they seem to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from camcover.messages import Message, Sentence, sentence
from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.scope import blocks, phases, plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.records import (
    BandedCopayStep,
    CoinsuranceStep,
    ComparedStep,
    CopayStep,
    DeductibleStep,
    NothingStep,
    Phase,
    RuleSet,
    Step,
)

STEP_REPEATED = declare_fault(
    "step-repeated",
    Severity.ERROR,
    "A list of steps has more than one copay or more than one coinsurance. The steps inside `lesser_of` and "
    "`greater_of` count, too (docs/rule-language.md, point 19).",
    "Keep one of them, or split the benefit.",
)
WAIVER_WITHOUT_DEDUCTIBLE = declare_fault(
    "waiver-without-deductible",
    Severity.ERROR,
    "A copay has `waived_with_deductible`, but no deductible step comes before it, so it is never waived "
    "(docs/rule-language.md, point 19).",
    "Put the deductible step before the copay, or remove `waived_with_deductible`.",
)
NOTHING_NOT_ALONE = declare_fault(
    "nothing-not-alone",
    Severity.ERROR,
    "A list has `nothing` and other steps. The member pays either nothing or the amounts of the steps.",
    "Remove `nothing`, or all other steps.",
)
VISITS_OUT_OF_ORDER = declare_fault(
    "visits-out-of-order",
    Severity.ERROR,
    "The `through` numbers of the parts of a `member_pays` do not ascend, count different visits, or a part without "
    "`through` is not the last one.",
    "Order the parts by visit number. Give every part but the last one a `through`.",
)
VISITS_WITHOUT_RULE = declare_fault(
    "visits-without-rule",
    Severity.ERROR,
    "The last part of a `member_pays` has a `through`, so later visits have no rule.",
    "Add a last part without `through`. If later visits are not covered, add a limit as well.",
)
DEDUCTIBLE_TAKES_NOTHING = declare_fault(
    "deductible-takes-nothing",
    Severity.WARNING,
    "A `deductible` step has no effect, because it names no deductible and its tier has `deductible: none` "
    "(docs/rule-language.md, point 19).",
    "Remove the step, or name the deductible: `deductible: ID`.",
)

_REPEATED_COPAY = sentence("step-repeated-copay", "found")
_REPEATED_COINSURANCE = sentence("step-repeated-coinsurance", "found")
_NEVER_APPLIES = sentence("visits-out-of-order-never-applies")
_ENDS_BEFORE = sentence("visits-out-of-order-ends-before", "visit", "before")
_VISITS_OF_BENEFIT = sentence("visits-out-of-order-of-benefit")
_VISITS_OF_LIMIT = sentence("visits-out-of-order-of-limit", "limit")
_KEEP_ONE = sentence("step-repeated-keep-one")
_NO_DEDUCTIBLE_BEFORE = sentence("waiver-without-deductible-no-deductible-before")
_DEDUCTIBLE_FIRST = sentence("waiver-without-deductible-deductible-first")
_REMOVE_NOTHING = sentence("nothing-not-alone-remove-nothing")
_NOTHING_AND_OTHERS = sentence("nothing-not-alone-nothing-and-others")
_COUNTS_OTHER_VISITS = sentence("visits-out-of-order-counts-other-visits", "visits", "before")
_COUNT_SAME_VISITS = sentence("visits-out-of-order-count-same-visits")
_ORDER_PARTS = sentence("visits-out-of-order-order-parts")
_NO_RULE_AFTER = sentence("visits-without-rule-no-rule-after", "visit")
_ADD_PART = sentence("visits-without-rule-add-part")
_TIER_HAS_NONE = sentence("deductible-takes-nothing-tier-has-none", "tier")
_NAME_ONE = sentence("deductible-takes-nothing-name-one")


def check_repeated_steps(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """At most one copay and one coinsurance in a list (docs/rule-language.md, point 19)."""
    for plan in plans(rules):
        for _, phase in phases(plan):
            yield from _repeated(phase.steps, (CopayStep, BandedCopayStep), _REPEATED_COPAY)
            yield from _repeated(phase.steps, (CoinsuranceStep,), _REPEATED_COINSURANCE)


def _repeated(steps: tuple[Step, ...], kinds: tuple[type[Step], ...], said: Sentence) -> Iterator[Diagnostic]:
    parts = (part for step in steps for part in _parts(step))
    same = [step for step in parts if isinstance(step, kinds)]
    if len(same) > 1:
        yield STEP_REPEATED.at(same[1].at, said(found=str(len(same))), _KEEP_ONE())


def _parts(step: Step) -> tuple[Step, ...]:
    """A step, or the two that it compares."""
    return (step.copay, step.coinsurance) if isinstance(step, ComparedStep) else (step,)


def check_waivers(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """`waived_with_deductible` needs a deductible step before the copay (docs/rule-language.md, point 19)."""
    for plan in plans(rules):
        for _, phase in phases(plan):
            for position, step in enumerate(phase.steps):
                before = phase.steps[:position]
                is_waived = isinstance(step, CopayStep) and step.waived_with_deductible
                if is_waived and not any(isinstance(each, DeductibleStep) for each in before):
                    message = _NO_DEDUCTIBLE_BEFORE()
                    yield WAIVER_WITHOUT_DEDUCTIBLE.at(step.at, message, _DEDUCTIBLE_FIRST())


def check_nothing_alone(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """`nothing` is the only step of its list (docs/rule-language.md, section 4, what the member pays)."""
    for plan in plans(rules):
        for _, phase in phases(plan):
            nothing = next((step for step in phase.steps if isinstance(step, NothingStep)), None)
            if nothing is not None and len(phase.steps) > 1:
                hint = _REMOVE_NOTHING()
                yield NOTHING_NOT_ALONE.at(nothing.at, _NOTHING_AND_OTHERS(), hint)


def check_visit_numbers(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Parts by visit number ascend and end with one for all later visits (docs/rule-language.md, section 4)."""
    for plan in plans(rules):
        for _, block in blocks(plan):
            for one, following in pairwise(block.member_pays):
                if _is_of_another(one, following):
                    found = _COUNTS_OTHER_VISITS(visits=_whose(following), before=_whose(one))
                    yield VISITS_OUT_OF_ORDER.at(following.at, found, _COUNT_SAME_VISITS())
                    break
                if one.through is None or (following.through is not None and following.through <= one.through):
                    found = _NEVER_APPLIES()
                    if one.through is not None:
                        found = _ENDS_BEFORE(visit=str(following.through), before=str(one.through))
                    yield VISITS_OUT_OF_ORDER.at(following.at, found, _ORDER_PARTS())
                    break
            else:
                last = block.member_pays[-1] if block.member_pays else None
                if last is not None and last.through is not None:
                    message = _NO_RULE_AFTER(visit=str(last.through))
                    yield VISITS_WITHOUT_RULE.at(last.at, message, _ADD_PART())


def _is_of_another(one: Phase, following: Phase) -> bool:
    """Whether two parts with a `through` go by different visits."""
    return following.through is not None and following.visits_of != one.visits_of


def _whose(phase: Phase) -> Message:
    """Whose visits a part goes by."""
    return _VISITS_OF_BENEFIT() if phase.visits_of is None else _VISITS_OF_LIMIT(limit=phase.visits_of)


def check_bare_deductibles(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """A bare `deductible` in a tier without one takes nothing (docs/rule-language.md, point 19)."""
    for plan in plans(rules):
        for tier, phase in phases(plan):
            for step in phase.steps:
                is_bare = isinstance(step, DeductibleStep) and step.accumulator is None
                if is_bare and tier is not None and tier.deductible is None:
                    message = _TIER_HAS_NONE(tier=tier.id)
                    yield DEDUCTIBLE_TAKES_NOTHING.at(step.at, message, _NAME_ONE())
