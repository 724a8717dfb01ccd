"""Units of codes that a plan covered on a date before the first line (docs/rule-language.md, point 48).

What comes in: the `Scope` of a request. What goes out: rows of `given_codes`, or the violations of the statements.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from camcover.engine.asking.asked import Unsound
from camcover.engine.asking.scope import Scope
from camcover.engine.asking.words import out_of_range, shown
from camcover.engine.request import CodeUse, Violation
from camcover.refusals import Refusal
from camcover.request_bounds import UNITS


def code_rows(scope: Scope, codes: Mapping[str, int]) -> Iterator[tuple[int, int, int, int]]:
    """Rows of `GIVEN_CODE`. Raises `Unsound`, or KeyError for a code that no catalog has."""
    for member in range(len(scope.request.members)):
        for use in scope.use_of(member).code_usage:
            day = use.date.toordinal()
            if day > scope.first_day or UNITS.is_outside(use.units):
                raise Unsound
            yield day, member, codes[use.code], use.units


def code_violations(scope: Scope, path: str, use: CodeUse, codes: Collection[str]) -> Iterator[Violation]:
    """What is wrong with one statement, at `path`."""
    if use.code not in codes:
        yield Violation(
            f"{path}.code", f"code {shown(use.code)}", "a code of the catalog", Refusal.UNKNOWN_CODE, use.code
        )
    if use.date.toordinal() > scope.first_day:
        expected = f"a date on or before {date.fromordinal(scope.first_day)}, the first date of service"
        yield Violation(f"{path}.date", f"{use.date}", expected, Refusal.CONTRADICTORY_USE)
    if UNITS.is_outside(use.units):
        yield out_of_range(f"{path}.units", use.units, UNITS)
