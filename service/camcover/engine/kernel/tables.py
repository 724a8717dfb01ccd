"""The flat arrays between rule files and kernel: the one definition of every column.

`RuleTables` is what `compile` writes and the kernel reads, all plans in one set of arrays; `Work` is what one call of
the kernel reads and writes. Every array has one dimension, so that an address alone is enough to read it. Ranges are
(first, count) into the next table; -1 means none; money is int64 cents, percentages are basis points, dates are ordinal
days, sets are 64-bit masks. Indices of tiers, accumulators, limit slots, benefit slots and diagnosis groups are local
to a plan (the same in all its editions), those of services, practitioners and states are global to the tables.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from camcover.money import LEDGER_AMOUNTS

Array: TypeAlias = NDArray[np.void]

UNLIMITED = 1 << 60
"""Stands for "no maximum": above any sum of bounded amounts, far from the end of 64 bits."""

MAX_STEPS = 8
"""Steps in one list (docs/rule-language.md, point 19)."""

NEVER = 2**31 - 1
"""A visit number that nobody reaches: the last phase has no end."""

ALL = np.uint64(2**64 - 1)
"""Every bit set: the mask of a criterion that is not given."""

SEGMENT = np.dtype([
    ("first_day", "i4"), ("last_day", "i4"), ("last_assumed", "i4"),
    ("period_month", "i4"), ("period_day", "i4"), ("period_first", "i4"), ("period_last", "i4"),
    ("accumulators", "i4"), ("tiers", "i4"), ("matches", "i4"), ("licensure", "i4"),
])  # fmt: skip
"""A run of days in which a plan and all it refers to stay the same. Up to `last_assumed` its terms may be assumed to go
on (point 37). A benefit period begins each year on `period_month`-`period_day`. Of the editions with this period, the
first one begins on `period_first` at the earliest, and the last one ends on `period_last` at the latest (point 24).
`accumulators` and `tiers` are first rows; `matches` is the row of service 0, `licensure` that of practitioner 0."""

ACCUMULATOR = np.dtype([
    ("present", "i4"), ("out_of_pocket", "i4"), ("aggregate", "i4"), ("carryover", "i4"),
    ("self_only", "i8"), ("individual", "i8"), ("family", "i8"), ("feeds", "u8"), ("incentive", "i8"),
])  # fmt: skip
"""`self_only`: the amount under self-only coverage. `individual`: a member's amount under family coverage (point 22). A
member who has earned the incentive has `incentive` less of both. `feeds`: the accumulators that receive what is paid
toward a deductible."""

TIER = np.dtype([
    ("present", "i4"), ("deductible", "i4"), ("out_of_pocket", "i4"),
    ("above", "i4"), ("above_cap", "i4"), ("fees", "i4"), ("listed", "i4"), ("pays_member", "i4"),
    ("copay_feeds", "u8"),
    ("liable", "u8"), ("unless", "u8"), ("pays_allowed", "i4"), ("discounts", "i4"),
    ("capped_deductible", "u8"), ("capped_copay", "u8"), ("capped_coinsurance", "u8"),
    ("counted_deductible", "u8"), ("counted_copay", "u8"), ("counted_coinsurance", "u8"),
    ("edits", "i4"),
])  # fmt: skip
"""`out_of_pocket`: the one maximum that caps the complete cost share, -1 = none; SEVERAL: the masks `capped_...` name
the maxima that cap each part (point 21). `counted_...`: the accumulators that receive each part in step (c) of point
23. `liable`: the denials that are the provider's, as a mask of attestations and of the bits beside them. The
attestation `unless` makes them the member's, 0 = none does. `pays_allowed`: an uncovered line costs what the fees
allow. `discounts`: the cell of `tier_discounts` for service 0, -1 = the plan's discounts are the same in all tiers.
`fees`: a row of `fee_tables`, -1 = the plan has no fee table for the tier. A segment has its rows in order of the
tiers' numbers. `listed` of row N is the number of the tier at place N of the edition's own list; behind the end of the
list, that of its last tier. `edits`: the row of `code_edits` for service 0, -1 = the tier has no code edits.
`pays_member`: the plan's payment goes to the member, who pays the provider first; the kernel does not use it."""

