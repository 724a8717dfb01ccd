"""Federal cost-sharing limits by year, in cents. No other module contains them.

What comes in: a year. What goes out: its limits; None for a limit or a year that is not published here. Nothing is
checked for such a year, because there is no figure to check against. Sources: the out-of-pocket limit of the Affordable
Care Act, 45 CFR 156.130(a)(2), as announced by CMS for each year; minimum deductible and out-of-pocket maximum of a
high-deductible health plan, 26 U.S.C. 223(c)(2), as announced by the IRS in a revenue procedure.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FederalLimit:
    """One limit of one year, cents: for self-only and for family coverage, and the paper that announced it."""

    individual_cents: int
    family_cents: int
    source: str


@dataclass(frozen=True, slots=True)
class FederalLimits:
    """What binds plans that begin in one year."""

    out_of_pocket_maximum: FederalLimit
    hsa_minimum_deductible: FederalLimit
    hsa_out_of_pocket_maximum: FederalLimit


_BY_YEAR = {
    2025: FederalLimits(
        FederalLimit(9_200_00, 18_400_00, "CMS premium adjustment guidance for 2025"),
        FederalLimit(1_650_00, 3_300_00, "Rev. Proc. 2024-25"),
        FederalLimit(8_300_00, 16_600_00, "Rev. Proc. 2024-25"),
    ),
    # First published as 10,150 / 20,300 dollars and raised by the Marketplace rule of June 2025.
    2026: FederalLimits(
        FederalLimit(10_600_00, 21_200_00, "CMS Marketplace Integrity and Affordability rule of June 2025"),
        FederalLimit(1_700_00, 3_400_00, "Rev. Proc. 2025-19"),
        FederalLimit(8_500_00, 17_000_00, "Rev. Proc. 2025-19"),
    ),
    2027: FederalLimits(
        FederalLimit(12_000_00, 24_000_00, "CMS premium adjustment guidance for 2027"),
        FederalLimit(1_750_00, 3_500_00, "Rev. Proc. 2026-24"),
        FederalLimit(8_700_00, 17_400_00, "Rev. Proc. 2026-24"),
    ),
}


def federal_limits(year: int) -> FederalLimits | None:
    """The limits for plans that begin in `year`; None when the year is open."""
    return _BY_YEAR.get(year)
