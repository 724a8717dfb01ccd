"""Random benefits: criteria, requirements, limits, and what the member pays."""

from __future__ import annotations

from typing import Any

from .dice import Dice
from .random_shared import ALL_CODES, CODES, CONDITIONS, POLICIES, THERAPIES, VISIT_CODES, Document, criteria
from .rules import limits_of
from .values import PARTS

ATTESTATIONS = [
    "prior_authorization",
    "referral",
    "plan_of_care",
    "improvement_documented",
    "advance_notice",
    "rehabilitation",
    "lower_cost_share",
]
UNITS = ["", " per visit", " per line", " per unit"]
DAILY = [" per day", " per day", " per line", " per day", " per unit"]
WINDOWS = ["rolling 30 days", "rolling 2 months", "rolling 12 months", "rolling 5 days"]
FROM_EVENTS = ["40 days from episode", "2 months from episode", "20 days from first_visit", "2 months from first_visit"]
ONES_OWN = ["visit", "episode", "condition", *FROM_EVENTS]
"""What is one member's by itself: no such limit is the family's."""
PERIODS = ["benefit_period", "calendar_year", "quarter", "month", "week", "day", *WINDOWS[:3], "lifetime", *ONES_OWN]


def benefit(dice: Dice, name: str, tiers: list[str], pools: Document, accumulators: list[str]) -> Document:
    """A benefit; the first tier is nearly always covered. `pools`: the plan's, by name."""
    terms: Document = _matching(dice)
    if dice.chance(25):
        terms["policy"] = dice.pick(POLICIES)
    if dice.chance(30):
        terms["when"] = criteria(dice)
    terms |= _waiting(dice)
    if dice.chance(40):
        asked = dice.some(ATTESTATIONS, 1, 2)
        terms["requires"] = [_requirement(dice, each, is_first=each == asked[0]) for each in asked]
    limits = _limits(dice, name, list(pools), tiers)
    if limits:
        if any("condition" in _owner(pools[each] if isinstance(each, str) else each) for each in limits):
            terms.setdefault("when", {}).setdefault("conditions", dice.some(CONDITIONS, 1, 3))
        terms["limits"] = limits
        hands_on = any("straddle" in (pools[each] if isinstance(each, str) else each) for each in limits)
        if dice.chance(40) or hands_on:
            terms["when_exhausted"] = "next"
    if dice.chance(15):
        terms["counts_toward_out_of_pocket_maximum"] = dice.pick(["no", dice.some(PARTS, 1, 3)])
    return terms | _blocks(dice, tiers, accumulators)


def _owner(terms: Document) -> tuple[str, str]:
    """What may say that a limit counts each condition by itself."""
    return terms["per"], terms.get("for", "")


def _blocks(dice: Dice, tiers: list[str], accumulators: list[str]) -> Document:
    """What the member pays in each tier; with copays per day sometimes their scope."""
    is_daily = dice.chance(25)
    terms: Document = {"copay_scope": dice.pick(["clinic", "home"])} if is_daily and dice.chance(40) else {}
    for place, tier in enumerate(tiers):
        if dice.chance(93 if place == 0 else 75):
            terms[tier] = {"member_pays": member_pays(dice, accumulators, is_daily=is_daily)}
        elif dice.chance(50):
            terms[tier] = "not_covered"
    return by_facility(terms) if is_daily and dice.chance(40) else terms


def by_facility(terms: Any) -> Any:
    """A benefit's terms with copays per facility in place of those per day."""
    if isinstance(terms, dict):
        return {key: by_facility(each) for key, each in terms.items()}
    if isinstance(terms, list):
        return [by_facility(each) for each in terms]
    return terms.replace(" per day", " per facility") if isinstance(terms, str) else terms


def _waiting(dice: Dice) -> Document:
    """Seldom a waiting period, or the year from which it applies."""
    if dice.chance(88):
        return {}
    terms = dice.pick(["2 months", "20 days", "7 months", "2", "2", "3"])
    return {"from_year" if terms.isdigit() else "waiting_period": terms}


def _matching(dice: Dice) -> Document:
    """Therapies, codes, or both; now and then without some codes of the therapies."""
    kind = dice.number(0, 9)
    therapies, codes = dice.some(THERAPIES, 1, 3), dice.some(ALL_CODES, 1, 2)
    if kind == 9:
        return {"codes": codes}
    named: Document = {"therapies": therapies} | ({"codes": codes} if kind == 8 else {})
    billed = {code for therapy in therapies for code in CODES[therapy] + VISIT_CODES[therapy]}
    left_out = sorted(billed - set(named.get("codes", [])))
    return named | ({"without_codes": dice.some(left_out, 1, 2)} if left_out and dice.chance(20) else {})


def _requirement(dice: Dice, attestation: str, *, is_first: bool) -> Any:
    """A bare word, or one with a penalty, an `after`, or both; the first one's penalty may be in dollars."""
    terms: Document = {}
    if dice.chance(60):
        terms["penalty"] = dice.money(0, 90) if is_first and dice.chance(45) else dice.percentage()
    if dice.chance(35):
        terms["after"] = _visits(dice.number(1, 4))
    return {attestation: terms} if terms else attestation