FEE_TABLE = np.dtype([
    ("cents", "i4"), ("basis_points", "i4"), ("of", "i4"), ("visits", "i4"), ("rates", "i4"), ("rate_count", "i4"),
    ("expenses", "i4"), ("multiple", "i4"), ("per_day", "i8"),
])  # fmt: skip
"""`cents`: the row of `fee_cents` for service 0; `visits`: the same for fees per visit, by therapy; -1 = none listed. A
service that is not listed costs `basis_points` of the charge (`of` -1), or of the amount that row `of` gives; -1 basis
points: there is no such rule. `rates`: first row of `fee_rates`. `expenses`: the row of `fee_cents` for the practice
expense of service 0, -1 = none; `multiple` basis points of it are allowed for every unit of a day but one (point 47).
`per_day`: the most that the lines of a day are allowed together."""

FEE_RATE = np.dtype([
    ("practitioners", "u8"), ("settings", "u8"), ("asks_practitioner", "i4"),
    ("cents", "i4"), ("visits", "i4"), ("basis_points", "i4"),
])  # fmt: skip
"""Other amounts for some practitioners and settings (point 46). `cents` and `visits` as in a table, -1 = none listed;
or `basis_points` of what the table would give otherwise, -1 = the rate is not a percentage."""

CODE_EDIT = np.dtype([
    ("units", "i4"), ("own", "i4"), ("first_count", "i4"), ("others", "i4"), ("never_count", "i4"),
    ("other_count", "i4"), ("unless", "u8"),
])  # fmt: skip
"""What the codes of a day do to a code (point 48): its most `units`, -1 = no most; then rows of `listed_codes`: itself,
behind it those of which it needs one; from `others` on those beside which it is never paid, and behind these those
beside which it is not, `unless` all of this mask is given (0: always)."""

MATCH = np.dtype([("first", "i4"), ("count", "i4"), ("discount", "i4")])
"""For (segment, service): a range of `candidates`, and the first discount that names it (an index, or NEVER)."""

RULE = np.dtype([
    ("kind", "i4"), ("policy", "i4"), ("criteria", "i4"),
    ("requirements", "i4"), ("requirement_count", "i4"), ("limits", "i4"), ("limit_count", "i4"),
    ("tiers", "i4"), ("benefit", "i4"), ("continues", "i4"), ("counted_parts", "i4"),
    ("without", "i4"), ("without_count", "i4"), ("copay_scope", "i4"),
])  # fmt: skip
"""An exclusion or a benefit. `policy`, `criteria`: rows of `criteria`. `tiers`: first row of `rule_tiers`. `without`:
the first code in `listed_codes` that the benefit leaves out. `copay_scope`: the number of the scope of its copays per
day, -1 = it has none (point 20). `counted_parts`: a bit for each `CappedPart` that maxima count and cap (point 21)."""

CRITERIA = np.dtype([
    ("diagnoses", "u8"), ("not_diagnoses", "u8"), ("practitioners", "u8"), ("settings", "u8"), ("states", "u8"),
    ("age_min", "i4"), ("age_max", "i4"), ("asks_practitioner", "i4"), ("asks_state", "i4"), ("asks_age", "i4"),
    ("licensed", "i4"), ("attested", "u8"), ("not_attested", "u8"),
    ("roles", "u8"), ("statuses", "u8"), ("wait_days", "i4"), ("wait_months", "i4"), ("wait_periods", "i4"),
    ("asks_member", "i4"),
])  # fmt: skip
"""`diagnoses` 0: not asked for; otherwise a mask of one group. All of `attested` must be there, none of `not_attested`.
`wait_periods`: how many benefit periods with the service go before. `asks_member`: one of the five before is given."""

RANGE = np.dtype([("first", "i4"), ("count", "i4")])
"""For (rule, tier): its phases; count 0: the tier is not covered."""

PHASE = np.dtype([("through", "i4"), ("first", "i4"), ("count", "i4"), ("limit", "i4")])
"""`limit`: the limit whose visits `through` counts, as its place among the benefit's limits; -1 = the benefit's own
visits."""

