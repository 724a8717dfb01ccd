"""JsonLogic: `panzi-json-logic`. Rules are JSON.

An amount that others need is a rule of its own, whose result the host adds to the facts under its name.
"""

from __future__ import annotations

from collections.abc import Callable

from carried import Facts, price_plan
from json_logic import jsonLogic
from plans import FIELDS, Plan, Priced

NAME = "JsonLogic"
PACKAGE = "panzi-json-logic"
CHECKS = FIELDS
CANNOT = (
    "state from line to line, named results, records, whole-number division: plain Python carries the sums and visits "
    "and chains the rules"
)

Rule = object


def var(name: str) -> Rule:
    """A fact."""
    return {"var": name}


def equal(name: str, value: str) -> Rule:
    """The fact has this value."""
    return {"===": [var(name), value]}


def percent(amount: Rule, basis_points: int) -> Rule:
    """A share of an amount, half up to the cent: JsonLogic has no floor, so the remainder is taken off first."""
    scaled = {"+": [{"*": [amount, basis_points]}, 5000]}
    return {"/": [{"-": [scaled, {"%": [scaled, 10_000]}]}, 10_000]}


def minus(start: Rule, *names: str) -> Rule:
    """What is left of an amount."""
    for name in names:
        start = {"-": [start, var(name)]}
    return start


ACUPUNCTURE = equal("therapy", "acupuncture")
CHIROPRACTIC = equal("therapy", "chiropractic")
OUTSIDE = equal("tier", "out_of_network")
INSIDE = equal("tier", "in_network")
NEW_VISIT = {"!": [var("visit_counted")]}

REASON = {
    "if": [
        *(equal("therapy", "reiki"), "EXCLUDED"),
        *({"!": [{"in": [var("therapy"), ["acupuncture", "chiropractic", "massage"]]}]}, "NOT_LISTED"),
        *({"and": [OUTSIDE, {"!": [ACUPUNCTURE]}]}, "TIER_NOT_COVERED"),
        *(
            {"and": [ACUPUNCTURE, {"!": [{"in": [{"substr": [var("diagnosis"), 0, 3]}, ["M54", "G43"]]}]}]},
            "DIAGNOSIS_NOT_COVERED",
        ),
        *(
            {"and": [ACUPUNCTURE, {"!": [{"in": [var("practitioner"), ["acupuncturist", "physician"]]}]}]},
            "PRACTITIONER_NOT_COVERED",
        ),
        *({"and": [CHIROPRACTIC, {"!": [equal("practitioner", "chiropractor")]}]}, "PRACTITIONER_NOT_COVERED"),
        *({"and": [ACUPUNCTURE, {"<": [var("age"), 18]}]}, "AGE"),
        *({"and": [ACUPUNCTURE, {">=": [var("visits_used"), 20]}, NEW_VISIT]}, "LIMIT_REACHED"),
        *({"and": [CHIROPRACTIC, {">=": [var("visits_used"), 12]}, NEW_VISIT]}, "LIMIT_REACHED"),
        "NONE",
    ]
}

# In order: each may use the names before it. All in cents.
COST_SHARE: dict[str, Rule] = {
    "deductible_due": {"if": [ACUPUNCTURE, {"min": [var("allowed"), minus(150_000, "deductible_used")]}, 0]},
    "copay_full": {
        "if": [
            *({"and": [INSIDE, ACUPUNCTURE]}, minus(3000, "copay_paid")),
            *({"and": [INSIDE, CHIROPRACTIC]}, minus(2500, "copay_paid")),
            0,
        ]
    },
    "copay_due": {"min": [var("copay_full"), minus(var("allowed"), "deductible_due")]},
    "coinsurance_due": {
        "if": [
            *(equal("therapy", "massage"), percent(var("allowed"), 2000)),
            *(OUTSIDE, percent(minus(var("allowed"), "deductible_due"), 4000)),
            0,
        ]
    },
    "oop_left": minus(400_000, "oop_used"),
    "deductible": {"min": [var("deductible_due"), var("oop_left")]},
    "copay": {"min": [var("copay_due"), minus(var("oop_left"), "deductible")]},
    "coinsurance": {"min": [var("coinsurance_due"), minus(var("oop_left"), "deductible", "copay")]},
    "balance_bill": {"if": [OUTSIDE, minus(var("charge"), "allowed"), 0]},
    "written_off": minus(var("charge"), "allowed", "balance_bill"),
    "plan_paid": minus(var("allowed"), "deductible", "copay", "coinsurance"),
    "patient": {"+": [var("deductible"), var("copay"), var("coinsurance"), var("balance_bill")]},
}


def decide(facts: Facts) -> Priced:
    """One line, rule after rule."""
    reason = jsonLogic(REASON, facts)
    if reason != "NONE":
        nothing = dict.fromkeys(FIELDS, 0)
        return {
            **nothing,
            "covered": False,
            "reason": reason,
            "not_covered": facts["charge"],
            "patient": facts["charge"],
        }
    for name, rule in COST_SHARE.items():
        facts[name] = jsonLogic(rule, facts)
    amounts = {name: int(facts[name]) for name in FIELDS if name in facts}
    return {"covered": True, "reason": reason, "not_covered": 0, **amounts}


def prepare() -> Callable[[Plan], list[Priced]]:
    """The pricing of one plan."""
    return lambda plan: price_plan(plan, decide)
