"""`camcover reproduce`: an estimate given earlier, computed once more by the release that it was made by."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from camcover.api.reproducing import reproduced
from camcover.cli.estimating import EstimateFormat, as_data
from camcover.cli.sources import DEFAULT_DATABASE, DatabaseUrl, opened
from camcover.cli.table import show_estimate
from camcover.engine import InvalidRequest
from camcover.store import KeptEstimates, ReleaseStore
from camcover.workflow.errors import EstimateNotKept, UnknownEstimate
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce


def reproduce(
    name: Annotated[str, typer.Argument(help="The estimate's name: estimates/...", show_default=False)],
    output: Annotated[
        EstimateFormat, typer.Option("--format", help="json for programs, table for people.")
    ] = EstimateFormat.TABLE,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Compute an estimate once more from its request, by its own release, and hold it to what was answered.

    Ends with status 1 when it is not the same to the byte, or the request or the release is not kept.
    """
    with opened(database_url) as database:
        stored = KeptEstimates(database).by_name(name)
        if stored is None:
            raise UnknownEstimate(name)
        if stored.request is None:
            raise EstimateNotKept(f"{name} was kept as hashes only, without its request")
        rules = RulesInForce(releases=ReleaseRules(ReleaseStore(database)))
        try:
            answer = reproduced(rules, stored, stored.request)
        except InvalidRequest as error:
            raise EstimateNotKept(f"{name}: this version refuses its request: {error}") from error
    if output is EstimateFormat.TABLE:
        show_estimate(answer)
    else:
        typer.echo(json.dumps(as_data(answer), indent=2, ensure_ascii=False))
    typer.echo(f"the same to the byte as on {stored.created_at:%Y-%m-%d}, by release {stored.rule_release}", err=True)
