"""Files of other formats with faults in their segments, elements and trees, and what reading them may never do.

X12 271, 835 and 837, and FHIR's good-faith estimates. What is read goes on as the commands take it: to facts of a plan,
or to a request, which is checked and priced.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from camcover.api.eligibility import eligibility_message, plan_edition
from camcover.api.errors import Refused
from camcover.api.json_request import message_of
from camcover.api.requests import estimate_request
from camcover.api.validation import validate
from camcover.engine import InvalidRequest, Tables, evaluate
from camcover.exchange.claims.reading import read_claims
from camcover.exchange.eligibility.filling import filled
from camcover.exchange.eligibility.reading import member_of_file, read_eligibility
from camcover.exchange.fhir.gfe import read_good_faith
from camcover.exchange.notes import UnreadableFile
from camcover.exchange.remittances.reading import read_remittance
from camcover.exchange.x12.segments import text_of
from camcover.gen.camcover.v1 import request_pb2
from camcover.workflow.catalog_entries import therapies
from exchange.answers import EXAMPLE as ANSWERS
from exchange.answers_in_json import as_json, spelled
from exchange.billing import EXAMPLE as CLAIMS
from exchange.billing import claim_file
from exchange.remitting import file_of
from fhir_packets import good_faith_bundle, packet
from fuzz.messages import spoil_json
from fuzz.words import NUMBERS, TEXTS_OF_REQUESTS
from small_rules import tables

__all__ = ["CORPUS", "ExchangeCase", "corpus_cases", "draw", "draw_answer", "fault"]

CORPUS = Path(__file__).parent / "corpus" / "exchanged"

LONGEST_REPORT, LONGEST_OF_BYTE = 4 << 20, 8
"""Characters of all that is told about a file, and about each byte of a long one."""

_REMITTANCE = file_of((
    *("CLP*r1*1*180*54*60*CH*ICN1", "NM1*QC*1*SAMPLE*ANA****MI*X1", "DTM*232*20260302"),
    *("SVC*HC:97810:AT*110*25**1", "CAS*CO*45*55", "CAS*PR*1*20**3*10", "AMT*B6*55"),
    *("SVC*HC:97811*70*29**1", "DTM*472*20260303", "REF*6R*L2", "CAS*CO*45*11*1*253*.5", "CAS*PR*2*29.5"),
))  # fmt: skip

_ODD = (
    *("", " ", "0", "-0", "-1", "1e9", "1.005", ".5", "99999999999999999999", "NaN", "1_000", "\u0661", "00", "+5"),
    *("20260230", "20261301", "00010101", "99991231", "2026", "20260301-20260331", "20260331-20260301", "RD8", "D8"),
    *("EB", "HL", "ST", "SE", "ISA", "IEA", "CLP", "SVC", "CAS", "LX", "MSG", "LS", "LE", "III", "HSD", "PLB", "23"),
    *("29", "C1", "IND", "FAM", "W", "^", ":", "^" * 300, ":" * 300, "*" * 40, "\0", "\x1b[31m", "\u202e", "x" * 5_000),
)  # fmt: skip


class ExchangeCase(NamedTuple):
    """A file's kind and content."""

    kind: str
    content: bytes


def corpus_cases() -> Iterator[tuple[str, ExchangeCase]]:
    """Every file that is kept in the repository; the end of its name is its kind."""
    for file in sorted(CORPUS.iterdir()):
        yield file.name, ExchangeCase(file.suffix.removeprefix("."), file.read_bytes())


def draw(random: Random) -> ExchangeCase:
    """A file in order of any kind, changed in one to six places."""
    kind = random.choice([*_READERS])
    if kind == "gfe":
        return ExchangeCase(kind, spoil_json(random, _bundle_with_team()))
    if kind == "json":
        return ExchangeCase(kind, spoil_json(random, random.choice((as_json, spelled))(ANSWERS)))
    return ExchangeCase(kind, _changed(random, random.choice(_SOURCES[kind])))


