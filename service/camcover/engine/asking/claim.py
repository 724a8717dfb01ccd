"""The codes of a claim (modifiers, place of service, taxonomy) as settings, practitioners and attestations.

What comes in: items of a request and the vocabulary. What goes out: the items with setting and practitioner in the
catalog's words, masks of attestations for each line, and a `Violation` for each two statements that contradict each
other (docs/rule-language.md, section 2 "As a claim says it").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from camcover.engine.asking.asked import Unsound
from camcover.engine.asking.words import ONLY_ONE, repeated, unknown_word
from camcover.engine.compiling.compile_rows import attestations_mask
from camcover.engine.compiling.vocabulary import Vocabulary
from camcover.engine.request import EstimateRequest, PlannedService, Violation
from camcover.refusals import Refusal
from camcover.rulebook.records import Attestation, Modifier, Setting

_SAME_SETTING, _SAME_PRACTITIONER = "the same setting in both", "the same practitioner in both"


class Attested(NamedTuple):
    """Masks of attestations of a line: those that are there, and those that a modifier says are not."""

    given: int
    lacking: int


def without_claim_codes(request: EstimateRequest, vocabulary: Vocabulary) -> EstimateRequest:
    """The request with its settings and practitioners in the catalog's words. Raises `Unsound` where it cannot be."""
    for item in request.items:
        if _has_claim_codes(item):
            break
    else:
        return request
    if any(claim_violations(request, vocabulary)):
        raise Unsound
    return as_far_as_known(request, vocabulary)


def as_far_as_known(request: EstimateRequest, vocabulary: Vocabulary) -> EstimateRequest:
    """The same, where some of it may be wrong: what cannot be told stays as it is."""
    return request._replace(items=tuple(_plain(item, vocabulary) for item in request.items))


def claim_violations(request: EstimateRequest, vocabulary: Vocabulary) -> Iterator[Violation]:
    """Codes of a claim that the catalog does not have, and statements that contradict each other."""
    for place, item in enumerate(request.items):
        if _has_claim_codes(item):
            path = f"items[{place}]"
            yield from _setting_violations(path, item, vocabulary)
            yield from _practitioner_violations(path, item, vocabulary)
            for number, procedure in enumerate(item.procedures):
                yield from _modifier_violations(f"{path}.procedures[{number}]", item, procedure.modifiers, vocabulary)


def attested(item: PlannedService, number: int, vocabulary: Vocabulary) -> Attested:
    """What is attested of the line with a number from 1: by the item, and by the modifiers of its procedure."""
    given, lacking = attestations_mask(item.attestations), 0
    if item.procedures:
        for word in item.procedures[number - 1].modifiers:
            modifier = vocabulary.modifiers[word]
            given |= attestations_mask(modifier.attests)
            lacking |= attestations_mask(modifier.lacks)
    return Attested(given, lacking)


def _has_claim_codes(item: PlannedService) -> bool:
    for procedure in item.procedures:
        if procedure.modifiers:
            return True
    return bool(item.place_of_service or item.taxonomy)


def _plain(item: PlannedService, vocabulary: Vocabulary) -> PlannedService:
    """An item with setting and practitioner in the catalog's words."""
    setting = next((setting for _, _, setting in _settings(item, vocabulary)), None)
    practitioners = _practitioners(item, vocabulary)
    practitioner = practitioners[0] if len(practitioners) == 1 else ""
    return item._replace(setting=setting, practitioner=item.practitioner or practitioner)


def _settings(item: PlannedService, vocabulary: Vocabulary) -> Iterator[tuple[str, str, Setting]]:
    """Everything that says where an item takes place: the field, the statement in words, the setting."""
    if item.setting is not None:
        yield "setting", f"setting {item.setting}", item.setting
    place = vocabulary.places_of_service.get(item.place_of_service)
    if place is not None:
        yield "place_of_service", f"place of service {item.place_of_service}, which means {place}", place
    for number, procedure in enumerate(item.procedures):
        for at, word in enumerate(procedure.modifiers):
            modifier = vocabulary.modifiers.get(word)
            if modifier is not None and modifier.setting is not None:
                where = f"procedures[{number}].modifiers[{at}]"
                yield where, f"modifier {word}, which means {modifier.setting}", modifier.setting