STEP = np.dtype([
    ("kind", "i4"), ("accumulator", "i4"), ("basis_points", "i4"), ("waived", "i4"), ("cents", "i8"),
    ("bound", "i4"), ("least_per", "i4"), ("most_per", "i4"), ("least", "i8"), ("most", "i8"),
    ("bands", "i4"), ("band_count", "i4"),
])  # fmt: skip
"""`bound` is a `StepBound`; `least_per`, `most_per`: a `StepKind` of the copays, 0 = no such bound; `bands`,
`band_count`: rows of `copay_bands`."""

COPAY_BAND = np.dtype([("up_to", "i8"), ("cents", "i8")])
"""A band of a copay by the allowed amount: `cents` of a line that allows at most `up_to` (point 19)."""

REQUIREMENT = np.dtype([("attestation", "u8"), ("penalty", "i4"), ("after", "i4"), ("limit", "i4"), ("cents", "i8")])
"""`penalty` -1: without it the line is not covered. `limit`: as in `PHASE`, of the visits that `after` counts. `cents`:
a penalty in dollars, of a visit; -1 = it is a percentage."""

LIMIT = np.dtype([
    ("slot", "i4"), ("measure", "i4"), ("period", "i4"), ("length", "i4"), ("allow", "i8"), ("beyond", "u8"),
    ("excepts", "u8"), ("tiers", "u8"), ("ages", "i4"), ("age_count", "i4"),
    ("hands_on", "i4"), ("owner", "i4"), ("conditions", "i4"), ("condition_count", "i4"),
])  # fmt: skip
"""`excepts`: the limit leaves out a line for which all of this mask is attested, 0 = none. `tiers`: it leaves out lines
of other tiers. `ages`, `age_count`: rows of `age_allowances`; the first that holds the member's age replaces `allow`.
`hands_on`: the part that the limit cuts from a line goes on to the next benefit (point 16). `owner`: who or what has a
count of its own, a `CountOwner`; the family's is kept with the first member. A count for each condition has the slots
of `limit_conditions` from `conditions` on; `slot` is for lines that meet none of them (point 49)."""

LIMIT_CONDITION = np.dtype([("diagnoses", "u8"), ("slot", "i8")])
"""A condition that has a count of its own: the mask of its group of diagnoses, and its slot."""

AGE_ALLOWANCE = np.dtype([("age_min", "i4"), ("age_max", "i4"), ("allow", "i8")])

DISCOUNT = np.dtype([("basis_points", "i4")])


class RuleTables(NamedTuple):
    """Every array the kernel reads of the rules; `RULE_DTYPES` has the type of each."""

    segments: Array
    accumulators: Array
    tiers: Array
    fee_tables: Array
    fee_rates: Array
    fee_cents: NDArray[np.int64]  # a cell for each (fee table, service), -1 = not listed
    matches: Array  # a cell for each (segment, service)
    candidates: NDArray[np.int32]  # rows of `rules`, ascending within a range
    rules: Array
    listed_codes: NDArray[np.int32]  # codes by number, in lists
    criteria: Array
    rule_tiers: Array
    phases: Array
    steps: Array
    copay_bands: Array
    requirements: Array
    limits: Array
    limit_conditions: Array
    age_allowances: Array
    code_edits: Array  # a cell for each (set of catalogs, service)
    discounts: Array
    tier_discounts: NDArray[np.int32]  # for a tier, a cell for each service: as `discount` of `matches`
    licensure: NDArray[np.uint64]  # a cell for each (set of catalogs, practitioner): the mask of states that license


RULE_DTYPES: dict[str, np.dtype[Any]] = {
    "segments": SEGMENT,
    "accumulators": ACCUMULATOR,
    "tiers": TIER,
    "fee_tables": FEE_TABLE,
    "fee_rates": FEE_RATE,
    "fee_cents": np.dtype("i8"),
    "matches": MATCH,
    "candidates": np.dtype("i4"),
    "rules": RULE,
    "listed_codes": np.dtype("i4"),
    "criteria": CRITERIA,
    "rule_tiers": RANGE,
    "phases": PHASE,
    "steps": STEP,
    "copay_bands": COPAY_BAND,
    "requirements": REQUIREMENT,
    "limits": LIMIT,
    "limit_conditions": LIMIT_CONDITION,
    "age_allowances": AGE_ALLOWANCE,
    "code_edits": CODE_EDIT,
    "discounts": DISCOUNT,
    "tier_discounts": np.dtype("i4"),
    "licensure": np.dtype("u8"),
}
"""The type of each array of `RuleTables`."""

