"""The small form for a frame in a portal's page: plan, care and visits, and the cost in one line.

Only origins that the service's settings name may show it in a frame.
"""

from __future__ import annotations

from datetime import date

from camcover.engine import Tables
from camcover.languages import language
from camcover.showing.answer import answer_of
from camcover.web.asking import Faults, answered
from camcover.web.care_page import builder_values
from camcover.web.forms import CareForm
from camcover.web.rendering import Site, html
from camcover.workflow.pricing import price

__all__ = ["embed_page"]


def embed_page(
    tables: Tables, tag: str, form: CareForm | None, *, site: Site, today: date, is_part: bool = False
) -> str:
    """The page; without a form it asks. It has no part of its own."""
    del is_part
    errors: Faults = {}
    answer = None
    if form is not None:
        found, errors = answered(form.chosen(), tables, today, price)
        if found is not None:
            # What would change the cost is not shown here, so it is not priced.
            answer = answer_of(tables, found.request, found.answer, changes=(), language=language(tag))
    form = form or CareForm()
    values = builder_values(tables, tag, form, errors=errors, today=today)
    return html("embed.html", tag, "", site=site, form=form, errors=errors, answer=answer, **values)
