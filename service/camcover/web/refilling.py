"""From a request back to the form that makes it, so that a plan of care that was kept can be priced again.

What comes in: a typed request that a form made. What goes out: a `CareForm`, and the fields of one as they are sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from camcover.engine import EstimateRequest
from camcover.engine.request import LimitUse, PlannedService
from camcover.rulebook.words import amount
from camcover.web.asking import EVERY
from camcover.web.forms import DEFAULT_EVERY, CareForm, CareItem
from camcover.workflow.catalog_entries import QUARTER_HOUR

__all__ = ["fields_to_send", "refilled"]


def refilled(request: EstimateRequest) -> CareForm:
    """The form."""
    (member,) = request.members
    usage = member.use.limit_usage
    used = {each.limit: _used(each) for each in usage if each.used or each.used_cents}
    return CareForm(
        plan=request.plan_id,
        age="" if member.age is None else str(member.age),
        state=member.state,
        sums={
            each.accumulator: amount(each.used_cents) for each in member.use.accumulators if each.used_cents is not None
        },
        before="yes" if used else "no" if usage else "",
        used={each.limit: _used(each) for each in usage} if used else {},
        items=tuple(map(_item, request.items)),
    )


def fields_to_send(form: CareForm) -> Iterator[tuple[str, str]]:
    """The fields of a form as a browser sends them: `form_of` makes the same form of them."""
    yield from (("plan", form.plan), ("age", form.age), ("state", form.state), ("before", form.before))
    yield from ((f"sum-{name}", text) for name, text in form.sums.items())
    yield from ((f"used-{name}", text) for name, text in form.used.items())
    for place, item in enumerate(form.items):
        for name in ("therapy", "visits", "minutes", "every", "first", "charge", "condition", "practitioner", "tier"):
            yield f"{name}-{place}", getattr(item, name)
        yield from ((f"have-{place}", word) for word in item.have)


def _item(item: PlannedService) -> CareItem:
    step = (item.dates[1] - item.dates[0]).days if len(item.dates) > 1 else 0
    return CareItem(
        therapy=item.therapy,
        visits=str(len(item.dates)),
        minutes=str(QUARTER_HOUR * item.procedures[0].units) if item.procedures else "",
        every=str(step) if step in EVERY else DEFAULT_EVERY,
        first=item.dates[0].isoformat(),
        charge="" if item.charge_cents is None else amount(item.charge_cents),
        condition=item.conditions[0] if item.conditions else "",
        practitioner=item.practitioner,
        tier=item.tier,
        have=tuple(map(str, item.attestations)),
    )


def _used(use: LimitUse) -> str:
    return amount(use.used_cents) if use.used_cents else str(use.used)
