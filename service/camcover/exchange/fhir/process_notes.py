"""Sentences of an explanation: disclaimers, how exact it is, why a service is not covered, and the sources.

Each sentence stands once, with a number; items refer to those that are about them.
"""

from __future__ import annotations

from camcover.engine.estimate import Line
from camcover.exchange.fhir.elements import PCT_CODES, Resource, concept, extension
from camcover.exchange.fhir.priced import PricedCare
from camcover.messages import Dollars, sentence
from camcover.showing.answer import causes_of, sources_of, why_of
from camcover.showing.words import WORDS

__all__ = ["RANGE", "ProcessNotes", "notes_of"]

_SEVERAL_PERIODS = sentence("fhir-several-periods")
RANGE = sentence("fhir-range", "low", "high")
"""From what to what the patient may pay."""


class ProcessNotes:
    """The sentences, in the order in which they are first said."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kinds: dict[str, str] = {}

    def say(self, kind: str, text: str) -> int:
        """Say a sentence of a kind (a code of the guide's process notes), if it is not said yet. Gives its number."""
        self._kinds.setdefault(text, kind)
        return list(self._kinds).index(text) + 1

    @property
    def elements(self) -> list[Resource]:
        """The sentences as FHIR has them."""
        return [
            {
                "extension": [
                    extension("processNoteClass", "CodeableConcept", concept(f"{PCT_CODES}/PCTAEOBProcessNoteCS", kind))
                ],
                "number": place,
                "text": text,
            }
            for place, (text, kind) in enumerate(self._kinds.items(), start=1)
        ]

    def of_line(self, priced: PricedCare, line: Line) -> list[int]:
        """The number of the sentence that says why a line is not covered; nothing for one that is."""
        return [] if line.covered else [self.say("adjudication-note", why_of(line, priced.names.language))]


def notes_of(priced: PricedCare) -> ProcessNotes:
    """What is said of the explanation as a whole."""
    notes = ProcessNotes()
    language = priced.names.language
    for notice in priced.answer.notices:
        notes.say("disclaimer", priced.text(notice.message))
    if priced.illustrative:
        notes.say("disclaimer", priced.text(WORDS["web-illustrative"]()))
    if language.is_unreviewed:
        notes.say("disclaimer", priced.text(WORDS["web-unreviewed"]()))
    notes.say("other", priced.text(WORDS["letter-until"](day=priced.answer.expires_on)))
    _say_range(notes, priced)
    if priced.days[0] < priced.period[0]:
        notes.say("other", priced.text(_SEVERAL_PERIODS()))
    for source in sources_of(priced.estimate.citations):
        for place in source.places or ("",):
            notes.say("other", ", ".join(filter(None, (source.title, place, source.url))))
    return notes


def _say_range(notes: ProcessNotes, priced: PricedCare) -> None:
    """From what to what the patient may pay, and why; or that the amount is exact."""
    bounds = priced.estimate.range
    if bounds.low_cents == bounds.high_cents:
        notes.say("adjudication-note", priced.text(WORDS["web-exact"]()))
    else:
        said = RANGE(low=Dollars(bounds.low_cents), high=Dollars(bounds.high_cents))
        notes.say("adjudication-note", priced.text(said))
    for cause in causes_of(priced.estimate, priced.names.language):
        notes.say("conditional", cause)
