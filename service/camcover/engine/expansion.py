"""A well-being plan as single lines: each service's dates, each session's procedures, in order of date.

What comes in: a typed request and the vocabulary. What goes out: `PlannedLine`s with words resolved to the catalog's,
and the violations found on the way. Nothing here depends on the payer plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from camcover.engine.request import EstimateRequest, PlannedService, Procedure, Violation
from camcover.engine.vocabulary import STATE_INDEX, Vocabulary
from camcover.rulebook.diagnostics import nearest

MAX_LINES = 2_000
"""Lines in one request."""

MAX_CENTS = 1_000_000_000
"""The largest amount a request may give: 2,000 lines of it stay far inside 64 bits, percentages included."""

MAX_UNITS = 1_000
"""Units of one procedure, and visits used."""

_ICD10 = re.compile(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """One line before pricing; amounts in cents, None = unknown; `item` counts from 0, `session` and `line` from 1."""

    item: int
    session: int
    line: int
    date: date
    therapy: str
    code: str
    units: int
    charge_cents: int | None
    allowed_cents: int | None
    unpriced: int
    unpriced_place: int


def unknown_word(path: str, kind: str, word: str, words: Sequence[str]) -> Violation:
    """The violation for a word that does not exist, with the nearest that do."""
    close = nearest(word, words)
    hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
    return Violation(path, f"no {kind} {word!r}{hint}", kind=kind, unknown=word, nearest=close)


def expand(request: EstimateRequest, vocabulary: Vocabulary, violations: list[Violation]) -> list[PlannedLine]:
    """The lines of every item, sorted by (date, order in the request).

    Adds to `violations` what is wrong with items.
    """
    if not request.items:
        violations.append(Violation("items", "a plan needs at least one service"))
    lines: list[PlannedLine] = []
    for index, item in enumerate(request.items):
        path = f"items[{index}]"
        violations += _item_violations(path, item, vocabulary)
        if len(lines) + len(item.dates) * max(1, len(item.procedures)) > MAX_LINES:
            violations.append(Violation(path, f"the request has more than {MAX_LINES} lines"))
            break
        services = _services(path, item, vocabulary, violations)
        lines += _item_lines(index, item, services)
    return sorted(lines, key=lambda line: line.date)


def _item_violations(path: str, item: PlannedService, vocabulary: Vocabulary) -> Iterator[Violation]:
    """What is wrong with an item, its services aside."""
    if not item.dates:
        yield Violation(f"{path}.dates", "a service needs at least one date")
    if item.practitioner and item.practitioner not in vocabulary.practitioners:
        yield unknown_word(f"{path}.practitioner", "practitioner", item.practitioner, [*vocabulary.practitioners])
    if item.state and item.state not in STATE_INDEX:
        yield unknown_word(f"{path}.state", "state", item.state, [*STATE_INDEX])
    for place, condition in enumerate(item.conditions):
        if condition not in vocabulary.conditions:
            yield unknown_word(f"{path}.conditions[{place}]", "condition", condition, vocabulary.conditions)
    for place, diagnosis in enumerate(item.diagnoses):
        if not _ICD10.fullmatch(diagnosis):
            yield Violation(f"{path}.diagnoses[{place}]", f"{diagnosis!r} is not an ICD-10-CM code such as M54.50")
    yield from _price_violations(path, item)


def _price_violations(path: str, item: PlannedService) -> Iterator[Violation]:
    """Amounts and units out of bounds, and amounts of which it is not clear what they are for."""
    yield from _amount_violations(path, item.charge_cents, item.allowed_cents)
    for place, procedure in enumerate(item.procedures):
        where = f"{path}.procedures[{place}]"
        yield from _amount_violations(where, procedure.charge_cents, procedure.allowed_cents)
        if not 1 <= procedure.units <= MAX_UNITS:
            yield Violation(f"{where}.units", f"{procedure.units} units; expected 1 to {MAX_UNITS}")
    for name in ("charge_cents", "allowed_cents"):
        if getattr(item, name) is None:
            continue
        if len(item.procedures) > 1:
            yield Violation(f"{path}.{name}", "several procedures: give the amount of each instead")
        elif any(getattr(procedure, name) is not None for procedure in item.procedures):
            yield Violation(f"{path}.{name}", "the procedure has one of its own: give it once")


def _amount_violations(path: str, charge: int | None, allowed: int | None) -> Iterator[Violation]:
    """Amounts out of bounds."""
    for name, amount in (("charge_cents", charge), ("allowed_cents", allowed)):
        if amount is not None and not 0 <= amount <= MAX_CENTS:
            yield Violation(f"{path}.{name}", f"{amount} cents; expected 0 to {MAX_CENTS}")


def _services(
    path: str, item: PlannedService, vocabulary: Vocabulary, violations: list[Violation]
) -> list[tuple[str, Procedure]]:
    """(therapy, procedure) of each line of a session; a line without a code has an empty procedure code."""
    therapy = item.therapy
    if therapy and therapy not in vocabulary.services:
        violations.append(unknown_word(f"{path}.therapy", "therapy", therapy, [*vocabulary.services]))
        return []
    if not item.procedures:
        if not therapy:
            violations.append(Violation(f"{path}.therapy", "name a therapy, or procedures that settle it"))
            return []
        return [(therapy, Procedure("", 1, item.charge_cents, item.allowed_cents))]
    services = []
    for place, procedure in enumerate(item.procedures):
        where = f"{path}.procedures[{place}].code"
        found = therapy or _therapy_of_code(where, procedure.code, vocabulary, violations)
        if therapy and procedure.code not in vocabulary.codes_of_therapy[therapy]:
            violations.append(_code_of_another(where, therapy, procedure.code, vocabulary))
        services.append((found, _with_session_amounts(item, procedure)))
    return services


def _with_session_amounts(item: PlannedService, procedure: Procedure) -> Procedure:
    """The procedure, with the session's amounts where it is the only one and has none of its own."""
    if len(item.procedures) > 1:
        return procedure
    charge = item.charge_cents if procedure.charge_cents is None else procedure.charge_cents
    allowed = item.allowed_cents if procedure.allowed_cents is None else procedure.allowed_cents
    return Procedure(procedure.code, procedure.units, charge, allowed)


