"""Tests for imported plans: one visit of 200.00 under a benefit, which without a fee file is the allowed amount."""

from __future__ import annotations

from camcover.exchange.plan_text import DraftBenefit, DraftTest
from camcover.exchange.shares import CostShare, amount

__all__ = ["CHARGE", "visit_test"]

CHARGE = 20_000


def visit_test(benefit: DraftBenefit, share: CostShare, cents: int, visit: str, *, is_lower: bool = False) -> DraftTest:
    """A test of a visit that costs the member `cents`; `visit`: YAML of what is asked, with its tier and date."""
    words = benefit.id.replace("-", " ")
    attested = ", attestations: [lower_cost_share]" if is_lower else ""
    chosen = f"{benefit.id}-lower" if is_lower else benefit.id
    return DraftTest(
        f"{words}, at the lower cost share" if is_lower else f"one visit of {words}",
        f"Of {amount(CHARGE)}, {', then '.join(share.steps)}: {amount(cents)}.",
        f"{{{visit}{attested}, charge: {_exact(CHARGE)}}}",
        f"{{patient: {_exact(cents)}, plan_paid: {_exact(CHARGE - cents)}, first: {{benefit: {chosen}}}}}",
    )


def _exact(cents: int) -> str:
    """`$30.00`."""
    return f"${cents // 100}.{cents % 100:02d}"
