"""P3, is it covered: one kind of care under one plan, without prices."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from camcover.engine import EstimateRequest, Tables
from camcover.languages import language
from camcover.rulebook.records import STATES
from camcover.showing.answer import ShownSource, sources_of
from camcover.showing.naming import Offered, RuleNames
from camcover.web.asking import Faults, answered, edition_of
from camcover.web.forms import CareForm, CareItem
from camcover.web.plan_lists import plan_groups
from camcover.web.rendering import Site, html
from camcover.workflow.coverage import CoverageAnswer, check_coverage

__all__ = ["coverage_page"]


class TierRow(NamedTuple):
    """One network: its name, and what is paid there, step by step; nothing: not covered there."""

    name: str
    pays: tuple[str, ...]
    notes: tuple[str, ...]


class CoverageVerdict(NamedTuple):
    """The answer in the reader's language."""

    covered: bool
    therapy: str
    plan: str
    day: date
    why: str
    tiers: tuple[TierRow, ...]
    limits: tuple[str, ...]
    needs: tuple[str, ...]
    accounts: tuple[str, ...]
    notes: tuple[str, ...]
    sources: tuple[ShownSource, ...]


def coverage_page(
    tables: Tables, tag: str, form: CareForm | None, *, site: Site, today: date, is_part: bool = False
) -> str:
    """The page; without a form it asks. It has no part of its own."""
    del is_part
    names = RuleNames(tables, language(tag))
    errors: Faults = {}
    verdict = None
    if form is not None:
        form = CareForm(form.plan, form.find, form.age, form.state, items=(form.items[0],), do=form.do)
        found, errors = answered(form, tables, today, check_coverage)
        verdict = None if found is None else _worded(tables, names, found.request, found.answer)
    form = form or CareForm(items=(CareItem(first=today.isoformat()),))
    plan = edition_of(form, tables, today)
    groups, more = plan_groups(tables, form)
    return html(
        "coverage.html",
        tag,
        "coverage",
        site=site,
        form=form,
        item=form.items[0],
        errors=errors,
        verdict=verdict,
        names=names,
        groups=groups,
        more=more,
        today=today.isoformat(),
        tiers=names.tiers(plan) if plan is not None and len(plan.tiers) > 1 else [],
        states=[Offered(each, each) for each in STATES],
    )


def _worded(tables: Tables, names: RuleNames, request: EstimateRequest, answer: CoverageAnswer) -> CoverageVerdict:
    words = names.language
    tiers = tuple(
        TierRow(
            names.tier(request.plan_id, answer.date, each.tier),
            tuple(words.text(step) for step in each.member_pays),
            tuple(words.text(note) for note in (each.provider_liable, each.payment) if note is not None),
        )
        for each in answer.terms
    )
    return CoverageVerdict(
        covered=answer.covered,
        therapy=names.therapy(request.items[0].therapy),
        plan=tables.directory[request.plan_id].name,
        day=answer.date,
        why=words.text(answer.message),
        tiers=tiers,
        limits=tuple(f"{words.text(each.message)} ({words.word(each.limit)})" for each in answer.limits),
        needs=tuple(words.text(each.message) for each in answer.requirements),
        accounts=tuple(words.text(each.message) for each in answer.accounts),
        notes=tuple(words.text(each) for each in (answer.terms_message,) if each is not None),
        sources=sources_of(answer.citations),
    )
