"""The tiers of a plan: groups of providers, their maxima, who bears denials, who receives payments."""

from __future__ import annotations

from dataclasses import dataclass

from camcover.money import BasisPoints
from camcover.rulebook.records.headings import Place
from camcover.rulebook.records.money_words import Payee
from camcover.rulebook.records.terms import AboveAllowedKind, Attestation, CodeEdits, NotCoveredPays


@dataclass(frozen=True, slots=True)
class AboveAllowed:
    """What happens to charge minus allowed; `cap_basis_points` only with MEMBER_UP_TO."""

    kind: AboveAllowedKind
    cap_basis_points: BasisPoints | None


@dataclass(frozen=True, slots=True)
class ProviderLiable:
    """Denials that are the provider's, words of `DENIALS`, unless an attestation makes them the member's (point 41)."""

    denials: tuple[str, ...]
    unless: Attestation | None
    at: Place


@dataclass(frozen=True, slots=True)
class Tier:
    """A group of providers, and what a bare `deductible` and the cap mean for it.

    `counts_toward` and `capped_by` are maxima beside `out_of_pocket_maximum`, which does both. `not_covered_pays`
    replaces the plan's; None = not given.
    """

    id: str
    name: str | None
    deductible: str | None
    out_of_pocket_maximum: str | None
    above_allowed: AboveAllowed
    copay_feeds: tuple[str, ...]
    at: Place
    provider_liable: ProviderLiable | None = None
    counts_toward: tuple[str, ...] = ()
    capped_by: tuple[str, ...] = ()
    not_covered_pays: NotCoveredPays | None = None
    payment_to: Payee = Payee.PROVIDER
    code_edits: CodeEdits | None = None

    @property
    def counted(self) -> tuple[str, ...]:
        """The maxima that the tier's cost share counts toward (point 23), each once."""
        return self._with_own(self.counts_toward)

    @property
    def capping(self) -> tuple[str, ...]:
        """The maxima that cap the tier's cost share (point 21), each once."""
        return self._with_own(self.capped_by)

    def _with_own(self, others: tuple[str, ...]) -> tuple[str, ...]:
        own = () if self.out_of_pocket_maximum is None else (self.out_of_pocket_maximum,)
        return tuple(dict.fromkeys((*own, *others)))
