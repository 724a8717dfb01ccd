"""`camcover accuracy`: remittances and estimates to a report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import typer
from google.protobuf import json_format

from camcover.cli.accuracy_table import show_accuracy
from camcover.cli.estimating import write_output
from camcover.cli.options import TableFormat
from camcover.exchange.notes import UnreadableFile
from camcover.exchange.remittances.matching import matched
from camcover.exchange.remittances.reading import read_remittance
from camcover.exchange.remittances.records import EstimatedCare, EstimatedLine, RemittedClaim
from camcover.exchange.remittances.reporting import AccuracyReport, accuracy_report
from camcover.exchange.x12.segments import text_of
from camcover.gen.camcover.v1 import estimate_pb2

_LISTED_AT_ONCE = 500


def accuracy(
    files: list[Path],
    estimates: list[Path] | None,
    database_url: str,
    subject: str,
    output: TableFormat,
    html: Path | None,
) -> None:
    """Print how right estimates were, and write the page that shows it."""
    if bool(estimates) == bool(database_url):
        raise typer.BadParameter("give either --estimates or --database-url")
    claims = [claim for file in files for claim in _claims(file)]
    kept = [each for file in estimates for each in _of_file(file)] if estimates else _of_database(database_url, subject)
    found = matched(claims, [care_of(each) for each in kept])
    report = accuracy_report(found.lines, len(found.unmatched))
    if output is TableFormat.JSON:
        typer.echo(json.dumps(_as_data(report), indent=2))
    else:
        show_accuracy(report)
    if html is not None:
        from camcover.exchange.remittances.page import accuracy_page  # noqa: PLC0415 - Jinja, which tables do not need

        write_output(html, accuracy_page(report, [file.name for file in files]).encode())
    if not found.lines:
        typer.echo(f"none of {len(found.unmatched)} lines was estimated", err=True)
        raise typer.Exit(1)


def care_of(estimate: estimate_pb2.Estimate) -> EstimatedCare:
    """An estimate as it is compared."""
    maxima = [each for each in estimate.accumulators_after if each.HasField("maximum_cents")]
    largest = max((each.maximum_cents for each in maxima), default=0)
    is_capped = any(each.used_cents >= largest == each.maximum_cents for each in maxima)
    return EstimatedCare(estimate.request_id, estimate.plan_id, tuple(map(_line, estimate.lines)), is_capped)


def _line(line: estimate_pb2.Line) -> EstimatedLine:
    return EstimatedLine(
        date.fromisoformat(line.date),
        line.code,
        line.therapy,
        line.benefit,
        line.member_id,
        line.covered,
        line.reason == estimate_pb2.REASON_LIMIT_REACHED,
        line.charge_cents,
        line.allowed_cents,
        line.deductible_cents,
        line.copay_cents,
        line.coinsurance_cents,
        line.balance_bill_cents,
        line.charge_cents - line.plan_paid_cents - line.written_off_cents,
    )


def _claims(file: Path) -> tuple[RemittedClaim, ...]:
    """The claims of a file; what was not read is said. Ends the program with status 1 where it cannot be read."""
    try:
        found = read_remittance(text_of(file.read_bytes()), str(file))
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}", err=True)
        raise typer.Exit(1) from error
    except UnreadableFile as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    for each in found.unread:
        typer.echo(str(each), err=True)
    return found.claims


def _of_file(file: Path) -> Iterator[estimate_pb2.Estimate]:
    """The estimates of a file, one a line. Ends the program with status 1 where one is none."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        typer.echo(f"{file}: {error}", err=True)
        raise typer.Exit(1) from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield json_format.Parse(line, estimate_pb2.Estimate())
        except json_format.ParseError as error:
            typer.echo(
                f"{file}:{number}: found no estimate ({str(error).partition(chr(10))[0]}); expected one in JSON",
                err=True,
            )
            raise typer.Exit(1) from error


def _of_database(database_url: str, subject: str) -> list[estimate_pb2.Estimate]:
    """The estimates that a service keeps of a caller, oldest first, but for those of which only hashes are kept."""
    from camcover.cli.opening import opened  # noqa: PLC0415 - SQL, which files do not need
    from camcover.store import EstimateQuery, KeptEstimates  # noqa: PLC0415 - the same

    found: list[estimate_pb2.Estimate] = []
    with opened(database_url) as database:
        store = KeptEstimates(database)
        wanted = EstimateQuery(subject)
        while some := store.listed(wanted, _LISTED_AT_ONCE):
            for each in some:
                stored = store.by_name(each.name) if each.is_whole else None
                if stored is not None and stored.body is not None:
                    found.append(estimate_pb2.Estimate.FromString(stored.body))
            wanted = wanted._replace(after=(some[-1].created_at, some[-1].name))
    return found[::-1]


def _as_data(report: AccuracyReport) -> dict[str, Any]:
    """The report as JSON data."""
    return {
        "all": _group_data(report.all),
        "plans": list(map(_group_data, report.plans)),
        "therapies": list(map(_group_data, report.therapies)),
        "rules": list(map(_group_data, report.rules)),
        "unmatched": report.unmatched,
    }


def _group_data(group: Any) -> dict[str, Any]:
    data = group._asdict()
    data["causes"] = [each._asdict() for each in group.causes]
    return dict(data)
