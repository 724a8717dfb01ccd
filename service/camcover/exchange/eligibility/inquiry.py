"""X12 270 out: the question to a payer whose answer `reading` takes.

What comes in: whom to ask and about whom, as the caller gives it, and the service types to ask about. What goes out:
the text of one interchange, with one transaction for each service type, since payers answer one at a time. Nothing of
it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from camcover.errors import CamcoverError
from camcover.exchange.x12.segments import X12Delimiters
from camcover.npi import is_npi

__all__ = ["Inquiry", "WrongInquiry", "written_inquiry"]

_VERSION = "005010X279A1"
_MOST_SERVICE_TYPES = 99
_LONGEST = {"payer_name": 60, "payer_id": 80, "provider_name": 60, "last_name": 60, "first_name": 35, "identifier": 80}
_ISA_WIDTH = 15


class WrongInquiry(CamcoverError):
    """A part of an inquiry that an X12 270 cannot hold: its name, what was found, what was expected."""

    def __init__(self, part: str, found: str, expected: str) -> None:
        """Name the part; its text is not repeated."""
        super().__init__(f"{part}: found {found}; expected {expected}")
        self.part, self.found, self.expected = part, found, expected


class Inquiry(NamedTuple):
    """What is asked. `service_types`: X12 codes, at least one. `first`, `last`: the days of service asked about.

    `identifier`: the member's identifier with the payer; `npi`: the provider's. `sender` and `receiver`: the
    interchange's identifiers, 15 characters at most. `control`: its number, 1 to 999,999,999.
    """

    payer_name: str
    payer_id: str
    provider_name: str
    npi: str
    last_name: str
    first_name: str
    identifier: str
    birth_date: date | None
    service_types: Sequence[str]
    first: date
    last: date
    sender: str
    receiver: str
    control: int = 1


def written_inquiry(inquiry: Inquiry, now: datetime) -> str:
    """The text of an X12 270; `now` is when it is made. Raises `WrongInquiry`."""
    _check(inquiry)
    use = X12Delimiters()
    number, day, clock = f"{inquiry.control:09d}", now.strftime("%Y%m%d"), now.strftime("%H%M")
    sender, receiver = (each.ljust(_ISA_WIDTH) for each in (inquiry.sender, inquiry.receiver))
    blank = " " * 10
    named = ["00", blank, "00", blank, "ZZ", sender, "ZZ", receiver, day[2:], clock]
    segments = [
        ["ISA", *named, use.repetition, "00501", number, "0", "P", use.component],
        ["GS", "HS", inquiry.sender, inquiry.receiver, day, clock, str(inquiry.control), "X", _VERSION],
    ]
    for place, service_type in enumerate(inquiry.service_types, start=1):
        body = _body(inquiry, f"{inquiry.control}{place:02d}", service_type, (day, clock))
        own = f"{place:04d}"
        segments += [["ST", "270", own, _VERSION], *body, ["SE", str(len(body) + 2), own]]
    segments += [["GE", str(len(inquiry.service_types)), str(inquiry.control)], ["IEA", "1", number]]
    return "".join(use.element.join(each).rstrip(use.element) + use.segment + "\n" for each in segments)


def _body(inquiry: Inquiry, trace: str, service_type: str, moment: tuple[str, str]) -> list[list[str]]:
    """The segments of one transaction between ST and SE."""
    days = f"{inquiry.first:%Y%m%d}", f"{inquiry.last:%Y%m%d}"
    asked = ["D8", days[0]] if days[0] == days[1] else ["RD8", "-".join(days)]
    born = [] if inquiry.birth_date is None else [["DMG", "D8", f"{inquiry.birth_date:%Y%m%d}"]]
    return [
        ["BHT", "0022", "13", trace, *moment],
        ["HL", "1", "", "20", "1"],
        ["NM1", "PR", "2", inquiry.payer_name, "", "", "", "", "PI", inquiry.payer_id],
        ["HL", "2", "1", "21", "1"],
        ["NM1", "1P", "2", inquiry.provider_name, "", "", "", "", "XX", inquiry.npi],
        ["HL", "3", "2", "22", "0"],
        ["TRN", "1", trace, "9CAMCOVER1"],
        ["NM1", "IL", "1", inquiry.last_name, inquiry.first_name, "", "", "", "MI", inquiry.identifier],
        *born,
        ["DTP", "291", *asked],
        ["EQ", service_type],
    ]


def _check(inquiry: Inquiry) -> None:
    """Raise `WrongInquiry` for the first part that the format cannot hold."""
    for part, longest in (*_LONGEST.items(), ("sender", _ISA_WIDTH), ("receiver", _ISA_WIDTH)):
        text = str(getattr(inquiry, part))
        unfit = sorted(
            {each for each in text if each in X12Delimiters() or not each.isascii() or not each.isprintable()}
        )
        if not text.strip():
            raise WrongInquiry(part, "nothing", "a text")
        if unfit:
            raise WrongInquiry(part, f"the character {unfit[0]!a}", "ASCII without the delimiters * ^ : ~")
        if len(text) > longest:
            raise WrongInquiry(part, f"{len(text)} characters", f"at most {longest}")
    if not is_npi(inquiry.npi):
        raise WrongInquiry("npi", "no NPI", "ten digits, the last of which is their check digit")
    if not 1 <= inquiry.control <= 999_999_999:
        raise WrongInquiry("control", str(inquiry.control), "1 to 999999999")
    if inquiry.last < inquiry.first:
        raise WrongInquiry("last", str(inquiry.last), f"{inquiry.first} or later, the first day asked about")
    codes = inquiry.service_types
    if not 1 <= len(codes) <= _MOST_SERVICE_TYPES or len(set(codes)) < len(codes):
        raise WrongInquiry("service_types", f"{len(codes)} codes", f"1 to {_MOST_SERVICE_TYPES}, each once")
    if any(not (1 <= len(each) <= 3 and each.isascii() and each.isalnum()) for each in codes):
        raise WrongInquiry("service_types", "a text that is not a code", "up to three letters and digits, such as 30")