# Limits


def _limits(dice: Dice, name: str, pools: list[str], tiers: list[str]) -> list[Any]:
    """Pools and own limits of a benefit, some of the own with an id; now and then one for each of several windows."""
    entries: list[Any] = list(dice.some(pools, 0, 3)) if pools else []
    windows = dice.some(WINDOWS, 2, 4) if dice.chance(12) else []
    for number in range(len(windows) or dice.pick([0, 0, 1, 1, 2, 4])):
        own = limit(dice, tiers, in_money=dice.chance(40))
        if windows:
            own["per"] = windows[number]
        entries.append({"id": f"{name}-own-{number + 1}"} | own if dice.chance(30) else own)
    return entries


def limit(dice: Dice, tiers: list[str], *, in_money: bool) -> Document:
    """A limit small enough to be reached."""
    terms = _amount_over(dice, in_money=in_money)
    if dice.chance(20):
        terms["beyond"] = dice.pick(["improvement_documented", "plan_of_care", "advance_notice"])
    if dice.chance(20) and not ("visit" in terms["allow"] and terms.get("counts") == "plan_paid"):
        terms["except"] = {"attested": dice.some(["rehabilitation", "plan_of_care", "advance_notice"], 1, 2)}
    if dice.chance(20) and not ("visit" in terms["allow"] and terms.get("counts") == "plan_paid"):
        terms["tiers"] = dice.some(tiers, 1, len(tiers))
    if dice.chance(20):
        terms |= _counted_for(dice, terms["per"])
    if terms.get("for") == "family":
        return terms
    if dice.chance(20):
        ages = dice.some([{"max": "20"}, {"min": "18", "max": "64"}, {"min": "30"}], 1, 2)
        by_age = [{"ages": each, "allow": requantified(dice, terms["allow"])} for each in ages]
        terms["allow"] = [*by_age, {"allow": terms["allow"]}]
    return terms


def _amount_over(dice: Dice, *, in_money: bool) -> Document:
    """An amount, the period over which it counts, and what it counts."""
    terms: Document
    if in_money:
        terms = {"allow": dice.money(40, 400), "per": dice.pick(PERIODS)}
        if dice.chance(60):
            terms["counts"] = dice.pick(["allowed", "plan_paid"])
        if dice.chance(45):
            terms["straddle"] = "next"
    else:
        terms = {
            "allow": _count(dice, dice.pick(["visit", "visit", "unit", "unit", "hour"])),
            "per": dice.pick(PERIODS),
        }
        if "visit" in terms["allow"] and dice.chance(25):
            terms["counts"] = "plan_paid"
    return terms


def _counted_for(dice: Dice, per: str) -> Document:
    """Who or what has a count of its own, where the period does not say that."""
    if per in ("visit", "episode", "condition") or "from episode" in per:
        return {}
    return {"for": dice.pick(["episode", "condition", *([] if per in ONES_OWN else ["family", "family"])])}


def requantified(dice: Dice, allow: Any) -> Any:
    """Another amount in the same measure; by age another one at each."""
    if isinstance(allow, list):
        return [entry | {"allow": requantified(dice, entry["allow"])} for entry in allow]
    if allow.startswith("$"):
        return dice.money(40, 400)
    return _count(dice, next(noun for noun in ("visit", "unit", "hour") if noun in allow))


def other_measure(allow: Any) -> Any:
    """The same count of units instead of visits, and the other way round."""
    if isinstance(allow, list):
        return [entry | {"allow": other_measure(entry["allow"])} for entry in allow]
    return allow.replace("visit", "unit") if "visit" in allow else allow.replace("unit", "visit")


def is_money(allow: Any) -> bool:
    """Whether a limit's `allow` is money."""
    return str(allow[-1]["allow"] if isinstance(allow, list) else allow).startswith("$")


def number_by_limits(dice: Dice, document: Document) -> None:
    """Let some of what goes by a benefit's visits go by the visits that one of its limits counts (point 13)."""
    for name, terms in document["benefits"].items():
        counting = [each.id for each in limits_of(document, name) if each.allow.measure == "visits"]
        asked = [each for each in terms.get("requires", []) if isinstance(each, dict)]
        for requirement in asked if counting else []:
            for each in requirement.values():
                if "after" in each and dice.chance(50):
                    each["after"] += f" of {dice.pick(counting)}"
        for tier in document["tiers"] if counting else []:
            pays = terms[tier]["member_pays"] if isinstance(terms.get(tier), dict) else []
            parts = [each for each in pays if isinstance(each, dict) and "through" in each]
            of = f" of {dice.pick(counting)}" if parts and dice.chance(50) else ""
            for each in parts:
                each["through"] += of


def go_by_benefits(document: Document) -> None:
    """Let everything go by the benefit's own visits."""
    for terms in document["benefits"].values():
        for each in (each for entry in terms.get("requires", []) if isinstance(entry, dict) for each in entry.values()):
            if "after" in each:
                each["after"] = each["after"].partition(" of ")[0]
        for block in terms.values():
            pays = block.get("member_pays", []) if isinstance(block, dict) else []
            for each in pays:
                if isinstance(each, dict) and "through" in each:
                    each["through"] = each["through"].partition(" of ")[0]


