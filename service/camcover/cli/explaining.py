"""`camcover rules explain`: what a plan decides about a therapy, as a table."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from camcover.cli.options import TableFormat
from camcover.cli.sources import rules_of
from camcover.cli.table import screen_for
from camcover.engine.compiling.vocabulary import ICD10
from camcover.rulebook.analysis.cells import LineFacts
from camcover.rulebook.analysis.decisions import Verdict
from camcover.rulebook.analysis.diagnoses import TooManyCells
from camcover.rulebook.hints import with_hint
from camcover.rulebook.records import STATES, Attestation, MemberRole, MemberStatus, Setting
from camcover.workflow.decision_tables import (
    BenefitTerms,
    DecisionTable,
    TableQuery,
    TableRow,
    UnknownFact,
    code_words,
    decision_tables,
)

__all__ = ["explain"]


def explain(
    plan: str,
    therapy: str,
    rules: str,
    day: str,
    diagnosis: list[str] | None,
    condition: list[str] | None,
    practitioner: str | None,
    setting: Setting | None,
    state: str | None,
    age: int | None,
    tier: str | None,
    attestation: list[Attestation] | None,
    role: MemberRole | None,
    status: MemberStatus | None,
    code: str | None,
    output: TableFormat,
    database_url: str,
) -> None:
    """Show what a plan decides about a therapy: which benefit applies when, under what terms, why not the others."""
    question = TableQuery(
        plan_id=plan,
        therapy=therapy,
        code=code,
        day=_date(day),
        diagnoses=tuple(_icd10(each) for each in diagnosis or ()),
        conditions=tuple(condition or ()),
        facts=LineFacts(
            tier=tier,
            setting=None if setting is None else str(setting),
            age=age,
            practitioner=practitioner,
            state=_state(state),
            attestations=_attested(attestation),
            role=None if role is None else str(role),
            status=None if status is None else str(status),
        ),
    )
    try:
        tables = decision_tables(rules_of(rules, database_url), question)
    except (UnknownFact, TooManyCells) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if output is TableFormat.JSON:
        typer.echo(json.dumps([asdict(table) for table in tables], indent=2, ensure_ascii=False, default=str))
        return
    screen = screen_for()
    for table in tables:
        _show_table(screen, table)


def _date(text: str) -> date | None:
    """A date option; empty = not given."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date; expected a date such as 2026-01-31") from error


def _icd10(code: str) -> str:
    """A diagnosis option."""
    if not ICD10.fullmatch(code):
        raise typer.BadParameter(f"{code!r} is not an ICD-10-CM code such as M54.50")
    return code


def _attested(attestations: list[Attestation] | None) -> tuple[str, ...] | None:
    """The attestations; None if they are left open."""
    return tuple(map(str, attestations)) if attestations else None


def _state(state: str | None) -> str | None:
    """A state option."""
    if state is not None and state not in STATES:
        raise typer.BadParameter(f"{with_hint(f'no state {state!r}', state, STATES)}; expected a USPS code such as WA")
    return state


def _show_table(screen: Console, table: DecisionTable) -> None:
    """A table for people: only the columns in which something is told apart."""
    title = f"{table.plan_id}: {table.therapy}, {code_words(table.codes)}, {table.first} to {table.last or 'open'}"
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_lines=True)
    columns = list(dict.fromkeys(subject for case in table.cases for subject in case.when))
    for name in (*columns, "decision", "terms", "other rules"):
        shown.add_column(name, overflow="fold")
    for case in table.cases:
        others = "\n".join(f"{each.rule} {each.why}" for each in case.others)
        shown.add_row(*(case.when.get(name, "") for name in columns), _decision(case), _terms(case), others)
    screen.print(shown, markup=False, highlight=False)


def _decision(case: TableRow) -> str:
    """What becomes of a line, and where the rule stands."""
    what = {
        Verdict.BENEFIT: f"benefit '{case.benefits[0]}'" if case.benefits else "",
        Verdict.EXCLUDED: f"excluded: {case.reason.replace('_', ' ')}",
        Verdict.REFUSED: f"not covered: {case.reason}",
        Verdict.NOT_LISTED: "not covered: NOT_LISTED",
    }[case.verdict]
    next_ones = "".join(f"\nused up: then '{benefit}'" for benefit in case.benefits[1:])
    return f"{what}{next_ones}\n{case.place.rpartition('/')[2]}".rstrip()


def _terms(case: TableRow) -> str:
    """The terms of a case: payment by tier, requirements, limits; then those of the benefits that follow."""
    parts = [*case.provider_liable, *_lines(case)]
    for each in case.then:
        parts += [f"then '{each.benefit}' ({each.place.rpartition('/')[2]}):", *(f"  {line}" for line in _lines(each))]
    return "\n".join(parts)


def _lines(terms: TableRow | BenefitTerms) -> list[str]:
    """The terms of one benefit, a line each."""
    parts = [f"{each.tier}: {', then '.join(each.member_pays)}" for each in terms.terms]
    parts += [f"needs {requirement}" for requirement in terms.requirements]
    parts += [f"at most {limit.text} ('{limit.limit}')" for limit in terms.limits]
    parts += [f"account '{each.account}': {each.text}" for each in terms.accounts]
    parts += [f"{each.tier}: {each.payment}" for each in terms.terms if each.payment]
    return [*parts, *(f"{each.tier}: {each.provider_liable}" for each in terms.terms if each.provider_liable)]
