"""`camcover rules diff`, `explain`, `analyze` and `cover`: what rules say. `impact` has a file of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import (
    DEFAULT_DATABASE,
    DEFAULT_RULES,
    SHOWN_RULES,
    DatabaseUrl,
    Format,
    OutputFormat,
    Plans,
    ReadingFormat,
    TableFormat,
)
from camcover.rulebook.analysis.options import OLDEST_MEMBER, FindingKind
from camcover.rulebook.records import Attestation, MemberRole, MemberStatus, Setting

__all__ = ["register"]

Source = Annotated[str, typer.Argument(help="A rule file or folder, or a release.", show_default=SHOWN_RULES)]


def register(app: typer.Typer) -> None:
    """Add the commands to `camcover rules`."""
    app.command()(diff)
    app.command()(explain)
    app.command()(analyze)
    app.command()(cover)


@done_by("differences:diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="The rules before: a path, or a release.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The rules after: a path, or a release.")],
    output: Format = OutputFormat.TEXT,
    plan: Annotated[
        list[str] | None,
        typer.Option(help="Only this plan, with the policies and fees that it refers to. May be repeated."),
    ] = None,
    is_status: Annotated[
        bool, typer.Option("--exit-code", help="End with status 1 when there is a difference.")
    ] = False,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """What differs between two rule sets, in words: by plan, benefit and field, never by line.

    Layout, comments and file names make no difference. Ends with status 1 when rules have an error, 2 when there are no
    rules or no such plan.
    """


@done_by("explaining:explain")
def explain(
    plan: Annotated[str, typer.Argument(help="A plan's id.")],
    therapy: Annotated[str, typer.Argument(help="A therapy's id in the catalog.")],
    rules: Annotated[
        str, typer.Option(help="A rule file or folder, or a release.", show_default=SHOWN_RULES)
    ] = DEFAULT_RULES,
    day: Annotated[str, typer.Option("--date", help="The date of service; else all dates.")] = "",
    diagnosis: Annotated[list[str] | None, typer.Option(help="An ICD-10-CM code; may be given several times.")] = None,
    condition: Annotated[list[str] | None, typer.Option(help="A condition of the catalog, likewise.")] = None,
    practitioner: Annotated[str | None, typer.Option(help="A practitioner of the catalog.")] = None,
    setting: Annotated[Setting | None, typer.Option(help="Where.")] = None,
    state: Annotated[str | None, typer.Option(help="The state of service, such as WA.")] = None,
    age: Annotated[int | None, typer.Option(min=0, max=OLDEST_MEMBER, help="Completed years.")] = None,
    tier: Annotated[str | None, typer.Option(help="A tier of the plan.")] = None,
    attestation: Annotated[
        list[Attestation] | None, typer.Option(help="What is attested, all else not; likewise.")
    ] = None,
    role: Annotated[MemberRole | None, typer.Option(help="What the member is under the plan.")] = None,
    status: Annotated[MemberStatus | None, typer.Option(help="By employment, or as a retiree.")] = None,
    code: Annotated[str | None, typer.Option(help="The procedure code that is billed.")] = None,
    output: ReadingFormat = TableFormat.TEXT,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Show what a plan decides about a therapy: which benefit applies when, under what terms, and why not the others.

    What is given narrows the table; what is not given is shown in all its cases.
    """


@done_by("analysis:analyze_rules")
def analyze(
    source: Source = DEFAULT_RULES,
    plan: Plans = None,
    fail_on: Annotated[
        str, typer.Option(help=f"End with status 1 when there are some of these: {','.join(FindingKind)}.")
    ] = "",
    output: Format = OutputFormat.TEXT,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Find gaps, overlaps, dead benefits, limits that never bite, and cost-share cliffs; nothing is sampled.

    Ends with 0, or with 1 where something that --fail-on names was found.
    """


@done_by("analysis:cover_rules")
def cover(
    source: Source = DEFAULT_RULES,
    plan: Plans = None,
    output: ReadingFormat = TableFormat.TEXT,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """List what no test in the plan files reaches, and print the beginning of a test for each."""
