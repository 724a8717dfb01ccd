"""The small form for a frame in a portal's page: plan, care and visits, and the cost in one line.

Only origins that the service's settings name may show it in a frame.
"""

from __future__ import annotations

from datetime import date

from camcover.engine import Tables
from camcover.web.care_page import builder_values, priced_form
from camcover.web.forms import CareForm
from camcover.web.rendering import html

__all__ = ["embed_page"]


def embed_page(
    tables: Tables, tag: str, form: CareForm | None, *, phone: str, today: date, is_part: bool = False
) -> str:
    """The page; without a form it asks. It has no part of its own."""
    del is_part
    answer, errors = (None, {}) if form is None else priced_form(tables, tag, form.chosen(), today)
    form = form or CareForm()
    values = builder_values(tables, tag, form, errors=errors, today=today)
    return html("embed.html", tag, "", phone=phone, form=form, errors=errors, answer=answer, **values)
