"""`tests:` of a plan file (docs/rule-language.md, section 9)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from camcover.messages import sentence
from camcover.money import LINE_AMOUNTS
from camcover.request_bounds import MAX_SESSIONS, SESSIONS
from camcover.rulebook.diagnostics import Severity, declare
from camcover.rulebook.grammar.common import ANY_TEXT, FAILED, ICD10, STATE, references
from camcover.rulebook.mappings import Field, MapOf, Record, one_of, some_of
from camcover.rulebook.phrases import awaited
from camcover.rulebook.records import (
    Attestation,
    MemberRole,
    MemberStatus,
    Place,
    Setting,
    TestCase,
    TestExpect,
    TestGiven,
    TestItem,
    TestProcedure,
    Word,
)
from camcover.rulebook.scalars import (
    AGE,
    BIRTH_DATE,
    DATE,
    DAYS,
    MINUTES,
    MONEY,
    QUANTITY,
    VISITS,
    WHOLE,
    YES,
    ScalarType,
    parse_money,
)
from camcover.rulebook.shapes import Choice, Context, Either, ListOf, Name, Value, Values, choice

__all__ = ["TESTS"]

TEST_WITHOUT_AMOUNT = declare(
    "test-without-amount",
    Severity.ERROR,
    "A test expects no amount, so it would pass whatever the plan pays.",
    "Add `patient:`, `plan_paid:`, `written_off:` or `each:`.",
    in_editor=True,
)
_NO_AMOUNT = sentence("test-without-amount-expects-none")
_ADD_AMOUNT = sentence("test-without-amount-add-one")
_NO_DATES = sentence("missing-key-dates-of-test")
_ADD_DATES = sentence("missing-key-add-dates")
_SESSIONS = sentence("invalid-count-sessions", "found")
_EXPECTED_SESSIONS = sentence("invalid-count-expected-sessions", "most")

CODE = Name(awaited("procedure-code-such-as"), r"[A-Z0-9]{5}", refers="code")
MODIFIER = Name(awaited("modifier-of-catalog"), r"[0-9A-Z]{2}", refers="modifier")
PROCEDURE = Either(
    awaited("procedure"),
    scalar=CODE,
    table=Record(
        "a procedure",
        (
            Field("code", CODE, "CPT or HCPCS.", is_required=True),
            Field("units", Value(WHOLE), "How many.", default=1),
            Field("minutes", Value(MINUTES), "In place of units, of a timed code.", default=0),
            Field("charge", Value(MONEY), "For the line, all units."),
            Field("allowed", Value(MONEY), "For the line, all units."),
            Field("modifiers", ListOf(MODIFIER, minimum=0), "Modifiers of the catalog.", default=()),
        ),
        lambda values, _at, _: TestProcedure(
            values["code"],
            values["units"],
            values["charge"],
            values["allowed"],
            values["modifiers"],
            values["minutes"],
        ),
        beside={"minutes": ("units",)},
    ),
)
EPISODE = Name(awaited("episode-name"), r"[a-z][a-z0-9_-]*")
FACILITY = Name(awaited("facility-name"), r"[a-z][a-z0-9_-]*")
PLACE_OF_SERVICE = Name(awaited("place-of-service-code"), r"[0-9]{2}", refers="place")
ITEM_FIELDS = (
    Field("member", ANY_TEXT, "Which member; else the first."),
    Field("therapy", Name(awaited("therapy-of-catalog"), refers="therapy"), "The therapy."),
    Field("codes", ListOf(PROCEDURE), "The procedures of a session.", default=()),
    Field("practitioner", Name(awaited("practitioner-of-catalog"), refers="practitioner"), "Who gives it."),
    Field("taxonomy", Name(awaited("taxonomy-code"), r"[0-9A-Z]{9}X"), "Who gives it, as a claim says it."),
    Field("setting", choice(Setting), "Where."),
    Field("place_of_service", PLACE_OF_SERVICE, "Where, as a claim says it."),
    Field("tier", Name(awaited("tier-of-plan"), refers="tier"), "The network tier."),
    Field("diagnoses", ListOf(ICD10, minimum=0), "ICD-10-CM codes.", default=()),
    Field("conditions", references("condition"), "Conditions instead.", default=()),
    Field("episode", EPISODE, "The episode of care that it belongs to."),
    Field("facility", FACILITY, "Where it is given: one name for one facility."),
    Field("first_service", Value(BIRTH_DATE), "The day on which the member first had the service."),
    Field("attestations", ListOf(choice(Attestation), minimum=0), "What is attested.", default=()),
    Field("charge", Value(MONEY), "For a session."),
    Field("allowed", Value(MONEY), "A known negotiated rate for a session."),
    Field("dates", ListOf(Value(DATE)), "The dates of the sessions; or `first`, `every`, `sessions`."),
    Field("first", Value(DATE), "The date of the first session."),
    Field("every", Value(DAYS), "Days between sessions.", default=7),
    Field("sessions", Value(WHOLE), "How many sessions.", default=1),
)
BESIDE_DATES = {"dates": ("first", "every", "sessions")}


def _dates(values: Values, at: Place, context: Context) -> Any:
    """The dates of an item, from either way to give them."""
    given: tuple[date, ...] | None = values["dates"]
    first: date | None = values["first"]
    if given is not None:
        return given
    if first is None:
        return context.fault("missing-key", at, _NO_DATES(), _ADD_DATES())
    if SESSIONS.is_outside(values["sessions"]):
        finding = _SESSIONS(found=str(values["sessions"]))
        return context.fault("invalid-count", at, finding, _EXPECTED_SESSIONS(most=str(MAX_SESSIONS)))
    return tuple(first + timedelta(days=values["every"] * number) for number in range(values["sessions"]))


def _item(values: Values, at: Place, context: Context) -> Any:
    dates = _dates(values, at, context)
    if dates is FAILED:
        return FAILED
    codes = tuple(TestProcedure(item) if isinstance(item, Word) else item for item in values["codes"])
    return TestItem(
        member=values["member"],
        therapy=values["therapy"],
        codes=codes,
        practitioner=values["practitioner"],
        setting=values["setting"],
        tier=values["tier"],
        state=values.get("state") if values.get("is_item") else None,
        diagnoses=values["diagnoses"],
        conditions=values["conditions"],
        attestations=values["attestations"],
        charge=values["charge"],
        allowed=values["allowed"],
        dates=dates,
        at=at,
        place_of_service=values["place_of_service"],
        taxonomy=values["taxonomy"],
        episode=values["episode"],
        first_service=values["first_service"],
        facility=values["facility"],
    )


ITEM = Record(
    "a service of a test",
    (*ITEM_FIELDS, Field("state", STATE, "The state of service; else the member's.")),
    lambda values, at, context: _item({**values, "is_item": True}, at, context),
    beside=BESIDE_DATES,
    also=one_of("dates", "first"),
)
USED = MapOf(Name(awaited("accumulator-or-limit"), r"[a-z][a-z0-9_.-]*", refers="sum"), Value(QUANTITY))


def _given(values: Values, at: Place, context: Context) -> Any:
    """The member and the services; one service may stand in `given` itself."""
    items = values["items"]
    if items is None:
        item = _item(values, at, context)
        items = FAILED if item is FAILED else (item,)
    if items is FAILED:
        return FAILED
    return TestGiven(
        birth_date=values["birth_date"],
        covered_from=values["covered_from"],
        covered_to=values["covered_to"],
        role=values["role"],
        status=values["status"],
        enrolled_on=values["enrolled_on"],
        wellness_incentive=values["wellness_incentive"],
        age=values["age"],
        state=values["state"],
        family=values["family"],
        as_of=values["as_of"],
        assume_requirements=values["requirements"] != "as_attested",
        used=_amounts(values["used"]),
        family_used=_amounts(values["family_used"]),
        benefit_visits=values["benefit_visits"] or {},
        prior_visits=values["prior_visits"] or {},
        items=items,
        at=at,
        balances=values["balances"] or {},
        family_balances=values["family_balances"] or {},
        episodes=values["episodes"] or {},
    )


def _amounts(used: dict[Word, Any] | None) -> dict[str, int]:
    """Cents, visits or units of each sum."""
    return {key: quantity.amount for key, quantity in (used or {}).items()}


BALANCES = MapOf(Name(awaited("account-of-plan"), refers="account"), Value(MONEY))
BENEFIT_NAME = Name(awaited("benefit-of-plan"), refers="benefit")
GIVEN = Record(
    "given",
    (
        Field("birth_date", Value(BIRTH_DATE), "When the member was born: the age turns on the birthday."),
        Field("age", Value(AGE), "The member's completed years on every date; or `birth_date`."),
        Field("state", STATE, "Where the member is."),
        Field("covered_from", Value(DATE), "The member's first day of coverage."),
        Field("covered_to", Value(DATE), "The member's last day of coverage."),
        Field("role", choice(MemberRole), "What the member is under the plan."),
        Field("status", choice(MemberStatus), "By employment, or as a retiree."),
        Field("enrolled_on", Value(BIRTH_DATE), "The day on which the member enrolled."),
        Field("wellness_incentive", Value(YES), "Whether the member has earned it."),
        Field("family", Value(YES), "yes: family coverage.", default=False),
        Field("as_of", Value(DATE), "The day the sums so far are true of."),
        Field("requirements", Choice(("assumed_met", "as_attested")), "What is not attested: assumed met, or missing."),
        Field("used", USED, "The member's sums so far, by accumulator or limit."),
        Field("family_used", USED, "The family's sums so far, by accumulator."),
        Field("balances", BALANCES, "What the member's accounts hold."),
        Field("family_balances", BALANCES, "What accounts that the family shares hold."),
        Field("benefit_visits", MapOf(BENEFIT_NAME, Value(VISITS)), "Visits so far in the benefit period, by benefit."),
        Field("prior_visits", MapOf(BENEFIT_NAME, ListOf(Value(DATE))), "Dated visits so far, by benefit."),
        Field("episodes", MapOf(EPISODE, Value(DATE)), "When episodes of care began."),
        Field("items", ListOf(ITEM), "Several services."),
        *ITEM_FIELDS,
    ),
    _given,
    beside={"items": tuple(each.key for each in ITEM_FIELDS), "birth_date": ("age",), **BESIDE_DATES},
    also=one_of("items", "dates", "first"),
)

AMOUNT_OR_DOTS = Value(
    ScalarType(
        "invalid-amount",
        awaited("amount-or-dots"),
        lambda text: "..." if text == "..." else parse_money(text),
        {"anyOf": [{"const": "..."}, MONEY.schema]},
    )
)
LINE = Record(
    "a line's expectation",
    (
        Field("covered", Value(YES), "Whether it is covered."),
        Field("reason", ANY_TEXT, "Why not, such as LIMIT_REACHED."),
        Field("benefit", BENEFIT_NAME, "Which benefit applied."),
        *(Field(name, Value(MONEY), "An amount of the line.") for name in LINE_AMOUNTS),
    ),
    lambda values, _at, _: {key: value for key, value in values.items() if key != "*" and value is not None},
)


def _line_number(text: str) -> Any:
    number = WHOLE.parse(text)
    return FAILED if number is FAILED or number < 1 else number


LINE_NUMBER = Value(
    ScalarType("invalid-count", awaited("line-number"), _line_number, {"type": "string", "pattern": "^[1-9][0-9]*$"})
)


TOTALS = {
    "patient": "What the patient pays in all.",
    "plan_paid": "What the plan pays in all.",
    "written_off": "What is written off in all.",
    "due_at_service": "What is due at the time of service in all.",
    "reimbursed": "What comes back of it in all.",
    "account_paid": "What accounts pay in all.",
}
"""The totals that a test may state."""

AMOUNTS = (*TOTALS, "each")
"""Of these a test states at least one."""


def _expect(values: Values, at: Place, context: Context) -> Any:
    """The statements; one of them must be an amount."""
    if all(values[key] is None for key in AMOUNTS):
        return context.fault(TEST_WITHOUT_AMOUNT.code, at, _NO_AMOUNT(), _ADD_AMOUNT())
    lines = {number - 1: line for number, line in (values["lines"] or {}).items()}
    lines |= {place: values[key] for key, place in (("first", 0), ("last", -1)) if values[key] is not None}
    each = values["each"]
    return TestExpect(
        **{name: values[name] for name in TOTALS},
        each=None if each is None else tuple(None if item == "..." else item for item in each),
        covered=values["covered"],
        lines=lines,
        after=values["after"] or {},
        at=at,
        balances=values["balances"] or {},
    )


EXPECT = Record(
    "expect",
    (
        *(Field(name, Value(MONEY), doc) for name, doc in TOTALS.items()),
        Field("each", ListOf(AMOUNT_OR_DOTS), "What the patient pays for each line; ... repeats the amount before it."),
        Field("covered", Value(VISITS), "How many visits are covered: member, date and benefit."),
        Field("first", LINE, "The first line."),
        Field("last", LINE, "The last line."),
        Field("lines", MapOf(LINE_NUMBER, LINE), "Lines by number, from 1."),
        Field(
            "after",
            MapOf(Name(awaited("accumulator-of-plan"), refers="accumulator"), Value(MONEY)),
            "The first member's sums after the services.",
        ),
        Field("balances", BALANCES, "What the first member's accounts hold after the services, else the family's."),
    ),
    _expect,
    also=some_of(*AMOUNTS),
)
TESTS = ListOf(
    Record(
        "a test",
        (
            Field("name", ANY_TEXT, "What it shows.", is_required=True),
            Field("given", GIVEN, "The member and the services.", is_required=True),
            Field("expect", EXPECT, "What must come out.", is_required=True),
        ),
        lambda values, at, _: TestCase(values["name"], values["given"], values["expect"], at),
    ),
    minimum=0,
)
