"""Checks of a complete rule set: faults that the decoder and the resolver cannot see in a single word.

What comes in: a `RuleSet` whose files were decoded, and today's date. What goes out: diagnostics. There is one small
function for each check, and one file for each subject. Each check cites the rule that it enforces. A check never
changes the rules. It ignores references to words that do not exist, because the resolver reports those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from camcover.rulebook.checks import (
    accounts,
    accumulators,
    bounds,
    codes,
    copays,
    criteria,
    federal,
    liability,
    limits,
    overlap,
    requirements,
    steps,
    upkeep,
)
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.records import RuleSet

__all__ = ["CHECKS", "Check", "run"]

Check = Callable[[RuleSet, date], Iterator[Diagnostic]]

CHECKS: tuple[Check, ...] = (
    accounts.check_account_amounts,
    accounts.check_carried_over,
    accounts.check_hsa_accounts,
    accumulators.check_feeds,
    accumulators.check_kinds,
    accumulators.check_amounts,
    accumulators.check_reductions,
    accumulators.check_parts,
    accumulators.check_maxima,
    accumulators.check_unused_accumulators,
    bounds.check_practitioners,
    bounds.check_diagnosis_groups,
    bounds.check_plan_sizes,
    bounds.check_step_counts,
    codes.check_modifiers,
    codes.check_visit_codes,
    codes.check_waiting_codes,
    codes.check_without_codes,
    criteria.check_criteria,
    criteria.check_policies,
    criteria.check_practitioners,
    federal.check_out_of_pocket_maxima,
    federal.check_hsa_deductibles,
    federal.check_hsa_out_of_pocket_maxima,
    federal.check_hsa_first_dollar,
    federal.check_hsa_carryover,
    liability.check_liability,
    limits.check_counts,
    limits.check_left_out,
    limits.check_visits_of,
    limits.check_family,
    limits.check_counted_for,
    limits.check_minutes,
    limits.check_zero,
    limits.check_repeated,
    limits.check_straddles,
    limits.check_unused,
    overlap.check_overlaps,
    overlap.check_hidden,
    requirements.check_penalties,
    steps.check_repeated_steps,
    steps.check_waivers,
    steps.check_nothing_alone,
    steps.check_visit_numbers,
    steps.check_bare_deductibles,
    copays.check_units,
    copays.check_scopes,
    upkeep.check_reviews,
    upkeep.check_tests,
    upkeep.check_tiers,
)
"""Every check, in order of subject."""


def run(rules: RuleSet, today: date) -> Iterator[Diagnostic]:
    """All diagnostics of all checks for `rules`; `today` is the day on which reviews are judged."""
    for check in CHECKS:
        yield from check(rules, today)