def _bundle_with_team() -> dict[str, Any]:
    """A good-faith estimate whose care team has one who renders, named by the first item."""
    bundle = good_faith_bundle()
    claim = bundle["entry"][1]["resource"]
    qualification = {"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "171100000X"}]}
    claim["careTeam"] = [
        {"sequence": 1, "provider": {"reference": "Practitioner/nora"}, "qualification": qualification}
    ]
    claim["item"][0]["careTeamSequence"] = [1]
    return bundle


def draw_answer(random: Random) -> bytes:
    """An X12 271, in order or not."""
    text = random.choice(_SOURCES["271"])
    return text.encode() if random.random() < 0.5 else _changed(random, text)


def _changed(random: Random, text: str) -> bytes:
    """An X12 file with faults of its segments, its separators and its end."""
    segments = _segments(text)
    others = _segments(random.choice([each for texts in _SOURCES.values() for each in texts]))
    for _ in range(random.randint(1, 6)):
        _change(random, segments, others)
    text = "".join(f"{each}~" for each in segments)
    if random.random() < 0.15:
        text = text.replace(random.choice("*:^~"), random.choice("|*:^~\n\0A"))
    content = text.encode("utf-8", "surrogatepass")
    if random.random() < 0.15:
        content = content[: random.randrange(len(content) + 1)]
    if random.random() < 0.05:
        content += bytes([random.randrange(256)])
    return content


def _segments(text: str) -> list[str]:
    """The segments of a file in order, without their ends."""
    return [each for each in text.replace("\n", "").split("~") if each]


def _change(random: Random, segments: list[str], others: list[str]) -> None:
    """One fault: of the order of segments, of one segment's elements, or of one element."""
    if not segments:
        return
    at = random.randrange(len(segments))
    match random.randrange(8):
        case 0:
            del segments[at]
        case 1:
            segments[at:at] = [segments[at]] * random.choice((1, 1, 30, 2_000))
        case 2:
            segments.insert(at, random.choice(others))
        case 3:
            to = random.randrange(len(segments))
            segments[at], segments[to] = segments[to], segments[at]
        case 4:
            elements = segments[at].split("*")
            random.shuffle(elements)
            segments[at] = "*".join(elements)
        case _:
            elements = segments[at].split("*")
            place = random.randrange(len(elements))
            elements[place : place + 1] = [_element(random, elements[place], random.choice(others).split("*"))]
            segments[at] = "*".join(elements)


def _element(random: Random, element: str, others: list[str]) -> str:
    """Another element: an odd one, one of another segment, a few components or repetitions, or nearly the same."""
    return random.choice((
        random.choice(_ODD),
        random.choice(others),
        str(random.choice(NUMBERS)),
        random.choice(TEXTS_OF_REQUESTS),
        f"{element}:{random.choice(others)}",
        f"{element}^{random.choice(others)}",
        element[:-1],
        f"-{element}",
    ))  # fmt: skip


@cache
def _rules() -> Tables:
    """The small rules, compiled."""
    return tables()


def _read_answers(text: str) -> Iterator[str]:
    """What a payer says of the first member, by the ids of a plan."""
    told = member_of_file(read_eligibility(text, "file"), 1, "file")
    plan = plan_edition(_rules(), "share-plan", told.as_of or date(2026, 3, 2))
    part = filled(told, plan, therapies(_rules()), "ana")
    yield str(eligibility_message("share-plan", told, part, "rules-0"))


def _read_remittance(text: str) -> Iterator[str]:
    """What a payer decided."""
    found = read_remittance(text, "file")
    yield from map(str, (*found.claims, *found.unread))


def _read_claims(text: str) -> Iterator[str]:
    """What a provider asks for, priced."""
    for claim in read_claims(text, "share-plan", "in_network", "file"):
        yield from map(str, claim.unread)
        yield _priced(claim.fields)


def _read_good_faith(text: str) -> Iterator[str]:
    """A provider's good-faith estimate, priced, and as a packet."""
    found = read_good_faith(text, "file", "share-plan", "in_network")
    yield from map(str, found.unread)
    yield _priced(found.fields, lambda: str(packet(_rules(), found.fields, parties=found.parties, good_faith=found)))


def _priced(fields: dict[str, Any], then: Callable[[], str] = str) -> str:
    """What the service says of a request: an estimate, and what else is made of it; or why there is none."""
    try:
        request = message_of(json.dumps(fields), request_pb2.EstimatePlanRequest())
        validate(request)
        return str(evaluate(_rules(), estimate_request(request)).totals) + then()
    except (Refused, InvalidRequest) as error:
        return str(error)


_READERS: dict[str, Callable[[str], Iterator[str]]] = {
    "271": _read_answers,
    "json": _read_answers,
    "835": _read_remittance,
    "837": _read_claims,
    "gfe": _read_good_faith,
}
_SOURCES = {
    "271": (ANSWERS,),
    "835": (_REMITTANCE,),
    "837": (CLAIMS, claim_file()),
}


def fault(case: ExchangeCase) -> str | None:
    """What is wrong with how a file is read; None: nothing."""
    try:
        told = list(_READERS[case.kind](text_of(case.content)))
    except UnreadableFile as error:
        told = [str(each) for each in error.unread]
        if not told:
            return "refused without a reason"
    except Exception:  # noqa: BLE001 - any other exception is a finding
        return traceback.format_exc(limit=-6)
    size = sum(map(len, told))
    most = max(LONGEST_REPORT, LONGEST_OF_BYTE * len(case.content))
    return f"{size} characters are told" if size > most else None
