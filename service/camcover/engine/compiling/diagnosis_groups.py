"""The sets of ICD-10 prefixes that a plan's criteria ask for, one bit each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from camcover.engine.compiling.vocabulary import plain_icd10

MOST_KNOWN = 4_096
"""Diagnoses whose groups, and days whose benefit period a plan remembers."""


@dataclass(slots=True)
class DiagnosisGroups:
    """The sets of ICD-10 prefixes that a plan's criteria ask for, one bit each."""

    bits: dict[frozenset[str], int]
    masks: dict[str, int]
    longest: int = 0
    _known: dict[str, int] = field(default_factory=dict)

    def bit(self, prefixes: Iterable[str]) -> int:
        """The mask with the one bit of this set of prefixes, a new one when it is new."""
        group = frozenset(map(plain_icd10, prefixes))
        if group not in self.bits:
            self.bits[group] = len(self.bits)
            for prefix in group:
                self.masks[prefix] = self.masks.get(prefix, 0) | 1 << self.bits[group]
                self.longest = max(self.longest, len(prefix))
        return 1 << self.bits[group]

    def mask(self, diagnosis: str) -> int:
        """The groups that a diagnosis or prefix, as it is written, belongs to."""
        found = self._known.get(diagnosis)
        if found is None:
            found = 0
            plain = plain_icd10(diagnosis)
            for length in range(1, min(len(plain), self.longest) + 1):
                found |= self.masks.get(plain[:length], 0)
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[diagnosis] = found
        return found
