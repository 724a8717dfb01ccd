"""What stands beside the cases of a decision table, in words for staff."""

from __future__ import annotations

from camcover.money import dollars
from camcover.rulebook.analysis.row_gaps import GapKind, RowGap
from camcover.workflow.row_notes import RowCliff

__all__ = ["cliff_words", "gap_words"]


def cliff_words(cliff: RowCliff) -> str:
    """Where what the patient pays rises, and by how much."""
    tier, noun, number, why, is_met = cliff.step
    steps = f"{noun} {number} costs the patient {dollars(cliff.before_cents)}, {noun} {number + 1} costs"
    rise = f"{dollars(cliff.after_cents)}, which is {dollars(cliff.after_cents - cliff.before_cents)} more"
    return f"{tier.replace('_', ' ')}{', deductible met' if is_met else ''}: {steps} {rise} ({why})"


def gap_words(gap: RowGap) -> str:
    """What no rule takes."""
    facts = "; ".join(f"{subject} {words.replace('_', ' ')}" for subject, words in gap.when.items())
    match gap.kind:
        case GapKind.NOT_NAMED:
            return "no benefit and no exclusion is for these facts"
        case GapKind.TOGETHER:
            return f"each of these facts is covered beside others, but not together: {facts}"
        case GapKind.AGES:
            return f"{facts} is not covered, younger and older patients are"
