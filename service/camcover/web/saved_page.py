"""P6, a plan of care that a patient keeps: the result as it was, until when it is kept, what may be done with it."""

from __future__ import annotations

from camcover.engine import Tables
from camcover.languages import language
from camcover.showing.answer import answer_of
from camcover.showing.printing import paper
from camcover.web.downloads import PAPERS
from camcover.web.refilling import fields_to_send, refilled
from camcover.web.rendering import Site, html
from camcover.workflow.saved_plans import SavedPlan
from camcover.workflow.what_ifs import what_ifs

__all__ = ["saved_page", "saved_paper"]


def saved_page(active: Tables, tag: str, saved: SavedPlan, key: str, *, site: Site) -> str:
    """The page; where the answer of then cannot be computed once more, its sums alone."""
    found, answer, is_illustrative = saved.again(), None, False
    name = saved.request.plan_id
    if found is not None:
        tables, priced = found
        changes = what_ifs(tables, saved.request, priced.estimate)
        answer = answer_of(tables, saved.request, priced, changes=changes, language=language(tag), tells_ends=True)
        summary = tables.directory[name]
        name = f"{summary.name} ({summary.payer_name})"
        is_illustrative = any(each.illustrative for each in summary.editions)
    return html(
        "saved.html",
        tag,
        f"e/{key}",
        site=site,
        saved=saved,
        ways=None,
        key=key,
        plan_name=name,
        changed=saved.release != active.release,
        sent=list(fields_to_send(refilled(saved.request))),
        papers=[each for each in PAPERS if each.is_offered] if found is not None else [],
        answer=answer,
        errors={},
        illustrative=is_illustrative,
    )


def saved_paper(saved: SavedPlan, tag: str, name: str) -> bytes:
    """A paper of the answer of then; none where that cannot be computed once more.

    Raises `PaperTooLong`, and `ExtraMissing` where Typst is not installed.
    """
    found = saved.again()
    if found is None:
        return b""
    (kind,) = (each.paper for each in PAPERS if each.name == name)
    tables, priced = found
    return b"" if kind is None else paper(kind, tables, saved.request, language(tag), priced=priced)