def _therapy_of_code(path: str, code: str, vocabulary: Vocabulary, violations: list[Violation]) -> str:
    """The one therapy that a code belongs to; a violation when there is none or there are several."""
    therapies = vocabulary.therapies_of_code.get(code, ())
    if not therapies:
        violations.append(unknown_word(path, "code", code, [*vocabulary.therapies_of_code]))
        return ""
    if len(therapies) > 1:
        violations.append(Violation(path, f"code {code} belongs to {' and '.join(therapies)}: name the therapy"))
    return therapies[0]


def _code_of_another(path: str, therapy: str, code: str, vocabulary: Vocabulary) -> Violation:
    """The violation for a code that the catalog does not list under the item's therapy."""
    owners = vocabulary.therapies_of_code.get(code, ())
    if not owners:
        return unknown_word(path, "code", code, sorted(vocabulary.codes_of_therapy[therapy]))
    return Violation(path, f"code {code} is billed for {' or '.join(owners)}, not for {therapy}")


def _item_lines(index: int, item: PlannedService, services: list[tuple[str, Procedure]]) -> Iterator[PlannedLine]:
    """Each date a session, each service of it a line."""
    unpriced = sum(procedure.charge_cents is None for _, procedure in services)
    for session, day in enumerate(sorted(item.dates), start=1):
        place = 0
        for number, (therapy, procedure) in enumerate(services, start=1):
            yield PlannedLine(
                index,
                session,
                number,
                day,
                str(therapy),
                procedure.code,
                procedure.units,
                procedure.charge_cents,
                procedure.allowed_cents,
                unpriced,
                place,
            )
            place += procedure.charge_cents is None
