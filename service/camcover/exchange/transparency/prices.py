"""One price of a Transparency in Coverage file: its amount, settings and last day, or why it is none.

A price counts if it is in dollars, of a professional, in force, and without a modifier unless those are wanted, too.
Percentages are of a charge that is not known; derived and per-diem amounts are not what a visit is paid by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from camcover.exchange.notes import quoted
from camcover.exchange.transparency.records import EVERY_SETTING, LeftOut, Price, Spot, WantedPrices
from camcover.money import Cents
from camcover.rulebook.records import Setting

__all__ = ["NO_SHAPE", "last_day", "modifiers_of", "price_of", "word_of"]

NO_SHAPE = LeftOut("objects and lists as in the schema")
NO_AMOUNT = LeftOut("an amount from 0.01 to 10,000,000.00")
NO_DAY = LeftOut("a day such as 2026-12-31")
NO_CLASS = LeftOut("professional, institutional or both")
NO_PLACE = LeftOut("a list of places of service such as 11, in the setting inpatient, outpatient or both")
NO_MODIFIERS = LeftOut("a list of modifiers of two letters or digits such as AT")
INSTITUTIONAL = LeftOut("prices of institutions", is_unread=False)
MODIFIED = LeftOut("prices with a modifier", is_unread=False)
ENDED = LeftOut("prices that ended before the year", is_unread=False)
ELSEWHERE = LeftOut("prices for places of service that no setting stands for", is_unread=False)

_MOST_DOLLARS = 10_000_000
_CENTS_OF_DOLLAR = 100
_MOST_SHOWN = 40
_ANYWHERE = "CSTM-00"
_MODIFIER = re.compile(r"[0-9A-Z]{2}")
_WITHIN = {
    "inpatient": frozenset({Setting.INPATIENT_HOSPITAL}),
    "outpatient": EVERY_SETTING - {Setting.INPATIENT_HOSPITAL},
    "both": EVERY_SETTING,
}


def word_of(value: Any) -> str:
    """A text or a number of the file for a message; another value by its kind."""
    if isinstance(value, str):
        return quoted(value[:_MOST_SHOWN])
    return f"'{str(value)[:_MOST_SHOWN]}'" if _is_number(value) else "no text or number"


def price_of(amount: Any, terms: Mapping[str, Any], places: Mapping[str, Setting], spot: Spot) -> Price | None:
    """The price of an amount in dollars under its terms: `billing_class`, `service_code`, `setting`.

    None where it is none, or none that is wanted: then it is left out at the spot.
    """
    billing_class = terms.get("billing_class")
    if billing_class == "institutional":
        spot.leave_out(INSTITUTIONAL)
        return None
    if billing_class not in ("professional", "both"):
        spot.leave_out(NO_CLASS, f"the billing class {word_of(billing_class)}")
        return None
    settings = _settings(terms, places, spot)
    if settings is None:
        return None
    cents = _cents(amount)
    if cents is None:
        spot.leave_out(NO_AMOUNT, f"the amount {word_of(amount)}")
        return None
    return Price(settings, cents)


def modifiers_of(terms: Mapping[str, Any], wanted: WantedPrices, spot: Spot) -> tuple[str, ...] | None:
    """The modifiers of a price, each once and in order; None where it is left out at the spot.

    Without `wanted.with_modifiers` every price with a modifier is left out.
    """
    given = terms.get("billing_code_modifier")
    listed = given if isinstance(given, list) else [given]
    words = [each for each in listed if each not in (None, "")]
    if not words:
        return ()
    if not wanted.with_modifiers:
        spot.leave_out(MODIFIED)
        return None
    if not all(isinstance(each, str) and _MODIFIER.fullmatch(each) for each in words):
        spot.leave_out(NO_MODIFIERS, f"the modifiers {str(given)[:_MOST_SHOWN]}")
        return None
    return tuple(sorted(set(words)))


def last_day(text: Any, first: date, spot: Spot) -> date | None:
    """The last day of a price; None where it is none, or before `first`: then the price is left out at the spot."""
    try:
        day = date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        day = None
    if day is None:
        spot.leave_out(NO_DAY, f"the expiration date {word_of(text)}")
    elif day < first:
        spot.leave_out(ENDED)
        return None
    return day


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _cents(amount: Any) -> Cents | None:
    """An amount in cents, half up; None where it is none."""
    if not _is_number(amount) or not 0 < amount <= _MOST_DOLLARS:
        return None
    cents = int((Decimal(amount) * _CENTS_OF_DOLLAR).quantize(Decimal(1), ROUND_HALF_UP))
    return Cents(cents) if cents else None


def _settings(terms: Mapping[str, Any], places: Mapping[str, Setting], spot: Spot) -> frozenset[Setting] | None:
    """The settings of a price; None where there is none, and the price is left out at the spot."""
    codes, setting = terms.get("service_code") or [], terms.get("setting", "both")
    within = _WITHIN.get(setting) if isinstance(setting, str) else None
    if within is None or not isinstance(codes, list) or not all(isinstance(each, str) for each in codes):
        spot.leave_out(NO_PLACE, f"the places {str(codes)[:_MOST_SHOWN]} in the setting {word_of(setting)}")
        return None
    if not codes or _ANYWHERE in codes:
        return within
    found = within & {places[each] for each in codes if each in places}
    if not found:
        spot.leave_out(ELSEWHERE)
    return found or None
