"""The columns of bulk input and output; names and units are those of protos/camcover/v1.

One input row is one well-being plan of one member or of several, each item one service with at most one procedure. What
a single request may leave out may be null here. Money is int64 cents, dates are date32.
"""

from __future__ import annotations

import pyarrow as pa

from camcover.engine.estimate import Reason
from camcover.money import ONE_PLAN_AMOUNTS, in_cents

_WORDS = pa.list_(pa.string())
_NAME = pa.dictionary(pa.int32(), pa.string())

ITEM_FIELDS = [
    pa.field("member_id", pa.string()),
    pa.field("therapy", pa.string()),
    pa.field("code", pa.string()),
    pa.field("modifiers", _WORDS),
    pa.field("units", pa.int32()),
    pa.field("minutes", pa.int32()),
    pa.field("charge_cents", pa.int64()),
    pa.field("allowed_cents", pa.int64()),
    pa.field("practitioner", pa.string()),
    pa.field("taxonomy", pa.string()),
    pa.field("setting", pa.string()),
    pa.field("place_of_service", pa.string()),
    pa.field("tier", pa.string()),
    pa.field("state", pa.string()),
    pa.field("diagnoses", _WORDS),
    pa.field("conditions", _WORDS),
    pa.field("attestations", _WORDS),
    pa.field("start_date", pa.date32()),
    pa.field("sessions", pa.int32()),
    pa.field("every_days", pa.int32()),
    pa.field("episode", pa.string()),
    pa.field("first_service", pa.date32()),
    pa.field("facility", pa.string()),
    pa.field("provider", pa.string()),
    pa.field("tax_number", pa.string()),
]
"""A service on a row of dates: `sessions` (null: 1) dates, `every_days` (null: 7) apart."""

SUM_FIELDS = [
    pa.field("accumulator", pa.string()),
    pa.field("used_cents", pa.int64()),
    pa.field("last_quarter_cents", pa.int64()),
]
LIMIT_FIELDS = [
    pa.field("limit", pa.string()),
    pa.field("used", pa.int64()),
    pa.field("used_cents", pa.int64()),
    pa.field("date", pa.date32()),
    pa.field("benefit", pa.string()),
    pa.field("episode", pa.string()),
    pa.field("condition", pa.string()),
]
VISIT_FIELDS = [pa.field("benefit", pa.string()), pa.field("visits", pa.int32())]
PRIOR_FIELDS = [
    pa.field("benefit", pa.string()),
    pa.field("date", pa.date32()),
    pa.field("units", pa.int32()),
    pa.field("copay_paid_cents", pa.int64()),
    pa.field("plan_paid_cents", pa.int64()),
    pa.field("coinsurance_paid_cents", pa.int64()),
    pa.field("percentage_cents", pa.int64()),
    pa.field("penalty_paid_cents", pa.int64()),
    pa.field("episode", pa.string()),
    pa.field("condition", pa.string()),
    pa.field("facility", pa.string()),
]
EPISODE_FIELDS = [pa.field("episode", pa.string()), pa.field("start_date", pa.date32())]
FEE_FIELDS = [
    pa.field("date", pa.date32()),
    pa.field("tier", pa.string()),
    pa.field("therapy", pa.string()),
    pa.field("used_cents", pa.int64()),
    pa.field("practice_expense_cents", pa.int64()),
]
BALANCE_FIELDS = [
    pa.field("account", pa.string()),
    pa.field("balance_cents", pa.int64()),
    pa.field("date", pa.date32()),
]

CODE_FIELDS = [pa.field("code", pa.string()), pa.field("date", pa.date32()), pa.field("units", pa.int32())]

