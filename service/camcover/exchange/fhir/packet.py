"""The packet that a payer sends: one document with both explanations and everybody whom they name.

Entries: the composition, the summary, the explanation, patient, coverage, payer, provider, and the good-faith estimate;
where there is none, the guide's bundle that says so.
"""

from __future__ import annotations

from camcover.engine import EstimateRequest, Tables
from camcover.exchange.fhir.benefits import Claimed, explanation, summary
from camcover.exchange.fhir.elements import (
    PCT_CODES,
    Resource,
    Stamp,
    concept,
    extension,
    narrative,
    profiled,
    uri_identifier,
)
from camcover.exchange.fhir.gfe import GoodFaith
from camcover.exchange.fhir.parties import NOBODY_NAMED, Parties, resources_of
from camcover.exchange.fhir.priced import PricedCare, priced_for
from camcover.exchange.fhir.process_notes import RANGE
from camcover.languages import Language
from camcover.messages import Dollars
from camcover.showing.words import WORDS

__all__ = ["aeob_packet"]

_GOOD_FAITH = "gfe"
_NOT_READ = "urn:camcover:not-read"
"""The extension of an entry that lists what of it was not read."""


def aeob_packet(
    tables: Tables,
    request: EstimateRequest,
    stamp: Stamp,
    language: Language,
    *,
    parties: Parties = NOBODY_NAMED,
    good_faith: GoodFaith | None = None,
) -> Resource:
    """The packet of a request of one person under one plan: the same for the same stamp.

    `good_faith`: the provider's estimate that the request was read from, which becomes a part of the packet.

    Raises `InvalidRequest`.
    """
    priced = priced_for(tables, request, stamp, language)
    named = resources_of(stamp, parties, priced.subject)
    claim = good_faith.claim if good_faith is not None else None
    claimed = Claimed(claim or uri_identifier(stamp.urn("claim")), stamp.urn(_GOOD_FAITH))
    resources = {
        "composition": _composition(stamp, priced),
        "summary": summary(stamp, priced),
        "aeob": explanation(stamp, priced, claimed),
        **named,
        _GOOD_FAITH: _no_estimate(stamp, named["patient"]) if good_faith is None else good_faith.bundle,
    }
    return profiled("Bundle", stamp.named("packet"), "davinci-pct-aeob-packet") | {
        "identifier": uri_identifier(stamp.urn("packet")),
        "type": "document",
        "timestamp": stamp.instant,
        "entry": [
            {"fullUrl": stamp.urn(kind), "resource": each} | (_not_read(good_faith) if kind == _GOOD_FAITH else {})
            for kind, each in resources.items()
        ],
    }


def _not_read(good_faith: GoodFaith | None) -> Resource:
    """What of the provider's bundle was not read, beside it: the guide has no place for it."""
    notes = [] if good_faith is None else good_faith.unread
    return {"extension": [{"url": _NOT_READ, "valueString": str(each)} for each in notes]} if notes else {}


def _composition(stamp: Stamp, priced: PricedCare) -> Resource:
    title = priced.text(WORDS["letter-title"]())
    return profiled("Composition", stamp.named("composition"), "davinci-pct-aeob-composition") | {
        "extension": [extension("requestInitiationTime", "Instant", stamp.instant)],
        "identifier": uri_identifier(stamp.urn("composition")),
        "status": "final",
        "type": concept("http://loinc.org", "111479-2"),
        "category": [concept(f"{PCT_CODES}/PCTDocumentTypeTemporaryTrialUse", "estimate")],
        "subject": stamp.reference("patient"),
        "date": stamp.instant,
        "author": [stamp.reference("payer"), stamp.reference("provider")],
        "title": title,
        "section": [
            _section(stamp, "aeob-summary-section", "summary") | {"text": narrative(_in_words(priced))},
            _section(stamp, "aeob-section", "aeob"),
            _section(stamp, "gfe-section", _GOOD_FAITH) | {"author": [stamp.reference("provider")]},
        ],
    }


def _section(stamp: Stamp, code: str, kind: str) -> Resource:
    return {"code": concept(f"{PCT_CODES}/PCTDocumentSection", code), "entry": [stamp.reference(kind)]}


def _in_words(priced: PricedCare) -> list[str]:
    """What the patient would pay, for those who read the document itself."""
    totals, estimate = priced.estimate.totals, priced.estimate
    money = priced.names.language.dollars
    lines = [
        f"{priced.subject.plan_name} ({priced.subject.payer_name})",
        f"{priced.text(WORDS['web-you-would-pay']())}: {money(totals.patient_cents)}",
    ]
    if estimate.range.low_cents != estimate.range.high_cents:
        low, high = Dollars(estimate.range.low_cents), Dollars(estimate.range.high_cents)
        lines.append(priced.text(RANGE(low=low, high=high)))
    return [*lines, priced.text(WORDS["letter-until"](day=priced.answer.expires_on))]


def _no_estimate(stamp: Stamp, patient: Resource) -> Resource:
    """The guide's bundle in the place of a good-faith estimate that nobody submitted."""
    return profiled("Bundle", stamp.named(_GOOD_FAITH), "davinci-pct-gfe-missing-bundle") | {
        "type": "collection",
        "timestamp": stamp.instant,
        "entry": [{"fullUrl": stamp.urn("patient"), "resource": patient}],
    }
