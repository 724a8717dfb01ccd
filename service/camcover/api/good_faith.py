"""`ExplainGoodFaithEstimate`: a provider's good-faith estimate as a packet with an advance explanation of benefits.

What comes in: a bundle of FHIR and a plan's id. What goes out: the packet's bytes, and what of the bundle was not read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from camcover.api.errors import invalid
from camcover.api.json_request import message_of
from camcover.api.prices import with_prices
from camcover.api.requests import estimate_request
from camcover.api.validation import validate
from camcover.engine import Tables, Violation
from camcover.exchange.fhir.care_team import taxonomy_place
from camcover.exchange.fhir.elements import Stamp, as_json
from camcover.exchange.fhir.gfe import GoodFaith, read_good_faith
from camcover.exchange.fhir.packet import aeob_packet
from camcover.exchange.notes import Unread, UnreadableFile, quoted
from camcover.gen.camcover.v1 import good_faith_pb2 as messages
from camcover.gen.camcover.v1 import request_pb2
from camcover.languages import language
from camcover.refusals import Refusal
from camcover.workflow.published_prices import PriceSource

__all__ = [
    "GOOD_FAITH_GROWTH",
    "GoodFaithAsked",
    "good_faith_answer",
    "good_faith_asked",
    "id_of_packet",
    "with_known_taxonomies",
]

GOOD_FAITH_GROWTH = 30
"""About how many bytes of an answer a byte of a bundle gives, at most: an item of a few words has all its amounts."""

_BUNDLE = "bundle"


class GoodFaithAsked(NamedTuple):
    """What was read of a bundle, and the request that it makes."""

    read: GoodFaith
    message: request_pb2.EstimatePlanRequest


def good_faith_asked(request: messages.ExplainGoodFaithEstimateRequest) -> GoodFaithAsked:
    """What is asked. Raises `Refused`, `InvalidRequest`."""
    validate(request)
    try:
        read = read_good_faith(request.bundle.decode(), _BUNDLE, request.plan_id, request.tier)
    except UnicodeDecodeError as error:
        raise invalid(_violation(f"a byte at offset {error.start} that is not UTF-8", "JSON in UTF-8")) from None
    except UnreadableFile as error:
        first = error.unread[0]
        place = f"{first.place}: " if first.place else ""
        raise invalid(_violation(f"{place}{first.found}", first.expected)) from None
    message = message_of(json.dumps(read.fields), request_pb2.EstimatePlanRequest())
    message.language, message.rule_release = request.language, request.rule_release
    validate(message)
    return GoodFaithAsked(read, message)


def good_faith_answer(
    tables: Tables, asked: GoodFaithAsked, now: datetime, prices: PriceSource | None
) -> messages.ExplainGoodFaithEstimateResponse:
    """The packet of a good-faith estimate, made at `now`, with the published `prices` of its providers.

    Raises `InvalidRequest`, `StoreUnavailable`.
    """
    read, message = with_known_taxonomies(tables, *asked)
    message = with_prices(tables, message, prices)
    packet = aeob_packet(
        tables,
        estimate_request(message),
        Stamp(id_of_packet(message, tables.release), now),
        language(asked.message.language),
        parties=read.parties,
        good_faith=read,
    )
    return messages.ExplainGoodFaithEstimateResponse(
        packet=as_json(packet), notes=map(str, read.unread), rule_release=tables.release
    )


def with_known_taxonomies(
    tables: Tables, read: GoodFaith, message: request_pb2.EstimatePlanRequest
) -> tuple[GoodFaith, request_pb2.EstimatePlanRequest]:
    """Both without the taxonomies of which the catalog has no practitioner, or several: each is noted.

    Whoever asks with a bundle cannot say the practitioner otherwise, so nothing is refused for it.
    """
    notes, known = list[Unread](), request_pb2.EstimatePlanRequest()
    known.CopyFrom(message)
    for item in known.items:
        found = tables.vocabulary.practitioners_with(item.taxonomy)
        if item.taxonomy and len(found) != 1:
            place = taxonomy_place(read.bundle, item.taxonomy)
            told = f"taxonomy {quoted(item.taxonomy)}" + (f", which may mean {' or '.join(found)}" if found else "")
            expected = "a taxonomy of one practitioner of the catalog; the practitioner is not known"
            notes.append(Unread(read.file, 0, place, told, expected))
            item.taxonomy = ""
    return replace(read, unread=tuple(dict.fromkeys((*read.unread, *notes)))), known


def id_of_packet(message: request_pb2.EstimatePlanRequest, release: str) -> str:
    """An id that the request and the rules give: the same for the same ones."""
    content = message.SerializeToString(deterministic=True) + release.encode()
    return f"estimate-{hashlib.sha256(content).hexdigest()[:16]}"


def _violation(found: str, expected: str) -> Violation:
    return Violation(_BUNDLE, found, expected, Refusal.UNREADABLE_FILE)
