"""The work of `camcover import medicare-advantage` and `exchange-puf`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from camcover.cli.imported import check_fees_id, end, read_whole, show, source_text, write_files
from camcover.exchange.exchange_puf import terms as exchange_terms
from camcover.exchange.exchange_puf.files import ReadExchange, read_exchange
from camcover.exchange.medicare_advantage.pbp import read_pbp
from camcover.exchange.medicare_advantage.table import ReadPlans, read_table
from camcover.exchange.medicare_advantage.terms import draft_of
from camcover.exchange.plan_text import plan_text
from camcover.rulebook.words import count

Found = TypeVar("Found", ReadPlans, ReadExchange)
Plan = TypeVar("Plan")


def medicare_advantage(
    output: Path,
    year: int,
    pbp: Path | None,
    plans: Path | None,
    benefits: Path | None,
    plan: list[str] | None,
    retrieved: datetime | None,
    fees: str,
    replace: bool,
) -> None:
    """Make rule files of Medicare Advantage plans."""
    if (pbp is None) == (plans is None) or (plans is None) != (benefits is None):
        end("expected either --pbp FOLDER, or --plans CSV with --benefits CSV")
    check_fees_id("--fees", fees)

    def read() -> ReadPlans:
        if pbp is not None:
            return read_pbp(pbp, year)
        if plans is None or benefits is None:
            raise ValueError("neither a folder nor two tables")
        return read_table(plans, benefits, year)

    found = _plans(read, output, may_replace=replace)
    chosen = _chosen({each.number.id: each for each in found.plans}, plan or ())
    kind = "plan benefit package" if pbp is not None else "Medicare plan finder"
    source = source_text(f"CMS, {kind}, plan year {year}", found.files, retrieved)

    def texts() -> Iterator[tuple[str, str]]:
        for each in chosen:
            name = f"{each.number.contract.lower()}/{each.number.id}-{year}.yaml"
            yield name, plan_text(draft_of(each, source, fees))

    write_files(output, texts(), found.unread, count(len(chosen), "plan"), may_replace=replace)


def exchange_puf(
    output: Path,
    year: int,
    plans: Path,
    benefits: Path,
    variant: list[str] | None,
    plan: list[str] | None,
    retrieved: datetime | None,
    fees: str,
    replace: bool,
) -> None:
    """Make rule files of plans of the federal exchanges."""
    check_fees_id("--fees", fees)
    found = _plans(lambda: read_exchange(plans, benefits, year, variant or ()), output, may_replace=replace)
    chosen = _chosen({each.rule_id: each for each in found.plans}, plan or ())
    source = source_text(f"CMS, Health Insurance Exchange public use files, plan year {year}", found.files, retrieved)

    def texts() -> Iterator[tuple[str, str]]:
        for each in chosen:
            name = f"issuer-{each.issuer_id}/{each.rule_id}-{year}.yaml"
            yield name, plan_text(exchange_terms.draft_of(each, source, fees))

    write_files(output, texts(), found.unread, count(len(chosen), "plan"), may_replace=replace)


def _plans(read: Callable[[], Found], output: Path, *, may_replace: bool) -> Found:
    """The plans of files; ends the command where there is none."""
    found = read_whole(read, output, may_replace=may_replace)
    if not found.plans:
        show(found.unread)
        end("no plan could be read; nothing is written")
    return found


def _chosen(plans: Mapping[str, Plan], wanted: Sequence[str]) -> Sequence[Plan]:
    """The plans with these ids, or all; ends the command where there is none with an id."""
    for each in wanted:
        if each not in plans:
            end(f"--plan {each!r}: no such plan, or it could not be read; expected an id such as {next(iter(plans))}")
    return [plans[each] for each in dict.fromkeys(wanted)] if wanted else list(plans.values())
