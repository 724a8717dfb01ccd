"""The lists of plans that forms offer: by payer, and of many plans those that a text finds."""

from __future__ import annotations

from camcover.engine import Tables
from camcover.showing.naming import Offered
from camcover.web.forms import CareForm

__all__ = ["MOST_PLANS", "plan_groups"]

MOST_PLANS = 200
"""Plans in one list; more are found by a text."""


def plan_groups(tables: Tables, form: CareForm) -> tuple[list[tuple[str, list[Offered]]], int]:
    """Plans by payer, and how many are not in the list; the chosen ones are always there.

    A text that finds nothing leaves the list as it is.
    """
    wanted = form.find.casefold()
    plans = sorted(tables.directory.values(), key=lambda each: (each.payer_name.casefold(), each.name.casefold()))
    matching = [each for each in plans if wanted in f"{each.name} {each.payer_name}".casefold()] or plans
    shown = matching[:MOST_PLANS]
    for name in dict.fromkeys((form.plan, *form.plans)):
        chosen = tables.directory.get(name)
        if chosen is not None and chosen not in shown:
            shown.append(chosen)
    groups: dict[str, list[Offered]] = {}
    for each in shown:
        groups.setdefault(each.payer_name, []).append(Offered(each.id, each.name))
    return list(groups.items()), len(plans) - len(shown)
