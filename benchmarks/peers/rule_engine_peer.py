"""`rule-engine`: coverage is a chain of rules, the first that matches gives the reason; amounts are typed expressions.

Its numbers are `Decimal`; an amount that others need is an expression of its own, added to the facts under its name.
"""

from __future__ import annotations

from collections.abc import Callable

from carried import Facts, price_plan
from plans import FIELDS, Plan, Priced
from rule_engine import Chain, Context, DataType, Rule, type_resolver_from_dict

NAME = "rule-engine"
PACKAGE = "rule-engine"
CHECKS = FIELDS
CANNOT = (
    "state from line to line, and names for results within an expression: plain Python carries the sums and visits and "
    "chains the expressions"
)

TEXTS = ("therapy", "tier", "practitioner", "diagnosis")
NUMBERS = ("age", "charge", "allowed", "deductible_used", "oop_used", "visits_used", "copay_paid")

REFUSALS = (
    ("therapy == 'reiki'", "EXCLUDED"),
    ("therapy not in ['acupuncture', 'chiropractic', 'massage']", "NOT_LISTED"),
    ("tier == 'out_of_network' and therapy != 'acupuncture'", "TIER_NOT_COVERED"),
    ("therapy == 'acupuncture' and not diagnosis =~ '(M54|G43).*'", "DIAGNOSIS_NOT_COVERED"),
    (
        "therapy == 'acupuncture' and practitioner not in ['acupuncturist', 'physician']",
        "PRACTITIONER_NOT_COVERED",
    ),
    ("therapy == 'chiropractic' and practitioner != 'chiropractor'", "PRACTITIONER_NOT_COVERED"),
    ("therapy == 'acupuncture' and age < 18", "AGE"),
    ("therapy == 'acupuncture' and visits_used >= 20 and not visit_counted", "LIMIT_REACHED"),
    ("therapy == 'chiropractic' and visits_used >= 12 and not visit_counted", "LIMIT_REACHED"),
)

# In order: each may use the names before it. All in cents.
COST_SHARE = {
    "deductible_due": "therapy == 'acupuncture' ? $min([allowed, 150000 - deductible_used]) : 0",
    "copay_full": """
        tier == 'in_network' and therapy == 'acupuncture' ? 3000 - copay_paid :
        (tier == 'in_network' and therapy == 'chiropractic' ? 2500 - copay_paid : 0)
    """,
    "copay_due": "$min([copay_full, allowed - deductible_due])",
    "coinsurance_due": """
        therapy == 'massage' ? (allowed * 2000 + 5000) // 10000 :
        (tier == 'out_of_network' ? ((allowed - deductible_due) * 4000 + 5000) // 10000 : 0)
    """,
    "oop_left": "400000 - oop_used",
    "deductible": "$min([deductible_due, oop_left])",
    "copay": "$min([copay_due, oop_left - deductible])",
    "coinsurance": "$min([coinsurance_due, oop_left - deductible - copay])",
    "balance_bill": "tier == 'out_of_network' ? charge - allowed : 0",
    "written_off": "charge - allowed - balance_bill",
    "plan_paid": "allowed - deductible - copay - coinsurance",
    "patient": "deductible + copay + coinsurance + balance_bill",
}


def prepare() -> Callable[[Plan], list[Priced]]:
    """The pricing of one plan."""
    types = dict.fromkeys(TEXTS, DataType.STRING) | dict.fromkeys((*NUMBERS, *COST_SHARE), DataType.FLOAT)
    types["visit_counted"] = DataType.BOOLEAN
    context = Context(type_resolver=type_resolver_from_dict(types))
    refusals = Chain(REFUSALS, default_value="NONE", context=context)
    steps = [(name, Rule(expression, context=context)) for name, expression in COST_SHARE.items()]

    def decide(facts: Facts) -> Priced:
        reason = refusals.evaluate(facts)
        if reason != "NONE":
            return refused(reason, facts["charge"])
        for name, rule in steps:
            facts[name] = rule.evaluate(facts)
        amounts = {name: int(facts[name]) for name in FIELDS if name in facts}
        return {"covered": True, "reason": reason, "not_covered": 0, **amounts}

    return lambda plan: price_plan(plan, decide)


def refused(reason: str, charge: int) -> Priced:
    """A line that is not covered: all of it is the member's."""
    return {**dict.fromkeys(FIELDS, 0), "covered": False, "reason": reason, "not_covered": charge, "patient": charge}
