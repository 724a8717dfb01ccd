"""Procedure codes and modifiers: repeated codes, codes left out without effect, contradictions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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


CODES_WAIT = declare_fault(
    "codes-wait-for-each-other",
    Severity.ERROR,
    "By `add_on_to` and `not_with` of the catalog codes are each judged before the other, so that there is no order of "
    "a day's lines (docs/rule-language.md, point 48).",
    "Let the code that is paid less, or only beside the other, wait for it, and not the other way round.",
)


def check_waiting_codes(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """No code waits for itself, by whatever way (docs/rule-language.md, point 48)."""
    facts = {code: each for catalog in _catalogs(rules) for code, each in catalog.codes.items()}
    waits: dict[str, set[str]] = {}
    for catalog in _catalogs(rules):
        for code, each in catalog.codes.items():
            waits.setdefault(str(code), set()).update(map(str, each.waits_for))
    told: set[str] = set()
    for code, each in facts.items():
        if code not in told and code in _reached(waits, str(code)):
            told |= _reached(waits, str(code))
            message = f"'{code}' is judged behind a code that is judged behind it"
            yield CODES_WAIT.at(each.at, message, "let only one of the two wait")


def _reached(waits: Mapping[str, Collection[str]], code: str) -> set[str]:
    """The codes that are judged before a code, or before one of those."""
    found: set[str] = set()
    left = list(waits.get(code, ()))
    while left:
        each = left.pop()
        if each not in found:
            found.add(each)
            left += waits.get(each, ())
    return found


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
