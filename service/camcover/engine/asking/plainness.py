"""Whether the patient's total can only fall as more of a fact is used, met or given: then its two ends are enough.

What comes in: a question and its open facts. What goes out: yes or no. Each condition has its argument beside it;
docs/decisions.md has them all together. "Falls" means: never rises.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.engine.asking.layout import OPEN_TIER, Layout
from camcover.engine.asking.open_accounts import are_drawn_evenly, may_favour_uncovered
from camcover.engine.asking.open_use import is_stale
from camcover.engine.asking.openness import Openness, tiers_of
from camcover.engine.asking.question import Question
from camcover.engine.compiling.known_limits import own_visits_of
from camcover.engine.compiling.terms import Terms
from camcover.rulebook.records import LONG_PERIODS, MOVING, CountedFor, Limit, Measure


def only_falls(question: Question, openness: Openness, *, waived: bool = False) -> bool:
    """Whether the total can only fall as more of the sums is used, and only rise with the charges.

    A cent that a sum has more of takes a cent off a line's deductible, or off its share at the maximum, and adds at the
    most as much to what the line pays otherwise; a later line can win back no more than what earlier lines saved.
    That fails where a cent saved on one line is a different amount elsewhere: a missing attestation costs a share of
    what the plan pays, a limit counts it, a second plan pays behind it, an account pays it here and not there, an
    accumulator feeds another one, or the end of a period judges a sum. `waived`: a copay that falls away with the
    deductible is left out of account.
    """
    terms, layout = openness.terms[0], question.primary
    if question.secondary is not None or terms.penalised or terms.counts_paid or (terms.waived and not waived):
        return False
    if not all(terms.only_fall(tiers) for tiers in _tiers_of_cases(layout)):
        return False
    return not _is_carried(layout, terms) and _is_even(layout, openness) and are_drawn_evenly(question)


def _tiers_of_cases(layout: Layout) -> Iterator[list[int]]:
    """The tiers that lines are in together, case by case: open lines share a place of their edition's list."""
    named = {service.tier for service in layout.services}
    if OPEN_TIER not in named:
        yield sorted(named)
        return
    for place in range(layout.plan.longest_list):
        tiers = set(named - {OPEN_TIER})
        for plan in layout.plan.editions:
            listed = list(plan.tiers)
            tiers.add(layout.plan.tiers[listed[min(place, len(listed) - 1)]])
        yield sorted(tiers)


def _is_carried(layout: Layout, terms: Terms) -> bool:
    """Whether a deductible in question may be carried from one benefit period into a later one."""
    if not terms.carried & terms.consulted(tiers_of(layout)):
        return False
    days = layout.days if is_stale(layout) else {*layout.days, layout.as_of}
    return len({layout.plan.period_of(day) for day in days}) > 1


def _is_even(layout: Layout, openness: Openness) -> bool:
    """Whether no member's open sum stands beside a family's that is given: one's saving would be another's loss."""
    members = {service.member for service in layout.services} if layout.family else ()
    if len(members) <= 1:
        return True
    open_of_family = {each.accumulator for each in openness.sums[0] if each.member < 0}
    return all(each.accumulator in open_of_family for each in openness.sums[0] if each.member in members)


def prices_only_raise(openness: Openness) -> bool:
    """Whether a higher charge only raises the total, beside `only_falls`.

    It may not keep a line from being covered, take another's fee, or bring a line into a band with a lower copay.
    """
    terms = openness.terms[0]
    if terms.shares_fees or terms.has_falling_bands:
        return False
    return not any(each.limit.measure is Measure.MONEY for each in terms.limits)


def use_only_raises(question: Question, openness: Openness) -> bool:
    """Whether the total can only rise as limits are used and attestations are missing, beside `only_falls`.

    A line that is not covered costs its charge, so no less than when it is covered (where no denial is the provider's);
    and no line becomes covered by
    that: what a limit has left goes to the earliest lines, of one benefit, in fixed periods. A line that is not covered
    leaves its part of a shared fee to others.
    """
    terms = openness.terms[0]
    if terms.discounted or terms.continues or terms.liable or terms.chosen or terms.shares_fees:
        return False
    # A higher charge, or less of it that is eligible, may bring a line into a band with a lower copay.
    if terms.has_falling_bands and openness.may_be_priced:
        return False
    if terms.banded and any(each.limit.measure is Measure.MONEY for each in terms.limits):
        return False
    if may_favour_uncovered(question):
        return False
    # A line that is not covered uses up no units of its code, and its add-on codes lose their first code.
    if question.primary.plan.has_code_edits:
        return False
    if not (openness.uses or openness.attestations):
        return True
    return _is_one_row(question.primary, terms) or _is_nested(question, openness, terms)


def _is_one_row(layout: Layout, terms: Terms) -> bool:
    """Whether all lines are alike: one service, on dates under the same terms; then only their number matters."""
    if len(layout.services) > 1 or terms.phased or len(layout.rows) > 1 or layout.asked.services[0].units > 1:
        return False
    days = layout.days
    return (
        len({layout.plan.place_on(day) for day in days}) == 1
        and _is_in_one_period(layout)
        and len(days) == len(layout.asked.lines)
        and not any(each.limit.measure is Measure.MONEY and each.limit.per.kind in MOVING for each in terms.limits)
        and len({each.benefit for each in terms.limits}) <= 1
    )


def _is_in_one_period(layout: Layout) -> bool:
    """Whether all lines lie in one benefit period and one calendar year."""
    days = layout.days
    return len({(layout.plan.period_of(day), date.fromordinal(day).year) for day in days}) == 1


def _has_several_counts(question: Question, limit: Limit) -> bool:
    """Whether lines of one member count apart, or those of several members together."""
    is_apart = limit.counted_for in (CountedFor.EPISODE, CountedFor.CONDITION)
    return is_apart or (limit.of_family and question.primary.members > 1)


def _is_nested(question: Question, openness: Openness, terms: Terms) -> bool:
    """Whether fewer left of a limit leaves fewer of its lines, and never others."""
    units = any(service.units > 1 for service in question.asked.services)
    benefits: dict[str, list[str]] = {}
    users: dict[str, set[str]] = {}
    for each in terms.limits:
        if (each.limit.measure is Measure.UNITS and units) or each.limit.measure is Measure.MINUTES:
            return False
        kind = each.limit.per.kind
        if kind in MOVING or (terms.phased and kind not in LONG_PERIODS):
            return False
        if terms.phased and own_visits_of(question.primary.plan, each.limit):
            return False
        if str(each.limit.id) in terms.numbering or _has_several_counts(question, each.limit):
            return False
        if each.limit.id not in benefits.setdefault(each.benefit, []):
            benefits[each.benefit].append(each.limit.id)
        users.setdefault(each.limit.id, set()).add(each.benefit)
    several = {benefit for benefit, limits in benefits.items() if len(limits) > 1}
    if any(each.benefit in several and each.limit.per.kind not in LONG_PERIODS for each in terms.limits):
        return False
    if several and not _is_in_one_period(question.primary):
        return False
    if not openness.attestations:
        return True
    is_shared = any(len(found) > 1 for found in users.values())
    return not terms.limits or not (is_shared or len(question.request.items) > 1)
