"""Violations in words: what was found, cut and escaped, and what was expected, listed where it is little.

Everything that refuses a request words it here, so that a single request, a row of bulk input and a rule file's test
say the same of the same fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice

from camcover.engine.request import FIRST_DATE, LAST_DATE, Violation
from camcover.npi import is_npi
from camcover.refusals import Refusal
from camcover.request_bounds import Bound
from camcover.rulebook.diagnostics import nearest
from camcover.rulebook.hints import without_modifiers

__all__ = [
    "AN_NPI",
    "A_TAX_NUMBER",
    "MOST_VIOLATIONS",
    "counted",
    "first_of",
    "listed",
    "out_of_range",
    "outside_years",
    "plural",
    "provider_violations",
    "repeated",
    "shown",
    "too_many_sessions",
    "unknown_code",
    "unknown_word",
    "with_modifiers",
]

MOST_VIOLATIONS = 100
"""So many faults of a request are worked out: each unknown word is compared with all that are known."""

AN_NPI, A_TAX_NUMBER = "an NPI of ten digits such as 1234567893", "a tax number such as 12-3456789"
"""What is expected of who gives a service."""

_TEN_DIGITS, _TAX_NUMBER = re.compile("[0-9]{10}"), re.compile("[0-9]{2}-[0-9]{7}")

ONLY_ONE = "only one of the two"
"""What is expected where two statements exclude each other."""

MOST_SHOWN = 60
"""Characters of a caller's text that a message repeats."""

MOST_LISTED = 12
"""Alternatives that a message lists."""

_UNITS = {"age": "years", "units": "units", "visits": "visits", "sessions": "sessions", "every_days": "days"}
"""What a number counts, by the name of its field."""


def first_of(violations: Iterable[Violation]) -> tuple[Violation, ...]:
    """All violations up to `MOST_VIOLATIONS`; of more the first, and one that says that there are more."""
    found = tuple(islice(violations, MOST_VIOLATIONS + 1))
    if len(found) <= MOST_VIOLATIONS:
        return found
    said, expected = f"more than {MOST_VIOLATIONS} faults", f"the first {MOST_VIOLATIONS} corrected, then a new request"
    return (*found[:MOST_VIOLATIONS], Violation("", said, expected, Refusal.MORE_VIOLATIONS))


def shown(value: object) -> str:
    """A caller's value, quoted where it is text, with what does not print escaped, and cut to `MOST_SHOWN`."""
    if not isinstance(value, str):
        return str(value)[:MOST_SHOWN]
    return repr(value) if len(value) <= MOST_SHOWN else f"{value[:MOST_SHOWN]!r}..."


def plural(thing: str) -> str:
    """`therapies` for `therapy`, `places of service` for `place of service`."""
    head, of, rest = thing.partition(" of ")
    return (f"{head[:-1]}ies" if head.endswith("y") else f"{head}s") + of + rest


def listed(words: Sequence[str], thing: str) -> str:
    """`one of a, b, c`; of many only how many there are."""
    if not words:
        return f"no value, because there are no {plural(thing)}"
    if len(words) > MOST_LISTED:
        return f"one of {len(words)} {plural(thing)}"
    return words[0] if len(words) == 1 else f"one of {', '.join(words)}"


def counted(path: str, value: int) -> str:
    """A number with what it counts, as its field's name tells: `-1 cents`."""
    name = path.rpartition(".")[2]
    unit = "cents" if name.endswith("_cents") else _UNITS.get(name, "")
    return f"{value} {unit}".rstrip()


def out_of_range(path: str, value: int, bound: Bound) -> Violation:
    """The violation for a number that is out of bounds."""
    kind = Refusal.AMOUNT_OUT_OF_RANGE if path.endswith("_cents") else Refusal.NUMBER_OUT_OF_RANGE
    return Violation(path, counted(path, value), f"{bound.least} to {bound.most}", kind)


def outside_years(path: str, day: date, first_year: int = FIRST_DATE.year) -> Violation:
    """The violation for a day that is a slip of the pen."""
    expected = f"a date in the years {first_year} to {LAST_DATE.year}"
    return Violation(path, f"{day}", expected, Refusal.DATE_OUT_OF_RANGE)


def too_many_sessions(path: str, first: date, sessions: int, every_days: int) -> Violation:
    """The violation for a row of sessions that leaves the calendar."""
    found = f"{sessions} sessions from {first} on, one every {every_days} days"
    return Violation(path, found, f"the last session in {LAST_DATE.year} or earlier", Refusal.DATE_OUT_OF_RANGE)


def repeated(path: str, word: object) -> Violation:
    """The violation for what is stated a second time."""
    return Violation(path, f"{shown(word)} a second time", "each value only once", Refusal.REPEATED)


def unknown_word(path: str, kind: Refusal, word: str, words: Iterable[str]) -> Violation:
    """The violation for a word that does not exist: the words that do, and the nearest to it."""
    known = list(map(str, words))
    expected = listed(known, kind.thing)
    return Violation(path, f"{kind.thing} {shown(word)}", expected, kind, word, nearest(word, known))


def with_modifiers(text: str) -> str:
    """What is expected in place of a code with its modifiers behind it, such as 97810-25; empty for any other text."""
    found = without_modifiers(text)
    if found is None:
        return ""
    words = " and ".join(f"'{each}'" for each in found[1])
    return f"the code without modifiers, {found[0]}, and {words} in `modifiers`"


def provider_violations(path: str, provider: str, tax_number: str) -> Iterator[Violation]:
    """What is wrong with the numbers of who gives a service; `path`: that of the service. Empty ones are not given."""
    if provider and not _TEN_DIGITS.fullmatch(provider):
        yield Violation(f"{path}.provider", shown(provider), AN_NPI, Refusal.INVALID_TEXT)
    elif provider and not is_npi(provider):
        found = f"{shown(provider)}, whose last digit does not check the others"
        yield Violation(f"{path}.provider", found, "an NPI such as 1234567893", Refusal.INVALID_TEXT)
    if tax_number and not _TAX_NUMBER.fullmatch(tax_number):
        yield Violation(f"{path}.tax_number", shown(tax_number), A_TAX_NUMBER, Refusal.INVALID_TEXT)


def unknown_code(path: str, code: str) -> Violation:
    """The violation for a code that no catalog has and whose charge is not given, so that it has no price.

    Similar codes mean other things, so no similar code is suggested.
    """
    found = f"no charge for code {shown(code)}, which is not in the catalog"
    return Violation(path, found, "a charge", Refusal.UNKNOWN_CODE, code)
