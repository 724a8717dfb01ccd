"""The accounts of a plan: money that pays parts of what a member owes (docs/rule-language.md, section 4, accounts)."""

from __future__ import annotations

from typing import Any

from camcover.rulebook.grammar.common import CITE, CODES, FAILED, THERAPIES, cited, references
from camcover.rulebook.mappings import Field, MapOf, Record
from camcover.rulebook.phrases import awaited, phrase
from camcover.rulebook.records import Account, CarriedOver, OwedPart, Payee, Place, Word
from camcover.rulebook.scalars import ACCOUNT_PERIOD, MONEY, MONEY_OR_UNLIMITED, ScalarType
from camcover.rulebook.shapes import ListOf, Name, Value, Values, choice

__all__ = ["ACCOUNTS"]


def _carried_over(text: str) -> Any:
    """`$680` or `unlimited`."""
    cents = MONEY_OR_UNLIMITED.parse(text)
    return FAILED if cents is FAILED else CarriedOver(cents)


CARRIED_OVER = ScalarType("invalid-amount", MONEY_OR_UNLIMITED.expected, _carried_over, MONEY_OR_UNLIMITED.schema)
ACCOUNT = Record(
    "an account",
    (
        Field("individual", Value(MONEY), "A member's amount for a period.", is_required=True),
        Field("family", Value(MONEY), "Under family coverage the amount of one account that all members share."),
        Field("per", Value(ACCOUNT_PERIOD), "For which period.", is_required=True),
        Field("pays", ListOf(choice(OwedPart)), "The parts of what a member owes that it pays.", is_required=True),
        Field("benefits", references("benefit", "plan"), "The benefits it is for.", default=()),
        Field("therapies", THERAPIES, "The therapies it is for.", default=()),
        Field("codes", CODES, "The procedure codes it is for.", default=()),
        Field(
            "carries_over",
            Value(CARRIED_OVER),
            "What is left and goes into the next period: $680, unlimited.",
        ),
        Field("payment_to", choice(Payee), "Who gets what it pays.", default=Payee.PROVIDER),
        CITE,
    ),
    cited(phrase("this-account")),
)


def _account(key: Word, values: Values, at: Place) -> Account:
    return Account(
        id=key,
        individual=values["individual"],
        family=values["family"],
        per=values["per"],
        pays=values["pays"],
        benefits=values["benefits"],
        therapies=values["therapies"],
        codes=values["codes"],
        payment_to=values["payment_to"],
        cite=values["cite"],
        at=at,
        carries_over=values["carries_over"],
    )


ACCOUNTS = MapOf(Name(awaited("id"), defines="account"), ACCOUNT, _account)