def _setting_violations(path: str, item: PlannedService, vocabulary: Vocabulary) -> Iterator[Violation]:
    """A place that no catalog has, and statements that are not of one setting."""
    if item.place_of_service and item.place_of_service not in vocabulary.places_of_service:
        kind, known = Refusal.UNKNOWN_PLACE_OF_SERVICE, sorted(vocabulary.places_of_service)
        yield unknown_word(f"{path}.place_of_service", kind, item.place_of_service, known)._replace(nearest=())
    stated = list(_settings(item, vocabulary))
    for field, words, setting in stated[1:]:
        if setting is not stated[0][2]:
            found = f"{words}, together with {stated[0][1]}"
            yield Violation(f"{path}.{field}", found, _SAME_SETTING, Refusal.CONTRADICTORY_STATEMENTS)


def _practitioners(item: PlannedService, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The practitioners that a taxonomy may stand for: of several those that give the item's therapy, where any do."""
    found = vocabulary.practitioners_with(item.taxonomy) if item.taxonomy else ()
    if len(found) < 2 or item.therapy not in vocabulary.services:
        return found
    return tuple(each for each in found if vocabulary.gives(each, item.therapy)) or found


def _practitioner_violations(path: str, item: PlannedService, vocabulary: Vocabulary) -> Iterator[Violation]:
    """A taxonomy that is nobody's, another practitioner's than the item's, or several ones'."""
    if not item.taxonomy:
        return
    where, found = f"{path}.taxonomy", vocabulary.practitioners_with(item.taxonomy)
    if not found:
        kind, known = Refusal.UNKNOWN_TAXONOMY, sorted(vocabulary.practitioners_of_taxonomy)
        yield unknown_word(where, kind, item.taxonomy, known)
    elif item.practitioner:
        if item.practitioner in vocabulary.practitioners and item.practitioner not in found:
            owners = " or ".join(found)
            told = f"taxonomy {item.taxonomy}, which means {owners}, together with practitioner {item.practitioner}"
            yield Violation(where, told, _SAME_PRACTITIONER, Refusal.CONTRADICTORY_STATEMENTS)
    elif len(_practitioners(item, vocabulary)) > 1:
        told = f"taxonomy {item.taxonomy}, which may mean {' or '.join(_practitioners(item, vocabulary))}"
        yield Violation(where, told, "the practitioner as well", Refusal.AMBIGUOUS_TAXONOMY)


def _modifier_violations(
    path: str, item: PlannedService, words: tuple[str, ...], vocabulary: Vocabulary
) -> Iterator[Violation]:
    """Modifiers that no catalog has, that stand twice, or that say no where something else says yes."""
    known: list[Modifier] = []
    for place, word in enumerate(words):
        where = f"{path}.modifiers[{place}]"
        modifier = vocabulary.modifiers.get(word)
        if modifier is None:
            unknown = unknown_word(where, Refusal.UNKNOWN_MODIFIER, word, sorted(vocabulary.modifiers))
            yield unknown._replace(nearest=())
        elif word in words[:place]:
            yield repeated(where, word)
        else:
            known.append(modifier)
    for modifier in known:
        for attestation in modifier.lacks:
            yes = _who_attests(item, known, attestation)
            if yes:
                found = f"modifier {modifier.code}, which denies {attestation}, together with {yes}, which attests it"
                where = f"{path}.modifiers[{words.index(modifier.code)}]"
                yield Violation(where, found, ONLY_ONE, Refusal.CONTRADICTORY_STATEMENTS)


def _who_attests(item: PlannedService, modifiers: list[Modifier], attestation: Attestation) -> str:
    """What states that an attestation is there; empty if nothing does."""
    if attestation in item.attestations:
        return f"attestation {attestation}"
    return next((f"modifier {each.code}" for each in modifiers if attestation in each.attests), "")
