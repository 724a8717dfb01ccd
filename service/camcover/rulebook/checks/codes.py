"""Procedure codes and modifiers: what a therapy lists twice, what a benefit goes without in vain, what cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.scope import listed, place_of, plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.records import Benefit, Catalog, RuleSet

VISIT_CODE_REPEATED = declare_fault(
    "visit-code-repeated",
    Severity.ERROR,
    "A therapy of the catalog lists a code both under `codes` and under `visit_codes`: it is its own code, or one that "
    "is billed within a visit of it (docs/rule-language.md, section 2).",
    "Keep it in one of the two.",
)
WITHOUT_CODE_IDLE = declare_fault(
    "without-code-idle",
    Severity.ERROR,
    "A benefit goes without a code that none of its therapies has, so that nothing is left out, or that it names "
    "itself under `codes` (docs/rule-language.md, point 7).",
    "Remove the code, or correct it.",
)


MODIFIER_CONTRADICTS = declare_fault(
    "modifier-contradicts-itself",
    Severity.ERROR,
    "A modifier of the catalog says of an attestation both that it is there (`attests`) and that it is not (`lacks`) "
    "(docs/rule-language.md, section 2).",
    "Keep it in one of the two.",
)


def check_modifiers(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """No modifier says yes and no of one attestation (docs/rule-language.md, section 2)."""
    for catalog in _catalogs(rules):
        for modifier in catalog.modifiers.values():
            both = sorted(set(modifier.attests) & set(modifier.lacks))
            if both:
                message = f"modifier '{modifier.code}' says of {listed(both)} that it is there and that it is not"
                yield MODIFIER_CONTRADICTS.at(modifier.at, message, "keep it in one of the two")


def check_visit_codes(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Each code stands once with a therapy (docs/rule-language.md, section 2)."""
    for catalog in _catalogs(rules):
        for therapy in catalog.therapies.values():
            for code in therapy.visit_codes:
                if code in therapy.codes:
                    message = f"'{code}' stands among the codes of '{therapy.id}' already"
                    yield VISIT_CODE_REPEATED.at(place_of(code, therapy.at), message, "keep it in one of the two")


def check_without_codes(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """`without_codes` names codes of the benefit's therapies (docs/rule-language.md, point 7)."""
    for plan in plans(rules):
        for benefit in plan.benefits.values():
            yield from _idle(rules, benefit)


def _idle(rules: RuleSet, benefit: Benefit) -> Iterator[Diagnostic]:
    """The codes that a benefit goes without, and that it names or never had."""
    for code in benefit.without_codes:
        place = place_of(code, benefit.at)
        if code in benefit.codes:
            yield WITHOUT_CODE_IDLE.at(place, f"'{benefit.id}' names '{code}' under `codes`, too", "remove one of them")
        elif not any(code in _billed(catalog, benefit) for catalog in _catalogs(rules)):
            having = f"{listed(benefit.therapies)}" if benefit.therapies else "the benefit"
            yield WITHOUT_CODE_IDLE.at(place, f"'{code}' is no code of {having}", "remove it, or correct it")


def _billed(catalog: Catalog, benefit: Benefit) -> set[str]:
    """The codes of a benefit's therapies in a catalog."""
    known = (catalog.therapies[name] for name in benefit.therapies if name in catalog.therapies)
    return {code for therapy in known for code in therapy.billed}


def _catalogs(rules: RuleSet) -> Iterator[Catalog]:
    """Every edition of every catalog."""
    for editions in rules.catalogs.values():
        yield from editions