REQUEST = np.dtype([
    ("lines", "i4"), ("line_count", "i4"), ("ledger", "i4"), ("behind", "i4"), ("maintenance", "i4"),
    ("segments", "i4"), ("segment_count", "i4"), ("as_of", "i4"), ("given_period", "i4"), ("first_period", "i4"),
    ("members", "i4"), ("owners", "i4"), ("family", "i4"),
    ("given_sums", "i4"), ("given_counts", "i4"), ("given_visits", "i4"), ("given_fees", "i4"), ("fee_count", "i4"),
    ("given_codes", "i4"), ("code_count", "i4"),
    ("sums", "i4"), ("sum_count", "i4"), ("slots", "i4"), ("slot_count", "i4"),
    ("visits", "i4"), ("visit_count", "i4"), ("events", "i4"), ("event_room", "i4"),
    ("tier_map", "i4"),
    ("open_tier", "i4"), ("price", "i4"), ("attested", "i4"), ("in_force_only", "i4"), ("notice_given", "i4"),
    ("rests", "i4"),
    ("segment", "i4"), ("period", "i4"), ("period_end", "i4"), ("late_from", "i4"),
    ("event_count", "i4"), ("fault", "i4"), ("patient", "i8"),
])  # fmt: skip
"""One bounding case of a plan of sessions. It begins with the positions of its parts, the width of a member's part of
them (`sum_count` accumulators, `slot_count` limits, `visit_count` benefits; `owners`: members and episodes with
counts), and the number of rows of `events` that it may write (`event_room`). Several cases may share their lines and
their given rows. `behind`: the first ledger row of the primary plan in `Work.behind`, -1 = there is none.
`maintenance`: the eligible amount is what the primary left. `tier_map`: the primary's tiers in `Work.tier_maps`.
`given_period` and `first_period`: the first days of the benefit periods that hold `as_of` and the first line. Then the
values of the open facts in this case (`asking/ranges.py`). `open_tier`: a place in the edition's list of tiers.
`attested`: all attestations are there, except a lower cost share, and the advance notice, which has its own column
`notice_given`. `rests`: the first row of `Work.rests`, -1 = no limit of the plan hands on what it cuts. The kernel sets
the last columns. The current line lies in `segment`, and in the benefit period [`period`, `period_end`), whose last
three months begin on `late_from`. `event_count`: how many rows of `events` were needed; more than `event_room` is a
fault. `fault`: a code of `Fault`. `patient`: what the patient pays for all lines."""

KERNEL_COLUMNS = ("segment", "period", "period_end", "late_from", "event_count", "fault", "patient")
"""The columns of `REQUEST` that the kernel sets."""

SERVICE = np.dtype([
    ("member", "i4"), ("tier", "i4"), ("therapy", "i4"), ("code", "i4"), ("practitioner", "i4"), ("state", "i4"),
    ("setting", "i4"), ("born", "i4"), ("age", "i4"), ("covered_from", "i4"), ("covered_to", "i4"),
    ("role", "i4"), ("status", "i4"), ("enrolled", "i4"), ("incentive", "i4"), ("first_service", "i4"), ("units", "i4"),
    ("minutes", "i4"), ("episode", "i4"), ("began", "i4"), ("facility", "i4"),
    ("diagnosed", "i8"), ("diagnoses", "u8"), ("attestations", "u8"), ("lacking", "u8"),
    ("charge", "i8"), ("allowed", "i8"), ("typical", "i8", (3,)),
])  # fmt: skip
"""What all lines of one service of a request share; -1 = unknown in every column that may be unknown. `born`: an
ordinal day, 0 = unknown; it replaces `age`. `covered_from` and `covered_to`: ordinal days, 0 and NEVER = not given.
`enrolled` and `first_service`: ordinal days, 0 = unknown. `incentive`: 1 = earned. `minutes`: of one unit, 0 = not
known. `episode`: the owner of its episode's counts. `began`: the episode's first ordinal day. `facility`: its number
times `SCOPES`. `diagnosed`: whether a diagnosis or condition is given. `lacking`: attestations said to be missing, so
not assumed. Without a therapy no catalog knows its code. `typical`: the line's part of the low, typical, high price."""

