"""Tests for imported plans: one visit of 200.00 under a benefit, which without a fee file is the allowed amount."""

from __future__ import annotations

from camcover.exchange.plan_text import DraftBenefit, DraftTest
from camcover.exchange.shares import CostShare
from camcover.rulebook.words import amount, written

__all__ = ["CHARGE", "visit_test"]

CHARGE = 20_000


def visit_test(benefit: DraftBenefit, share: CostShare, cents: int, visit: str, *, is_lower: bool = False) -> DraftTest:
    """A test of a visit that costs the member `cents`; `visit`: YAML of what is asked, with its tier and date."""
    words = benefit.id.replace("-", " ")
    attested = ", attestations: [lower_cost_share]" if is_lower else ""
    chosen = f"{benefit.id}-lower" if is_lower else benefit.id
    return DraftTest(
        f"{words}, at the lower cost share" if is_lower else f"one visit of {words}",
        f"Of {written(CHARGE)}, {', then '.join(share.steps)}: {written(cents)}.",
        f"{{{visit}{attested}, charge: ${amount(CHARGE)}}}",
        f"{{patient: ${amount(cents)}, plan_paid: ${amount(CHARGE - cents)}, first: {{benefit: {chosen}}}}}",
    )
