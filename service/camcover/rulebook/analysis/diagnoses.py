"""The sets of diagnoses that a service's criteria distinguish, each with the fewest codes that make it.

A code matches a prefix that it begins with. So the longest such prefix determines all prefixes that the code matches.
One code for each prefix, and the unions of these codes, represent every set of diagnoses that a request may give.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from camcover.errors import CamcoverError
from camcover.rulebook.analysis.criteria import Check

Codes = tuple[str, ...]

_SHORTEST = 3
"""Characters of the shortest ICD-10-CM code: a letter, a digit, a digit or letter."""


class TooManyCells(CamcoverError):
    """A service whose lines fall into more classes than are looked at one by one."""

    def __init__(self, most: int) -> None:
        """Keep the bound."""
        super().__init__(f"more than {most:,} cases to tell apart")
        self.most = most


def diagnosis_sets(checks: Sequence[tuple[int, Check]], most: int) -> dict[int, Codes]:
    """Every mask of matched checks (bit = the number beside the check) that a set of codes has, with the fewest codes.

    Raises `TooManyCells` above `most` masks.
    """
    atoms = _atoms(checks)
    found: dict[int, Codes] = {0: ()}
    newest = [0]
    while newest:
        reached: list[int] = []
        for mask in newest:
            for atom, code in atoms.items():
                if mask | atom not in found:
                    found[mask | atom] = (*found[mask], code)
                    reached.append(mask | atom)
            if len(found) > most:
                raise TooManyCells(most)
        newest = reached
    return found


def _atoms(checks: Sequence[tuple[int, Check]]) -> dict[int, str]:
    """What single codes match: mask -> one such code."""
    prefixes = sorted({prefix for _, check in checks for prefix in check.allowed})
    atoms: dict[int, str] = {}
    for prefix in prefixes:
        code = _code_under(prefix, prefixes)
        if code is not None:
            atoms.setdefault(sum(1 << number for number, check in checks if check.matches(prefix)), code)
    return atoms


def _code_under(prefix: str, prefixes: Iterable[str]) -> str | None:
    """A code of which `prefix` is the longest prefix, as a request writes it; None where longer ones take them all."""
    longer = tuple(other for other in prefixes if other != prefix and other.startswith(prefix))
    for candidate in _codes(prefix):
        if not candidate.startswith(longer):
            return f"{candidate[:_SHORTEST]}.{candidate[_SHORTEST:]}".rstrip(".")
    return None


def _codes(prefix: str) -> Iterator[str]:
    """The prefix, or all shortest codes that begin with it."""
    places = [string.digits, string.digits + string.ascii_uppercase][len(prefix) - _SHORTEST :]
    return (prefix + "".join(rest) for rest in product(*(places if len(prefix) < _SHORTEST else ())))
