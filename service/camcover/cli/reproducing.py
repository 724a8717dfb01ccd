"""`camcover reproduce`: computes an earlier estimate once more, by its own release."""

from __future__ import annotations

import typer

from camcover.api.reproducing import reproduced
from camcover.cli.answers import print_answer
from camcover.cli.opening import opened
from camcover.cli.options import EstimateFormat
from camcover.engine import InvalidRequest
from camcover.store import KeptEstimates, ReleaseStore
from camcover.workflow.errors import EstimateErased, EstimateNotKept, UnknownEstimate
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce


def reproduce(name: str, output: EstimateFormat, database_url: str) -> None:
    """Compute an estimate once more from its request, by its own release, and hold it to what was answered."""
    with opened(database_url) as database:
        stored = KeptEstimates(database).by_name(name)
        if stored is None:
            raise UnknownEstimate(name)
        if stored.erased_at is not None:
            raise EstimateErased(name, stored.erased_at)
        if stored.request is None:
            raise EstimateNotKept(f"{name} cannot be computed again: only its hashes were kept, not its request")
        rules = RulesInForce(releases=ReleaseRules(ReleaseStore(database)))
        try:
            answer = reproduced(rules, stored, stored.request)
        except InvalidRequest as error:
            raise EstimateNotKept(f"{name}: this version refuses its request: {error}") from error
    print_answer(answer, output)
    typer.echo(f"the same to the byte as on {stored.created_at:%Y-%m-%d}, by release {stored.rule_release}", err=True)
