"""The compiled rules of one plan of a draft, to price by them before anything is published."""

from __future__ import annotations

from camcover.engine import Tables, compile_rules
from camcover.rulebook import load_files, nearest
from camcover.store import DraftStore
from camcover.workflow.draft_checks import files_of_plans, plans_in
from camcover.workflow.drafting import snapshot
from camcover.workflow.errors import UnknownPlan
from camcover.workflow.publishing import sound

__all__ = ["draft_tables"]


def draft_tables(store: DraftStore, draft_id: str, plan_id: str) -> Tables:
    """The tables of a plan as a draft has it. Raises `UnknownDraft`, `UnknownPlan`, `RulesRefused`."""
    files = snapshot(store, draft_id).files
    known = plans_in(files)
    if plan_id not in known:
        raise UnknownPlan(plan_id, nearest(plan_id, known))
    return compile_rules(sound(load_files(files_of_plans(files, (plan_id,)))))
