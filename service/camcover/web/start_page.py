"""P1, the start: three questions."""

from __future__ import annotations

from datetime import date

from camcover.engine import Tables
from camcover.languages import language
from camcover.showing.naming import RuleNames
from camcover.web.forms import CareForm
from camcover.web.plan_lists import plan_groups
from camcover.web.rendering import Site, html

__all__ = ["start_page"]


def start_page(tables: Tables, tag: str, *, site: Site, today: date) -> str:
    """The page."""
    del today
    form = CareForm()
    groups, more = plan_groups(tables, form)
    return html(
        "start.html", tag, form=form, groups=groups, more=more, names=RuleNames(tables, language(tag)), site=site
    )