def _count(dice: Dice, noun: str) -> str:
    number = dice.number(1, 12) if noun == "unit" else dice.number(1, 5)
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _visits(number: int) -> str:
    return f"{number} visit" + ("" if number == 1 else "s")


# What the member pays


def member_pays(dice: Dice, accumulators: list[str], *, is_daily: bool = False) -> Any:
    """A list of steps, `nothing`, or parts by visit number; `is_daily`: copays are per day, never per visit."""
    if dice.chance(6):
        return "nothing"
    if not dice.chance(25):
        return steps(dice, accumulators, is_daily=is_daily)
    through = sorted(set(dice.some([1, 2, 3, 5], 1, 2)))
    lists = [steps(dice, accumulators, is_daily=is_daily) for _ in range(len(through) + 1)]
    parts: list[Document] = [
        {"through": _visits(each), "steps": part} for each, part in zip(through, lists, strict=False)
    ]
    return [*parts, {"steps": lists[-1]}]


def steps(dice: Dice, accumulators: list[str], *, is_daily: bool = False) -> list[Any]:
    """One of the usual orders, with every option of a step."""
    units = DAILY if is_daily else UNITS
    order = dice.pick(_ORDERS)
    built: list[Any] = []
    for place, word in enumerate(order):
        if word == "own":
            built.append({"deductible": "therapy_deductible"} if "therapy_deductible" in accumulators else "deductible")
        elif word == "copay":
            is_behind = any(each in ("deductible", "own") for each in order[:place])
            built.append(_copay(dice, units, may_be_waived=is_behind))
        elif word == "coinsurance":
            built.append(_bounded(dice, _coinsurance(dice, _is_behind(order, place))))
        elif word == "banded":
            built.append(_banded(dice))
        elif word == "compared":
            compared = [each for each in units if each != " per day"]
            both = [_copay(dice, compared, may_be_waived=False), _coinsurance(dice, _is_behind(order, place))]
            built.append({dice.pick(["lesser_of", "greater_of"]): both if dice.chance(70) else both[::-1]})
        else:
            built.append(word)
    # Without an accumulator of its own, a list would name the tier's deductible twice.
    return list(dict.fromkeys(built)) if all(isinstance(each, str) for each in built) else _once(built)


def _is_behind(order: list[str], place: int) -> bool:
    """Whether no deductible step follows."""
    return not any(each in ("deductible", "own") for each in order[place:])


def _bounded(dice: Dice, step: Document) -> Document:
    """A coinsurance, sometimes with a least, a most, or both, alike or not in what they are per."""
    unit = dice.pick(UNITS)
    if dice.chance(20):
        step = step | {"at_least": dice.money(1, 19) + unit}
    if dice.chance(25):
        step = step | {"at_most": dice.money(20, 60) + (unit if dice.chance(50) else dice.pick(UNITS))}
    return step


def _once(built: list[Any]) -> list[Any]:
    """The steps with a repeated bare `deductible` left out."""
    return [step for place, step in enumerate(built) if not (isinstance(step, str) and step in built[:place])]


_ORDERS = [
    ["deductible", "coinsurance"],
    ["copay"],
    ["deductible", "copay"],
    ["copay", "deductible"],
    ["coinsurance"],
    ["deductible"],
    ["deductible", "copay", "coinsurance"],
    ["copay", "deductible", "coinsurance"],
    ["deductible", "coinsurance", "copay"],
    ["copay", "coinsurance"],
    ["own", "coinsurance"],
    ["own", "deductible", "coinsurance"],
    ["copay", "own", "deductible"],
    ["coinsurance", "deductible"],
    ["nothing"],
    ["compared"],
    ["deductible", "compared"],
    ["compared", "deductible"],
    ["own", "compared"],
    ["banded"],
    ["deductible", "banded", "coinsurance"],
]


def _copay(dice: Dice, units: list[str], *, may_be_waived: bool) -> Document:
    step: Document = {"copay": dice.money(5, 60) + dice.pick(units)}
    if may_be_waived and dice.chance(35):
        step["waived_with_deductible"] = "yes"
    return step


def _banded(dice: Dice) -> Document:
    """A copay by what a line allows, in up to four bands."""
    ends = sorted(set(dice.some([10, 25, 40, 60, 90, 150], 0, 3)))
    bands = [{"up_to": f"${end}", "copay": dice.money(0, 40)} for end in ends]
    return {"copay_by_allowed": [*bands, {"copay": dice.money(0, 60)}]}


def _coinsurance(dice: Dice, is_after_deductibles: bool) -> Document:
    """`of: after_deductible` only where no deductible step follows."""
    bases = ["", "remaining", "allowed", *(["after_deductible"] if is_after_deductibles else [])]
    base = dice.pick(bases)
    return {"coinsurance": dice.percentage()} | ({"of": base} if base else {})
