"""Procedure codes and modifiers: repeated codes, codes left out without effect, contradictions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from camcover.messages import sentence
from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.scope import place_of, plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.phrases import quoted
from camcover.rulebook.records import Benefit, Catalog, RuleSet

VISIT_CODE_REPEATED = declare_fault(
    "visit-code-repeated",
    Severity.ERROR,
    "A therapy of the catalog lists a code both in `codes` and in `visit_codes`. A code is either the therapy's own "
    "code or a code that is billed within its visits (docs/rule-language.md, section 2).",
    "Keep the code in one of the two lists.",
)
WITHOUT_CODE_IDLE = declare_fault(
    "without-code-idle",
    Severity.ERROR,
    "A code in the `without_codes` of a benefit has no effect: none of the benefit's therapies has the code, or the "
    "benefit names it in `codes` (docs/rule-language.md, point 7).",
    "Remove the code, or correct it.",
)

_NO_CODE_OF_BENEFIT = sentence("without-code-idle-not-of-benefit", "code")
_NO_CODE_OF_THERAPIES = sentence("without-code-idle-not-of-therapies", "code", "therapies")
_CORRECT_OR_REMOVE = sentence("without-code-idle-correct-or-remove")
_IN_ATTESTS_AND_LACKS = sentence("modifier-contradicts-itself-in-attests-and-lacks", "modifier", "attestations")
_KEEP_ATTESTATION_IN_ONE = sentence("modifier-contradicts-itself-keep-attestation-in-one")
_WAITS_FOR_ITSELF = sentence("codes-wait-for-each-other-waits-for-itself", "code")
_ONE_WAITS = sentence("codes-wait-for-each-other-one-waits")
_IN_CODES_AND_VISIT_CODES = sentence("visit-code-repeated-in-codes-and-visit-codes", "therapy", "code")
_KEEP_CODE_IN_ONE = sentence("visit-code-repeated-keep-code-in-one")
_IN_CODES_AND_WITHOUT_CODES = sentence("without-code-idle-in-codes-and-without-codes", "benefit", "code")
_KEEP_IN_ONE = sentence("without-code-idle-keep-in-one")


MODIFIER_CONTRADICTS = declare_fault(
    "modifier-contradicts-itself",
    Severity.ERROR,
    "A modifier of the catalog names an attestation both in `attests` and in `lacks` (docs/rule-language.md, section "
    "2).",
    "Keep the attestation in one of the two lists.",
)


def check_modifiers(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """No modifier says yes and no of one attestation (docs/rule-language.md, section 2)."""
    for catalog in _catalogs(rules):
        for modifier in catalog.modifiers.values():
            both = sorted(set(modifier.attests) & set(modifier.lacks))
            if both:
                message = _IN_ATTESTS_AND_LACKS(modifier=modifier.code, attestations=quoted(both))
                yield MODIFIER_CONTRADICTS.at(modifier.at, message, _KEEP_ATTESTATION_IN_ONE())


CODES_WAIT = declare_fault(
    "codes-wait-for-each-other",
    Severity.ERROR,
    "By `add_on_to`, `not_with` and `never_with` of the catalog, each of two codes must be adjudicated after the "
    "other, so the lines of a day have no order (docs/rule-language.md, point 48).",
    "Name the other code only in the entry of the code that is paid less, or that is paid only together with the "
    "other.",
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
            message = _WAITS_FOR_ITSELF(code=code)
            yield CODES_WAIT.at(each.at, message, _ONE_WAITS())


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
                    message = _IN_CODES_AND_VISIT_CODES(therapy=therapy.id, code=code)
                    yield VISIT_CODE_REPEATED.at(place_of(code, therapy.at), message, _KEEP_CODE_IN_ONE())


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
            message = _IN_CODES_AND_WITHOUT_CODES(benefit=benefit.id, code=code)
            yield WITHOUT_CODE_IDLE.at(place, message, _KEEP_IN_ONE())
        elif not any(code in _billed(catalog, benefit) for catalog in _catalogs(rules)):
            finding = _NO_CODE_OF_BENEFIT(code=code)
            if benefit.therapies:
                finding = _NO_CODE_OF_THERAPIES(code=code, therapies=quoted(benefit.therapies))
            yield WITHOUT_CODE_IDLE.at(place, finding, _CORRECT_OR_REMOVE())


def _billed(catalog: Catalog, benefit: Benefit) -> set[str]:
    """The codes of a benefit's therapies in a catalog."""
    known = (catalog.therapies[name] for name in benefit.therapies if name in catalog.therapies)
    return {code for therapy in known for code in therapy.billed}


def _catalogs(rules: RuleSet) -> Iterator[Catalog]:
    """Every edition of every catalog."""
    for editions in rules.catalogs.values():
        yield from editions
