"""A plan of care under the shipped rules: 16 visits of acupuncture, 8 of chiropractic, 6 of an hour of massage."""

from __future__ import annotations

from typing import Any

BACK = "chronic-low-back-pain"

CARE = {
    "plan": "cascade-silver",
    "age": "44",
    "state": "WA",
    "before": "no",
    "sum-deductible": "1100",
    "sum-oop_max": "1420",
    "therapy-0": "acupuncture",
    "visits-0": "16",
    "every-0": "7",
    "first-0": "2026-03-02",
    "charge-0": "120",
    "practitioner-0": "acupuncturist",
    "tier-0": "in_network",
    "condition-0": BACK,
    "therapy-1": "chiropractic",
    "visits-1": "8",
    "every-1": "14",
    "first-1": "2026-03-04",
    "charge-1": "65",
    "practitioner-1": "chiropractor",
    "tier-1": "in_network",
    "condition-1": BACK,
    "therapy-2": "therapeutic-massage",
    "visits-2": "6",
    "minutes-2": "60",
    "every-2": "21",
    "first-2": "2026-03-06",
    "charge-2": "140",
    "practitioner-2": "massage-therapist",
    "tier-2": "in_network",
    "condition-2": BACK,
}
"""The care as the form of a page.

Acupuncture, of which the plan allows $84.00: twelve visits a year at a copay of $30.00, four at the charge of $120.00:
360 + 480 = $840. Chiropractic, $42.00 allowed: 8 x 30 = $240. Massage, four quarters of an hour at $32.00 = $128.00
allowed, $400.00 of the deductible left: three times 128, then 16 + 20% of 112 = 38.40, then 20% of 128 = 25.60 twice:
$473.60. Together 840 + 240 + 473.60 = $1,553.60 of 1,920 + 520 + 840 = $3,280.

The plan pays 12 x 54 + 8 x 12 + 89.60 + 2 x 102.40 = $1,038.40; 12 x 36 + 8 x 23 + 6 x 12 = $688 are written off.
March has five visits of acupuncture, two and two: 150 + 60 + 256 = $466; April four, three, one: 120 + 90 + 128 = $338;
May three that are covered and one that is not, two, two: 90 + 120 + 60 + 64 = $334; June three, one, one: 360 + 30 +
25.60 = $415.60.

Without prior authorization all acupuncture is owed: 1,920 - 840 = $1,080 more. Without a referral massage is not
covered, and the plan's discount program takes 25% off: 6 x 105 - 473.60 = $156.40 more. With neither, $2,790.
"""

APPROVED = {"have-0": "prior_authorization", "have-2": "referral"}
"""Both approvals are there."""


def _care(place: int, **others: Any) -> dict[str, Any]:
    """One kind of care as the methods have it."""
    return {
        "therapy": CARE[f"therapy-{place}"],
        "practitioner": CARE[f"practitioner-{place}"],
        "tier": "in_network",
        "conditions": [BACK],
        "charge_cents": int(CARE[f"charge-{place}"]) * 100,
        "start_date": CARE[f"first-{place}"],
        "sessions": int(CARE[f"visits-{place}"]),
        "every_days": int(CARE[f"every-{place}"]),
    } | others


def asked() -> dict[str, Any]:
    """The same care as a request of `/v1/estimates`."""
    used = [{"accumulator": "deductible", "used_cents": 110_000}, {"accumulator": "oop_max", "used_cents": 142_000}]
    limits = [{"limit": name} for name in ("manual-therapies", "acupuncture", "chiropractic")]
    return {
        "plan_id": CARE["plan"],
        "members": [{"age": 44, "state": "WA", "accumulators": used, "limit_usage": limits}],
        "items": [_care(0), _care(1), _care(2, procedures=[{"code": "97124", "units": 4}])],
        "explain": True,
    }
