"""OpenFisca formulas of a line's coverage; `line_of` serves the cost share too."""

from __future__ import annotations

from typing import Any

import numpy as np
from openfisca_variables import BENEFITS, Reason, Therapy, Tier, computed

# What OpenFisca gives a formula: the members at a period, the period, the dated parameters.
Member = Any
Period = Any
Parameters = Any
Values = Any


def line_of(member: Member, period: Period) -> tuple[Values, Values, Values, Values]:
    """Whether the line is acupuncture, chiropractic, massage, out of network."""
    therapy = member("therapy", period)
    outside = member("tier", period) == Tier.out_of_network
    return therapy == Therapy.acupuncture, therapy == Therapy.chiropractic, therapy == Therapy.massage, outside


@computed(bool)
def visit_counted(member: Member, period: Period) -> Values:
    """Whether an earlier line of the same visit was covered; lines stand in order of date."""
    therapy, day = member("therapy", period), member("day", period)
    return np.select(
        [therapy == Therapy[benefit] for benefit in BENEFITS],
        [member(f"{benefit}_day", period) == day for benefit in BENEFITS],
        default=False,
    )


@computed(int)
def copay_paid(member: Member, period: Period) -> Values:
    """Copays of the same visit so far."""
    therapy = member("therapy", period)
    paid = np.select(
        [therapy == Therapy[benefit] for benefit in BENEFITS],
        [member(f"{benefit}_copays", period) for benefit in BENEFITS],
        default=0,
    )
    return paid * member("visit_counted", period)


@computed(Reason)
def reason(member: Member, period: Period, parameters: Parameters) -> Values:
    """The first thing that speaks against the line."""
    acupuncture, chiropractic, massage, outside = line_of(member, period)
    plan, counted = parameters(period), member("visit_counted", period)
    practitioner = member("practitioner", period)
    category = member("diagnosis", period).astype("U3")
    return np.select(
        [
            member("therapy", period) == Therapy.reiki,
            ~(acupuncture | chiropractic | massage),
            outside & ~acupuncture,
            acupuncture & ~np.isin(category, ["M54", "G43"]),
            acupuncture & (practitioner != "acupuncturist") & (practitioner != "physician"),
            chiropractic & (practitioner != "chiropractor"),
            acupuncture & (member("age", period) < plan.acupuncture_age),
            acupuncture & (member("acupuncture_visits", period) >= plan.acupuncture_visits) & ~counted,
            chiropractic & (member("chiropractic_visits", period) >= plan.chiropractic_visits) & ~counted,
        ],
        [
            Reason.EXCLUDED,
            Reason.NOT_LISTED,
            Reason.TIER_NOT_COVERED,
            Reason.DIAGNOSIS_NOT_COVERED,
            Reason.PRACTITIONER_NOT_COVERED,
            Reason.PRACTITIONER_NOT_COVERED,
            Reason.AGE,
            Reason.LIMIT_REACHED,
            Reason.LIMIT_REACHED,
        ],
        default=Reason.NONE,
    )


@computed(bool)
def covered(member: Member, period: Period) -> Values:
    """Nothing speaks against the line."""
    return member("reason", period) == Reason.NONE
