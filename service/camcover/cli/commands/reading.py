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
        typer.Option(
            help="Only this plan, with the policies and fees that it refers to. Repeat the option for several."
        ),
    ] = None,
    is_status: Annotated[bool, typer.Option("--exit-code", help="End with status 1 if the rules differ.")] = False,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Say in words what differs between two rule sets: by plan, benefit and field, not by line.

    Layout, comments and file names make no difference. Ends with status 1 if rules have an error, and with status 2 if
    there are no rules or there is no such plan.
    """


@done_by("explaining:explain")
def explain(
    plan: Annotated[str, typer.Argument(help="A plan's id.")],
    therapy: Annotated[str, typer.Argument(help="A therapy's id in the catalog.")],
    rules: Annotated[
        str, typer.Option(help="A rule file or folder, or a release.", show_default=SHOWN_RULES)
    ] = DEFAULT_RULES,
    day: Annotated[str, typer.Option("--date", help="The date of service. Without it, all dates are shown.")] = "",
    diagnosis: Annotated[
        list[str] | None, typer.Option(help="An ICD-10-CM code. Repeat the option for several.")
    ] = None,
    condition: Annotated[
        list[str] | None, typer.Option(help="A condition of the catalog. Repeat the option for several.")
    ] = None,
    practitioner: Annotated[str | None, typer.Option(help="A practitioner of the catalog.")] = None,
    setting: Annotated[Setting | None, typer.Option(help="Where the service is given.")] = None,
    state: Annotated[str | None, typer.Option(help="The state of service, such as WA.")] = None,
    age: Annotated[
        int | None, typer.Option(min=0, max=OLDEST_MEMBER, help="The age of the member in completed years.")
    ] = None,
    tier: Annotated[str | None, typer.Option(help="A tier of the plan.")] = None,
    attestation: Annotated[
        list[Attestation] | None,
        typer.Option(help="What is attested; all other attestations are missing. Repeat the option for several."),
    ] = None,
    role: Annotated[MemberRole | None, typer.Option(help="The role of the member under the plan.")] = None,
    status: Annotated[
        MemberStatus | None, typer.Option(help="Whether the member is covered by employment or as a retiree.")
    ] = None,
    code: Annotated[str | None, typer.Option(help="The procedure code that is billed.")] = None,
    output: ReadingFormat = TableFormat.TEXT,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Show what a plan decides about a therapy: which benefit applies in which case, its terms, why others do not.

    A fact that you give narrows the table. A fact that you do not give is shown in all its cases.
    """


@done_by("analysis:analyze_rules")
def analyze(
    source: Source = DEFAULT_RULES,
    plan: Plans = None,
    fail_on: Annotated[
        str,
        typer.Option(help=f"End with status 1 if there is a finding of one of these kinds: {','.join(FindingKind)}."),
    ] = "",
    output: Format = OutputFormat.TEXT,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Find gaps, overlaps, dead benefits, limits without effect, and cost-share cliffs, in every case that rules have.

    Ends with status 0, or with status 1 if it finds something that --fail-on names.
    """


@done_by("analysis:cover_rules")
def cover(
    source: Source = DEFAULT_RULES,
    plan: Plans = None,
    output: ReadingFormat = TableFormat.TEXT,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """List the rules that no test in the plan files reaches, and print the beginning of a test for each."""