LINE = np.dtype([("day", "i4"), ("service", "i4")])
"""One line as asked, in order of adjudication: its date and its row of `services`."""

GIVEN_CODE = np.dtype([("day", "i4"), ("member", "i4"), ("code", "i4"), ("units", "i4")])
"""Units of a code that the plan covered on `day` before the estimate (point 48)."""

GIVEN_SUM = np.dtype([("used", "i8"), ("last_quarter", "i8")])
"""A sum before the first line, of (member, accumulator), the family after the last member."""

GIVEN_COUNT = np.dtype([("used", "i8"), ("dated", "i8"), ("first_event", "i4"), ("event_count", "i4")])
"""Use of (member, limit slot) in the request: in the period of `as_of`; by dated visits, in the period of the first
line; for a rolling limit, as rows of `given_events`. For a limit from the first visit on, `dated` is the day
on which its time began, 0 = none has."""

GIVEN_EVENT = np.dtype([("day", "i4"), ("amount", "i4")])
"""A dated use before the estimate; the uses of one slot follow each other, in order of date."""

GIVEN_VISIT = np.dtype([
    ("used", "i4"), ("dated", "i4"), ("day", "i4"), ("counted", "u8"), ("copay_paid", "i8"),
    ("coinsurance_paid", "i8"), ("percentages", "i8"), ("penalty_paid", "i8"), ("copay_scope", "i4"),
])  # fmt: skip
"""Visits of (member, benefit) in the request: in the benefit period of `as_of`, and by dates in that of the first line.
`day`: the day of a visit that goes on with the first lines, 0 = none; then as in `VISITS`."""

GIVEN_FEE = np.dtype([("day", "i4"), ("member", "i4"), ("tier", "i4"), ("therapy", "i4"), ("used", "i8")])
"""What lines before the estimate took on `day`: of a therapy's fee for a visit, or of the maximum per day (therapy -1);
or their highest practice expense of a unit (-2)."""

SUM = np.dtype([("used", "i8"), ("last_quarter", "i8")])
"""Running sum of (member, accumulator); the row after the last member is the family's."""

UNTOUCHED = -(2**31)
"""The key of a slot, or the period of a sum, that no line has reached yet."""

SLOT = np.dtype([("used", "i8"), ("key", "i4"), ("day", "i4"), ("head", "i4"), ("tail", "i4")])
"""Count of (owner, limit slot), as of `day`: of the period `key`, of the time that began on the day `key` (0 = none
has), or of the window whose events begin at `head`."""

VISITS = np.dtype([
    ("counted", "u8"), ("copay_paid", "i8"), ("count", "i4"), ("period", "i4"), ("day", "i4"),
    ("coinsurance_paid", "i8"), ("percentages", "i8"), ("penalty_paid", "i8"), ("copay_scope", "i4"),
])  # fmt: skip
"""Visits of (member, benefit) in a benefit period, and the visit on `day`: the limits that counted it, and the copay
paid. For a coinsurance with a least or a most: what was paid, and what its percentage alone came to (point 44). Then
what was taken of a penalty in dollars (point 12), and the scope of the benefit's copays per day, -1 = it has none
(point 20)."""

EVENT = np.dtype([("day", "i4"), ("next", "i4"), ("amount", "i8")])
"""A dated use under a rolling limit, in a list by date."""