PERSON_FIELDS = [
    pa.field("birth_date", pa.date32()),
    pa.field("age", pa.int32()),
    pa.field("state", pa.string()),
    pa.field("covered_from", pa.date32()),
    pa.field("covered_to", pa.date32()),
    pa.field("role", pa.string()),
    pa.field("status", pa.string()),
    pa.field("enrolled_on", pa.date32()),
    pa.field("wellness_incentive", pa.bool_()),
    pa.field("accumulators", pa.list_(pa.struct(SUM_FIELDS))),
    pa.field("limit_usage", pa.list_(pa.struct(LIMIT_FIELDS))),
    pa.field("benefit_visits", pa.list_(pa.struct(VISIT_FIELDS))),
    pa.field("prior_visits", pa.list_(pa.struct(PRIOR_FIELDS))),
    pa.field("fee_usage", pa.list_(pa.struct(FEE_FIELDS))),
    pa.field("code_usage", pa.list_(pa.struct(CODE_FIELDS))),
    pa.field("episodes", pa.list_(pa.struct(EPISODE_FIELDS))),
    pa.field("account_balances", pa.list_(pa.struct(BALANCE_FIELDS))),
]
"""What is said of a member: columns of a row, or of each of its `members` where these are given."""

REQUEST_SCHEMA = pa.schema(
    [
        pa.field("request_id", pa.string()),
        pa.field("plan_id", pa.string()),
        *PERSON_FIELDS,
        pa.field("members", pa.list_(pa.struct([pa.field("id", pa.string()), *PERSON_FIELDS]))),
        pa.field("family_coverage", pa.bool_()),
        pa.field("as_of", pa.date32()),
        pa.field("requirements_as_attested", pa.bool_()),
        pa.field("terms_in_force_only", pa.bool_()),
        pa.field("family_accumulators", pa.list_(pa.struct(SUM_FIELDS))),
        pa.field("family_account_balances", pa.list_(pa.struct(BALANCE_FIELDS))),
        pa.field("items", pa.list_(pa.struct(ITEM_FIELDS))),
    ]
)
"""One row a plan. Null `family_coverage`: self-only; null `requirements_as_attested`: assumed met; null
`terms_in_force_only`: assumed to go on behind the last edition; sums that are not listed are unknown and taken as the
expected case takes them (docs/rule-language.md, points 29 and 37)."""

LISTS = tuple(field.name for field in REQUEST_SCHEMA if pa.types.is_list(field.type))
"""The columns of lists. A null list is an empty one; an element of it, also of a list inside, may not be null."""

ASKED_SINGLY = (
    *("members", "benefit_visits", "fee_usage", "code_usage", "episodes"),
    *("account_balances", "family_account_balances"),
)
"""The lists that only the single-request path reads."""

REQUIRED = ("plan_id", "items")
"""What no file may be without; every other column may be missing."""

_AMOUNTS = [pa.field(name, pa.int64()) for name in in_cents(ONE_PLAN_AMOUNTS)]

PLAN_SCHEMA = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("request_id", pa.string()),
        pa.field("plan_id", pa.string()),
        pa.field("rule_release", _NAME),
        pa.field("lines", pa.int32()),
        pa.field("lines_covered", pa.int32()),
        *_AMOUNTS,
    ]
)
"""One row a plan: `row` counts the rows of the input from 0."""

LINE_SCHEMA = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("item_index", pa.int32()),
        pa.field("session", pa.int32()),
        pa.field("date", pa.date32()),
        pa.field("tier", _NAME),
        pa.field("benefit", _NAME),
        pa.field("covered", pa.bool_()),
        pa.field("covered_units", pa.int32()),
        pa.field("reason", _NAME),
        pa.field("limit", _NAME),
        pa.field("charge_assumed", pa.bool_()),
        pa.field("terms_assumed", pa.bool_()),
        *_AMOUNTS,
    ]
)
"""One row a line, in order of adjudication; what it was for stands in the input, at `row` and `item_index`."""

REJECT_SCHEMA = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("request_id", pa.string()),
        pa.field("field", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("kind", pa.string()),
    ]
)
"""One row for each thing that is wrong with a row of the input: `reason` in words, `kind` as docs/api.md lists it."""

SOURCE_SCHEMA = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("request_id", pa.string()),
        pa.field("item_index", pa.int32()),
        pa.field("code", pa.string()),
        pa.field("provider", pa.string()),
        pa.field("tax_number", pa.string()),
        pa.field("allowed_cents", pa.int64()),
        pa.field("source", pa.string()),
    ]
)
"""One row for each item with a published price: what is allowed for all its units, and where that comes from."""

REASONS = ["" if reason is Reason.NONE else reason.name for reason in Reason]
