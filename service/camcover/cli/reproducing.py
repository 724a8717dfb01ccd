"""`camcover reproduce`: computes an earlier estimate once more, by its own release."""

from __future__ import annotations

import typer

from camcover.api.reproducing import existing, reproduced, request_of
from camcover.cli.answers import print_answer
from camcover.cli.opening import opened
from camcover.cli.options import EstimateFormat
from camcover.engine import InvalidRequest
from camcover.store import KeptEstimates, ReleaseStore
from camcover.workflow.errors import EstimateNotKept
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce


def reproduce(name: str, output: EstimateFormat, database_url: str) -> None:
    """Compute an estimate once more from its request, by its own release, and hold it to what was answered."""
    with opened(database_url) as database:
        stored = existing(name, KeptEstimates(database).by_name(name))
        content = request_of(stored)
        rules = RulesInForce(releases=ReleaseRules(ReleaseStore(database)))
        try:
            answer = reproduced(rules, stored, content)
        except InvalidRequest as error:
            raise EstimateNotKept(
                f"{name}: this version of camcover refuses the request of this estimate: {error}"
            ) from error
    print_answer(answer, output)
    typer.echo(f"the same to the byte as on {stored.created_at:%Y-%m-%d}, by release {stored.rule_release}", err=True)