LEDGER = np.dtype([
    ("segment", "i4"), ("covered", "i4"), ("reason", "i4"), ("rule", "i4"), ("criteria", "i4"), ("requirement", "i4"),
    ("limit", "i4"), ("phase", "i4"), ("discount", "i4"), ("visit", "i4"), ("covered_units", "i4"), ("assumed", "i4"),
    ("tier", "i4"), ("terms_assumed", "i4"), ("liability", "i4"), ("of_visit", "i4"), ("handing", "i4"),
    ("units_left", "i4"),
    ("attestations_used", "u8"),
    *((name, "i8") for name in LEDGER_AMOUNTS), ("fee", "i8"), ("capped", "i8"), ("capped_by", "u8"),
    ("miscoded", "i8"), ("provider_owes", "i8"), ("expense", "i8"), ("handed", "i8"),
    ("steps", "i8", (MAX_STEPS,)),
])  # fmt: skip
"""One adjudicated line. `criteria`: the row that failed. `tier`: the number of the tier that priced it, -1 = none.
`terms_assumed`: its terms lie behind the last edition. `liability`: who bears the uncovered part. `of_visit`: 1 if it
shares the fee for a visit. `fee`: the allowed amount before coverage was judged. `attestations_used`: those that were
asked for and are there. `capped`: what the out-of-pocket maximum took off; `capped_by`: if several maxima may cap, the
mask of those that did. `provider_owes`: the part of `written_off` that is a denial of the provider's; `miscoded`: the
part of that which the codes of the day refuse; `units_left`: the units that they leave. `expense`: the practice expense
of a unit, if the units of the day are reduced together. `handed`: the cents that the limit in row `handing` handed on
to the next benefit. The row of `rests` at the same place shows the result; its amounts are included here. `steps`: the
cents of each step after the cap; only the phase's own steps are written."""


class Work(NamedTuple):
    """What one call of the kernel reads (up to `behind`), its running state, and what it writes (`ledger`).

    The state needs no beginning: the kernel sets it at the start of each request. `WORK_DTYPES` has the type of each.
    """

    requests: Array
    services: Array
    lines: Array
    given_sums: Array
    given_counts: Array
    given_events: Array
    given_visits: Array
    given_fees: Array
    given_codes: Array
    behind: Array  # the primary plan's ledger, for requests adjudicated behind it
    tier_maps: NDArray[np.int32]  # for each tier of the primary plan the tier of the same id, -1 = there is none
    sums: Array
    slots: Array
    visits: Array
    events: Array
    ledger: Array
    rests: Array  # what limits handed on of lines, each as if it were a line (point 16)


WORK_DTYPES: dict[str, np.dtype[Any]] = {
    "requests": REQUEST,
    "services": SERVICE,
    "lines": LINE,
    "given_sums": GIVEN_SUM,
    "given_counts": GIVEN_COUNT,
    "given_events": GIVEN_EVENT,
    "given_visits": GIVEN_VISIT,
    "given_fees": GIVEN_FEE,
    "given_codes": GIVEN_CODE,
    "behind": LEDGER,
    "tier_maps": np.dtype("i4"),
    "sums": SUM,
    "slots": SLOT,
    "visits": VISITS,
    "events": EVENT,
    "ledger": LEDGER,
    "rests": LEDGER,
}
"""The type of each array of `Work`."""


def _assert_layouts() -> None:
    """Raise AssertionError, at import, when arrays and types differ, or the kernel's columns are not the last."""
    if tuple(RULE_DTYPES) != RuleTables._fields or tuple(WORK_DTYPES) != Work._fields:
        raise AssertionError("expected a type of each array of `RuleTables` and `Work`, in order")
    if (REQUEST.names or ())[-len(KERNEL_COLUMNS) :] != KERNEL_COLUMNS:
        raise AssertionError(f"expected {KERNEL_COLUMNS} as the last columns of `REQUEST`")


_assert_layouts()


class LineContext(NamedTuple):
    """Everything that the kernel needs about the current line: rows of the arrays, and facts of the case."""

    request: Any
    line: Any
    service: Any
    entry: Any  # its row of the ledger
    segment: Any
    tier: Any
    tier_number: int
    attestations: np.uint64  # given, or assumed
    place: int  # among the request's lines
    is_rest: bool  # what a limit cut of the line is in hand, under the next benefit (point 16)
