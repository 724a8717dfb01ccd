"""What the member pays: lists of steps that the engine could not follow, or that say less than they seem to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

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


def check_repeated_steps(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """At most one copay and one coinsurance in a list (docs/rule-language.md, point 19)."""
    for plan in plans(rules):
        for _, phase in phases(plan):
            yield from _repeated(phase.steps, (CopayStep, BandedCopayStep), "copay")
            yield from _repeated(phase.steps, (CoinsuranceStep,), "coinsurance")


def _repeated(steps: tuple[Step, ...], kinds: tuple[type[Step], ...], name: str) -> Iterator[Diagnostic]:
    parts = (part for step in steps for part in _parts(step))
    same = [step for step in parts if isinstance(step, kinds)]
    if len(same) > 1:
        message = f"this list has {len(same)} {name} steps"
        yield STEP_REPEATED.at(same[1].at, message, "keep one of them")


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
                    message = "this copay has `waived_with_deductible`, but no deductible step comes before it"
                    yield WAIVER_WITHOUT_DEDUCTIBLE.at(step.at, message, "put a `deductible` step first")


def check_nothing_alone(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """`nothing` is the only step of its list (docs/rule-language.md, section 4, what the member pays)."""
    for plan in plans(rules):
        for _, phase in phases(plan):
            nothing = next((step for step in phase.steps if isinstance(step, NothingStep)), None)
            if nothing is not None and len(phase.steps) > 1:
                hint = "remove 'nothing', or all other steps"
                yield NOTHING_NOT_ALONE.at(nothing.at, "this list has 'nothing' and other steps", hint)


def check_visit_numbers(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Parts by visit number ascend and end with one for all later visits (docs/rule-language.md, section 4)."""
    for plan in plans(rules):
        for _, block in blocks(plan):
            for one, following in pairwise(block.member_pays):
                if _is_of_another(one, following):
                    found = f"this part counts {_whose(following)}, but the part before counts {_whose(one)}"
                    yield VISITS_OUT_OF_ORDER.at(following.at, found, "count the same visits in all parts")
                    break
                if one.through is None or (following.through is not None and following.through <= one.through):
                    found = "this part never applies, because the part before it is for all later visits"
                    if one.through is not None:
                        ends = f"ends with visit {following.through}, but the part before with visit {one.through}"
                        found = f"this part {ends}"
                    yield VISITS_OUT_OF_ORDER.at(following.at, found, "order the parts by visit number")
                    break
            else:
                last = block.member_pays[-1] if block.member_pays else None
                if last is not None and last.through is not None:
                    message = f"visits after visit {last.through} have no rule"
                    yield VISITS_WITHOUT_RULE.at(last.at, message, "add a part without `through`")


def _is_of_another(one: Phase, following: Phase) -> bool:
    """Whether two parts with a `through` go by different visits."""
    return following.through is not None and following.visits_of != one.visits_of


def _whose(phase: Phase) -> str:
    """Whose visits a part goes by."""
    return "the benefit's visits" if phase.visits_of is None else f"visits of '{phase.visits_of}'"


def check_bare_deductibles(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """A bare `deductible` in a tier without one takes nothing (docs/rule-language.md, point 19)."""
    for plan in plans(rules):
        for tier, phase in phases(plan):
            for step in phase.steps:
                is_bare = isinstance(step, DeductibleStep) and step.accumulator is None
                if is_bare and tier is not None and tier.deductible is None:
                    message = f"tier '{tier.id}' has no deductible, so this step has no effect"
                    yield DEDUCTIBLE_TAKES_NOTHING.at(step.at, message, "name one: `deductible: ID`")
