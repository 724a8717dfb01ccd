"""What lines before the estimate took of fees that the lines of a day share (docs/rule-language.md, point 45).

What comes in: the `Scope` of a request. What goes out: rows of `given_fees`, or the violations of the statements.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from camcover.engine.asking.asked import Unsound
from camcover.engine.asking.scope import Scope
from camcover.engine.asking.words import out_of_range, unknown_word
from camcover.engine.kernel.codes import OF_THE_DAY, OF_THE_UNIT
from camcover.engine.request import FeeUse, Violation
from camcover.refusals import Refusal
from camcover.request_bounds import CENTS


def fee_rows(scope: Scope, therapies: Mapping[str, int]) -> Iterator[tuple[int, int, int, int, int]]:
    """Rows of `GIVEN_FEE`. Raises `Unsound`, or KeyError for a tier or therapy that does not exist."""
    for member in range(len(scope.request.members)):
        for use in scope.use_of(member).fee_usage:
            day = use.date.toordinal()
            amounts = use.used_cents, use.practice_expense_cents
            if day > scope.first_day or any(map(CENTS.is_outside, amounts)):
                raise Unsound
            therapy = therapies[use.therapy] if use.therapy else OF_THE_DAY
            yield day, member, scope.plan.tiers[use.tier], therapy, use.used_cents
            if use.practice_expense_cents:
                yield day, member, scope.plan.tiers[use.tier], OF_THE_UNIT, use.practice_expense_cents


def fee_violations(scope: Scope, path: str, use: FeeUse, therapies: Collection[str]) -> Iterator[Violation]:
    """What is wrong with one statement, at `path`."""
    if use.tier not in scope.plan.tiers:
        yield unknown_word(f"{path}.tier", Refusal.UNKNOWN_TIER, use.tier, scope.plan.tiers)
    if use.therapy and use.therapy not in therapies:
        yield unknown_word(f"{path}.therapy", Refusal.UNKNOWN_THERAPY, use.therapy, therapies)
    if use.date.toordinal() > scope.first_day:
        expected = f"a date on or before {date.fromordinal(scope.first_day)}, the first date of service"
        yield Violation(f"{path}.date", f"{use.date}", expected, Refusal.CONTRADICTORY_USE)
    for name in ("used_cents", "practice_expense_cents"):
        if CENTS.is_outside(getattr(use, name)):
            yield out_of_range(f"{path}.{name}", getattr(use, name), CENTS)
