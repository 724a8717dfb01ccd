"""Forms as they were sent: the texts of their fields, bounded, and none of them trusted.

What comes in: the body of a POST. What goes out: a `CareForm`, which pages show again as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from camcover.errors import CamcoverError

__all__ = [
    "FORM_SECONDS",
    "MOST_BYTES",
    "AllowedChangesForm",
    "CareForm",
    "CareItem",
    "SlowForm",
    "WrongForm",
    "body_of",
    "cut",
    "fields_of",
    "form_of",
    "pairs_of",
    "way_pairs",
]

MOST_BYTES = 64 << 10

FORM_SECONDS = 10.0
"""How long a form may take to come."""

MOST_ITEMS = 8
_MOST_FIELDS = 400
_LONGEST = 200

DEFAULT_VISITS, DEFAULT_EVERY = "6", "7"


class WrongForm(CamcoverError, ValueError):
    """A body is no form of these pages: too large, or not encoded as one."""


class SlowForm(WrongForm):
    """A form did not come in time."""


@dataclass(frozen=True, slots=True)
class CareItem:
    """One kind of care, as texts; `minutes`: of a visit; `have`: approvals that the patient has."""

    therapy: str = ""
    visits: str = DEFAULT_VISITS
    minutes: str = ""
    every: str = DEFAULT_EVERY
    first: str = ""
    charge: str = ""
    condition: str = ""
    practitioner: str = ""
    tier: str = ""
    have: tuple[str, ...] = ()
    self_pay: str = ""


@dataclass(frozen=True, slots=True)
class AllowedChangesForm:
    """What of a plan of care may change, as texts: networks, practitioners, settings, days later, the order."""

    tiers: tuple[str, ...] = ()
    practitioners: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    later: str = ""
    order: bool = False


@dataclass(frozen=True, slots=True)
class CareForm:
    """A plan of care under a payer's plan, as texts.

    `sums`: paid so far by accumulator; `before`: whether there was care of these kinds before (`no`, `yes`, empty = not
    known), and `used`: how much of each limit; `plans`, `premiums`: of a comparison; `may`: what may change, None = the
    reader was not asked; `do`: the button that was pressed.
    """

    plan: str = ""
    find: str = ""
    age: str = ""
    state: str = ""
    sums: Mapping[str, str] = field(default_factory=dict)
    before: str = ""
    used: Mapping[str, str] = field(default_factory=dict)
    items: tuple[CareItem, ...] = (CareItem(),)
    plans: tuple[str, ...] = ()
    premiums: Mapping[str, str] = field(default_factory=dict)
    may: AllowedChangesForm | None = None
    do: str = ""

    @property
    def has_room(self) -> bool:
        """Whether one more kind of care may be added."""
        return len(self.items) < MOST_ITEMS

    def chosen(self) -> CareForm:
        """The form without the last kinds of care that were added and not chosen yet."""
        items = self.items
        while len(items) > 1 and not items[-1].therapy:
            items = items[:-1]
        return replace(self, items=items)

    def done(self) -> CareForm:
        """The form as the pressed button leaves it: an item more or fewer, a visit more or fewer."""
        what, _, place = self.do.partition("-")
        if what == "add":
            return replace(self, items=(*self.items, _next(self.items))) if self.has_room else self
        at = int(place) if place.isdecimal() and len(place) < 3 else -1
        if not 0 <= at < len(self.items):
            return self
        if what == "remove":
            return replace(self, items=(*self.items[:at], *self.items[at + 1 :]) or (CareItem(),))
        step = {"more": 1, "less": -1}.get(what, 0)
        item = self.items[at]
        if step and item.visits.isdecimal() and len(item.visits) < 4:
            changed = replace(item, visits=str(max(1, int(item.visits) + step)))
            return replace(self, items=(*self.items[:at], changed, *self.items[at + 1 :]))
        return self


def _next(items: tuple[CareItem, ...]) -> CareItem:
    """A further item: what it is for and when it begins are asked once."""
    return CareItem(therapy="", first=items[-1].first, condition=items[-1].condition)


async def body_of(request: Request, most: int = MOST_BYTES, seconds: float = FORM_SECONDS) -> bytes:
    """The body of a form. Raises `WrongForm` where it is none, has more than `most` bytes, or ends too early.

    Raises `SlowForm` where it takes longer than `seconds` to come.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise WrongForm("the body is no form")
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise WrongForm("the form is too large")
    except ClientDisconnect:
        raise WrongForm("the client left before the form was complete") from None
    except TimeoutError:
        raise SlowForm(f"the form did not come within {seconds:g} seconds") from None
    return bytes(body)


def fields_of(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form in order, as they were sent. Raises `WrongForm`."""
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:  # UnicodeDecodeError among them
        raise WrongForm("the body is no form") from error


def pairs_of(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form in order, without blanks around them and cut. Raises `WrongForm`."""
    return cut(fields_of(body))


def cut(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Fields without blanks around them and cut."""
    return [(name, value.strip()[:_LONGEST]) for name, value in pairs]


def form_of(pairs: list[tuple[str, str]]) -> CareForm:
    """The form that these fields make; what no form has is left out."""
    one = dict(pairs)
    numbers = {int(name[8:]) for name in one if name.startswith("therapy-") and name[8:].isdecimal() and len(name) < 11}
    items = tuple(_item(one, pairs, number) for number in sorted(numbers)[:MOST_ITEMS])
    return CareForm(
        plan=one.get("plan", ""),
        find=one.get("find", ""),
        age=one.get("age", ""),
        state=one.get("state", ""),
        sums={name[4:]: value for name, value in pairs if name.startswith("sum-")},
        before=one.get("before", ""),
        used={name[5:]: value for name, value in pairs if name.startswith("used-")},
        items=items or (CareItem(),),
        plans=tuple(value for name, value in pairs if name == "plans" and value),
        premiums={name[8:]: value for name, value in pairs if name.startswith("premium-")},
        may=_may(one, pairs) if "may" in one else None,
        do=one.get("do", ""),
    )


def _item(one: Mapping[str, str], pairs: list[tuple[str, str]], number: int) -> CareItem:
    def given(name: str, default: str = "") -> str:
        return one.get(f"{name}-{number}", default)

    return CareItem(
        therapy=given("therapy"),
        visits=given("visits", DEFAULT_VISITS),
        minutes=given("minutes"),
        every=given("every", DEFAULT_EVERY),
        first=given("first"),
        charge=given("charge"),
        condition=given("condition"),
        practitioner=given("practitioner"),
        tier=given("tier"),
        have=tuple(value for name, value in pairs if name == f"have-{number}"),
        self_pay=given("self-pay"),
    )


def _may(one: Mapping[str, str], pairs: list[tuple[str, str]]) -> AllowedChangesForm:
    def several(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for each, value in pairs if each == name and value))

    return AllowedChangesForm(
        several("may-tier"),
        several("may-practitioner"),
        several("may-setting"),
        one.get("may-later", ""),
        bool(one.get("may-order")),
    )


def way_pairs(form: CareForm) -> list[tuple[str, str]]:
    """The fields of a form about what may change, and at which prices."""
    pairs = [(f"self-pay-{number}", item.self_pay) for number, item in enumerate(form.items) if item.self_pay]
    may = form.may
    if may is not None:
        pairs += [("may", "1"), ("may-later", may.later)]
        for name, values in (("tier", may.tiers), ("practitioner", may.practitioners), ("setting", may.settings)):
            pairs += [(f"may-{name}", value) for value in values]
        pairs += [("may-order", "1")] if may.order else []
    return pairs
