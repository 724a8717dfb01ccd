"""The catalog: therapies, conditions, practitioners, licensure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from camcover.money import Cents
from camcover.rulebook.records.headings import Heading, Place
from camcover.rulebook.records.terms import Attestation, Setting, TaxAdvantage


@dataclass(frozen=True, slots=True)
class TypicalCharge:
    """Cash price of one session, cents."""

    low: Cents
    typical: Cents
    high: Cents
    at: Place


@dataclass(frozen=True, slots=True)
class UnitMinutes:
    """How long a unit takes, in minutes: of the codes named, and of all else."""

    session: int
    codes: Mapping[str, int]
    at: Place

    def of_unit(self, code: str) -> int:
        """The minutes of one unit of a code, "" = none."""
        return self.codes.get(code, self.session)


@dataclass(frozen=True, slots=True)
class Therapy:
    """A therapy of the catalog; `visit_codes` are billed within a visit of it, and may be of other therapies, too."""

    id: str
    name: str
    aliases: tuple[str, ...]
    codes: tuple[str, ...]
    practitioners: tuple[str, ...]
    service_type: str | None
    typical_charge: TypicalCharge | None
    tax_advantaged: TaxAdvantage | None
    at: Place
    minutes: UnitMinutes | None = None
    visit_codes: tuple[str, ...] = ()

    @property
    def billed(self) -> tuple[str, ...]:
        """Every code that may be billed for it: its own, then those of a visit."""
        return (*self.codes, *self.visit_codes)

    def is_given_by(self, practitioner: str) -> bool:
        """Whether a kind of practitioner gives it; without a list of practitioners any may."""
        return not self.practitioners or practitioner in self.practitioners


@dataclass(frozen=True, slots=True)
class Condition:
    """A named group of ICD-10-CM prefixes, as written."""

    id: str
    name: str
    icd10: tuple[str, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class Practitioner:
    """A kind of practitioner and its NUCC taxonomy code; `taxonomies`: further codes, or how they begin."""

    id: str
    name: str
    taxonomy: str | None
    at: Place
    taxonomies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What is known of a procedure code (docs/rule-language.md, point 48).

    `add_on_to`: codes one of which must be covered on the same day. `not_with`: codes beside which it is not paid,
    except with the attestation `unless`. `never_with`: codes beside which it is not paid, whatever is attested.
    `units_per_day`: Medicare's most units, None = not known. `always_therapy`: a service of physical, occupational or
    speech therapy, whoever gives it.
    """

    code: str
    add_on_to: tuple[str, ...]
    not_with: tuple[str, ...]
    never_with: tuple[str, ...]
    unless: Attestation | None
    units_per_day: int | None
    always_therapy: bool
    at: Place

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The codes that are judged before it on a day."""
        return (*self.add_on_to, *self.never_with, *self.not_with)


@dataclass(frozen=True, slots=True)
class Modifier:
    """The meaning of a modifier beside a procedure code: attestations that are there or not, and a setting."""

    code: str
    name: str | None
    attests: tuple[Attestation, ...]
    lacks: tuple[Attestation, ...]
    setting: Setting | None
    at: Place


@dataclass(frozen=True, slots=True)
class Licensure:
    """The states that do, or that do not, license a kind of practitioner; exactly one is given."""

    practitioner: str
    licensed: tuple[str, ...] | None
    unlicensed: tuple[str, ...] | None
    at: Place


@dataclass(frozen=True, slots=True)
class Catalog:
    """kind: catalog."""

    heading: Heading
    therapies: Mapping[str, Therapy]
    conditions: Mapping[str, Condition]
    practitioners: Mapping[str, Practitioner]
    licensure: Mapping[str, Licensure]
    modifiers: Mapping[str, Modifier]
    places_of_service: Mapping[str, Setting]
    codes: Mapping[str, CodeFacts]
