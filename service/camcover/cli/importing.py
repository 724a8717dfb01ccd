"""The work of `camcover import`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import typer

from camcover.exchange.exchange_puf import terms as exchange_terms
from camcover.exchange.exchange_puf.files import ReadExchange, read_exchange
from camcover.exchange.medicare_advantage.pbp import read_pbp
from camcover.exchange.medicare_advantage.table import ReadPlans, read_table
from camcover.exchange.medicare_advantage.terms import draft_of
from camcover.exchange.notes import Unread, UnreadableFile, as_json_lines
from camcover.exchange.plan_text import DraftPlan, plan_text, text_in_quotes
from camcover.exchange.rule_folder import FolderRefused, check_folder, write_folder
from camcover.rulebook import printable

MOST_SHOWN = 20
"""Of what could not be read; the file has all of it."""

Found = TypeVar("Found", ReadPlans, ReadExchange)

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def medicare_advantage(
    output: Path,
    year: int,
    pbp: Path | None,
    plans: Path | None,
    benefits: Path | None,
    retrieved: datetime | None,
    fees: str,
    replace: bool,
) -> None:
    """Make rule files of Medicare Advantage plans."""
    if (pbp is None) == (plans is None) or (plans is None) != (benefits is None):
        _end("expected either --pbp FOLDER, or --plans CSV with --benefits CSV")
    _check_fees(fees)

    def read() -> ReadPlans:
        if pbp is not None:
            return read_pbp(pbp, year)
        if plans is None or benefits is None:
            raise ValueError("neither a folder nor two tables")
        return read_table(plans, benefits, year)

    found = _whole(read, output, may_replace=replace)
    kind = "plan benefit package" if pbp is not None else "Medicare plan finder"
    source = _source(f"CMS, {kind}, plan year {year}", found.files, retrieved)

    def drafts() -> Iterator[tuple[str, DraftPlan]]:
        for plan in found.plans:
            name = f"{plan.number.contract.lower()}/{plan.number.id}-{year}.yaml"
            yield name, draft_of(plan, source, fees)

    _write(output, drafts(), found.unread, len(found.plans), may_replace=replace)


def exchange_puf(
    output: Path,
    year: int,
    plans: Path,
    benefits: Path,
    variant: list[str] | None,
    retrieved: datetime | None,
    fees: str,
    replace: bool,
) -> None:
    """Make rule files of plans of the federal exchanges."""
    _check_fees(fees)
    found = _whole(lambda: read_exchange(plans, benefits, year, variant or ()), output, may_replace=replace)
    source = _source(f"CMS, Health Insurance Exchange public use files, plan year {year}", found.files, retrieved)

    def drafts() -> Iterator[tuple[str, DraftPlan]]:
        for plan in found.plans:
            name = f"issuer-{plan.issuer_id}/{plan.rule_id}-{year}.yaml"
            yield name, exchange_terms.draft_of(plan, source, fees)

    _write(output, drafts(), found.unread, len(found.plans), may_replace=replace)


def _check_fees(fees: str) -> None:
    """End the command where the id of a fee file has another form."""
    if fees and not _ID.fullmatch(fees):
        _end(f"--fees {fees!r}: expected an id such as medicare-advantage-fees")


def _end(message: str) -> None:
    """Say why nothing is written, and end with status 2."""
    typer.echo(printable(message), err=True)
    raise typer.Exit(2)


def _whole(read: Callable[[], Found], output: Path, *, may_replace: bool) -> Found:
    """What files give; ends the command where they give nothing, or the folder may not be written."""
    try:
        check_folder(output, may_replace=may_replace)
        found = read()
    except UnreadableFile as error:
        for each in error.unread:
            typer.echo(str(each), err=True)
        _end("nothing is written")
    except FolderRefused as error:
        _end(str(error))
    except OSError as error:
        _end(f"{error.filename}: {error.strerror or error}")
    if not found.plans:
        _show(found.unread)
        _end("no plan could be read; nothing is written")
    return found


def _source(title: str, files: Iterable[tuple[str, str]], retrieved: datetime | None) -> str:
    """The source that an imported file cites: what it is, the files and the beginning of their SHA-256, the day."""
    names = "; ".join(f"{name} (SHA-256 {digest[:16]})" for name, digest in files)
    day = f", retrieved: {retrieved.date()}" if retrieved is not None else ""
    return f"{{title: {text_in_quotes(printable(f'{title}: {names}'))}{day}}}"


def _write(
    output: Path,
    drafts: Iterable[tuple[str, DraftPlan]],
    unread: Sequence[Unread],
    count: int,
    *,
    may_replace: bool,
) -> None:
    """Write a file for each plan, and the list of what could not be read; says what was done."""

    def files() -> Iterator[tuple[str, str]]:
        yield "imported.jsonl", as_json_lines(unread)
        yield from ((name, plan_text(draft)) for name, draft in drafts)

    try:
        write_folder(output, files(), may_replace=may_replace)
    except FolderRefused as error:
        _end(str(error))
    except OSError as error:
        _end(f"{error.filename}: {error.strerror or error}")
    _show(unread)
    typer.echo(f"{output}: {count} plans; {len(unread)} parts of the files could not be read")
    if unread:
        raise typer.Exit(1)


def _show(unread: Sequence[Unread]) -> None:
    """The first of what could not be read, on standard error."""
    for each in unread[:MOST_SHOWN]:
        typer.echo(str(each), err=True)
    if len(unread) > MOST_SHOWN:
        typer.echo(f"... and {len(unread) - MOST_SHOWN} more", err=True)
