"""OpenFisca formulas of a line's cost share, and who pays the rest; `VARIABLES` then holds the whole plan."""

from __future__ import annotations

import numpy as np
from openfisca_coverage import Member, Parameters, Period, Values, line_of
from openfisca_variables import VARIABLES, computed

__all__ = ["VARIABLES"]


@computed(int)
def oop_left(member: Member, period: Period, parameters: Parameters) -> Values:
    """What is left of the out-of-pocket maximum."""
    return parameters(period).out_of_pocket_maximum - member("oop_used", period)


@computed(int)
def deductible_due(member: Member, period: Period, parameters: Parameters) -> Values:
    """The deductible before the maximum."""
    acupuncture, *_ = line_of(member, period)
    left = parameters(period).deductible - member("deductible_used", period)
    return np.where(acupuncture & member("covered", period), np.minimum(member("allowed", period), left), 0)


@computed(int)
def copay_due(member: Member, period: Period, parameters: Parameters) -> Values:
    """The copay before the maximum: once a visit."""
    acupuncture, chiropractic, _, outside = line_of(member, period)
    plan, paid = parameters(period), member("copay_paid", period)
    full = np.select(
        [acupuncture & ~outside, chiropractic & ~outside],
        [plan.acupuncture_copay - paid, plan.chiropractic_copay - paid],
        default=0,
    )
    rest = member("allowed", period) - member("deductible_due", period)
    return np.minimum(full, rest) * member("covered", period)


@computed(int)
def coinsurance_due(member: Member, period: Period, parameters: Parameters) -> Values:
    """The coinsurance before the maximum, half up to the cent."""
    acupuncture, _, massage, outside = line_of(member, period)
    plan = parameters(period)
    share = np.select([massage, acupuncture & outside], [plan.massage_share, plan.acupuncture_outside], default=0)
    rest = member("allowed", period) - member("deductible_due", period)
    return (rest * share + 5_000) // 10_000 * member("covered", period)


@computed(int)
def deductible(member: Member, period: Period) -> Values:
    """The deductible."""
    return np.minimum(member("deductible_due", period), member("oop_left", period))


@computed(int)
def copay(member: Member, period: Period) -> Values:
    """The copay."""
    return np.minimum(member("copay_due", period), member("oop_left", period) - member("deductible", period))


@computed(int)
def coinsurance(member: Member, period: Period) -> Values:
    """The coinsurance: what the maximum cuts comes off it first."""
    left = member("oop_left", period) - member("deductible", period) - member("copay", period)
    return np.minimum(member("coinsurance_due", period), left)


@computed(int)
def cost_share(member: Member, period: Period) -> Values:
    """What counts toward the out-of-pocket maximum."""
    return member("deductible", period) + member("copay", period) + member("coinsurance", period)


@computed(int)
def balance_bill(member: Member, period: Period) -> Values:
    """What is above the allowed amount out of network."""
    *_, outside = line_of(member, period)
    above = member("charge", period) - member("allowed", period)
    return np.where(outside & member("covered", period), above, 0)


@computed(int)
def written_off(member: Member, period: Period) -> Values:
    """What is above the allowed amount in the network."""
    *_, outside = line_of(member, period)
    above = member("charge", period) - member("allowed", period)
    return np.where(~outside & member("covered", period), above, 0)


@computed(int)
def not_covered(member: Member, period: Period) -> Values:
    """The charge of a line that is not covered."""
    return np.where(member("covered", period), 0, member("charge", period))


@computed(int)
def plan_paid(member: Member, period: Period) -> Values:
    """What the plan pays."""
    return np.where(member("covered", period), member("allowed", period) - member("cost_share", period), 0)


@computed(int)
def patient(member: Member, period: Period) -> Values:
    """What the member pays."""
    return member("cost_share", period) + member("balance_bill", period) + member("not_covered", period)
