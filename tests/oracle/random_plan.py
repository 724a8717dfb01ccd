"""Random plans: accumulators, tiers, limits, benefits, exclusions, discounts; and a second edition with other terms."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from . import random_accounts
from .cost_share import is_per_day
from .dice import Dice
from .random_benefits import (
    ATTESTATIONS,
    WINDOWS,
    benefit,
    by_facility,
    is_money,
    limit,
    member_pays,
    number_by_limits,
    other_measure,
    requantified,
)
from .random_shared import (
    AFTER,
    ALL_CODES,
    BEFORE,
    FEES,
    NETWORK,
    SPLITS,
    THERAPIES,
    Document,
    criteria,
    heading,
)
from .values import money_or_unlimited

DENIALS = ["diagnosis", "limits", *ATTESTATIONS]
PARTS = ["deductible", "copay", "coinsurance"]
MAXIMA = ["oop_max", "oon_max", "combined_max"]
POOLS = ["shared-visits", "shared-money", "shared-window"]


def plan_editions(dice: Dice, id_: str) -> list[Document]:
    """One edition of a plan, or two, seldom with a gap between them; the first begins by 1 January 2026.

    The last one often ends before the last line (point 37).
    """
    first = plan(dice, id_)
    start = dice.pick(["2026-01-01", "2025-07-01"])
    end = dice.pick([None, "2027-12-31", "2028-06-30", "2026-12-31", "2026-08-31"])
    last = {"to": end} if end else {}
    if not dice.chance(35):
        number_by_limits(dice, first)
        return [first | {"effective": {"from": start} | last}]
    split = dice.pick([each for each in SPLITS if end is None or each < end])
    second = changed(dice, first)
    for each in (first, second):
        number_by_limits(dice, each)
    first["effective"] = {"from": start, "to": BEFORE[split]}
    second["effective"] = {"from": AFTER[split] if dice.chance(10) else split} | last
    return [first, second]


def plan(dice: Dice, id_: str) -> Document:
    """A plan without its dates."""
    names = _accumulator_names(dice)
    tiers = dice.pick([NETWORK, NETWORK[:1], [*NETWORK, "base"], NETWORK, NETWORK])
    pools = {name: _pool(dice, name, tiers) for name in dice.some(POOLS, 0, 3)}
    benefits = {}
    for number in range(1, dice.pick([2, 1, 3, 4, 5]) + 1):
        name = f"benefit-{number}"
        benefits[name] = benefit(dice, name, tiers, pools, names)
    document = heading("plan", id_, {}) | {
        "payer": {"id": "some-payer", "name": "Some Payer"},
        "benefit_period": {"starts": "07-01"} if dice.chance(35) else "calendar_year",
        **({"fees": FEES} if dice.chance(88) else {}),
        **({"unit_rule": dice.pick(["cms", "ama"])} if dice.chance(50) else {}),
        "accumulators": {name: accumulator(dice, name, names) for name in names},
        "tiers": {name: _tier(dice, name, names) for name in tiers},
        **({"limits": pools} if pools else {}),
        **({"accounts": random_accounts.accounts(dice, list(benefits))} if dice.chance(35) else {}),
        "benefits": benefits,
        **({"exclusions": [_exclusion(dice)]} if dice.chance(35) else {}),
        "otherwise": "not_covered",
        **({"code_edits": "medicare"} if dice.chance(35) else {}),
        "not_covered_pays": "allowed" if dice.chance(40) else "charge",
        **({"discounts": [_discount(dice, tiers) for _ in range(dice.number(1, 3))]} if dice.chance(40) else {}),
    }
    return document if dice.chance(70) else cited(document)


def _pool(dice: Dice, name: str, tiers: list[str]) -> Document:
    """A limit that several benefits may share."""
    terms = limit(dice, tiers, in_money=name == "shared-money")
    return terms | {"per": dice.pick(WINDOWS)} if name == "shared-window" else terms


def cited(document: Document) -> Document:
    """The plan as if its figures were public: a source, and a `cite` wherever one must stand."""
    document = {key: value for key, value in document.items() if key != "illustrative"}
    document["sources"] = {"eoc": {"title": "Evidence of Coverage", "published": "2025-11-14"}}
    for section in ("accumulators", "limits", "accounts", "benefits"):
        for place, entry in enumerate(document.get(section, {}).values(), 1):
            entry["cite"] = f"eoc p.{place}"
    for entry in document.get("exclusions", []):
        entry["cite"] = "eoc p.60"
    return document


# Accumulators and tiers


def _accumulator_names(dice: Dice) -> list[str]:
    """Which accumulators the plan has."""
    optional = ["oop_max", "oon_deductible", "oon_max", "therapy_deductible", "combined_max"]
    return ["deductible", *(name for name in optional if dice.chance(80 if name == "oop_max" else 45))]


_MAY_FEED = {
    "deductible": ["oon_deductible", "oop_max", "combined_max"],
    "oon_deductible": ["deductible", "oop_max", "oon_max"],
    "therapy_deductible": ["oop_max"],
    "oop_max": ["oon_max", "deductible", "combined_max"],
    "oon_max": ["oop_max", "oon_deductible", "combined_max"],
    "combined_max": ["oon_max"],
}
"""No deductible feeds one that a list of steps may hold beside it."""


def accumulator(dice: Dice, name: str, names: list[str]) -> Document:
    """An accumulator with small amounts, so that they are reached."""
    is_maximum = name.endswith("max")
    terms: Document = {"kind": "out_of_pocket_maximum" if is_maximum else "deductible"}
    terms |= _amounts(dice, is_maximum)
    if "family" in terms and terms["family"] != "unlimited":
        terms["family_mode"] = "aggregate" if dice.chance(35) else "embedded"
    if terms.get("family_mode") != "aggregate" and dice.chance(30):
        terms["self_only"] = _self_only(dice, is_maximum, terms.get("family", "unlimited"))
    fed = dice.some([each for each in _MAY_FEED[name] if each in names], 0, 2)
    if fed or dice.chance(20):
        terms["feeds"] = fed
    if not is_maximum and dice.chance(35):
        terms["carryover"] = dice.pick(["last_quarter", "last_quarter_if_unmet"])
    if terms["kind"] == "deductible" and dice.chance(35):
        terms |= _reduction(dice, terms)
    if is_maximum and dice.chance(25):
        terms["counts"] = dice.some(PARTS, 1, 2)
    return terms


def _amounts(dice: Dice, is_maximum: bool) -> Document:
    """Individual and family amounts, the family's never the smaller."""
    if dice.chance(6):
        return {"individual": "unlimited"}
    individual = dice.cents(120, 500) if is_maximum else dice.cents(0, 250)
    amounts: Document = {"individual": _dollars(individual)}
    if dice.chance(85):
        amounts["family"] = _dollars(individual * dice.pick([4, 2, 3, 5]) // 2)
    elif dice.chance(50):
        amounts["family"] = "unlimited"
    return amounts


def _self_only(dice: Dice, is_maximum: bool, family: str) -> str:
    """An amount for self-only coverage, seldom the individual's, at most the family's."""
    alone, most = dice.cents(60, 500) if is_maximum else dice.cents(0, 250), money_or_unlimited(family)
    return _dollars(alone if most is None else min(alone, most))


def _reduction(dice: Dice, terms: Document) -> Document:
    """What a member may earn off the member's own amount, where that may be."""
    own = [money_or_unlimited(terms[key]) for key in ("individual", "self_only") if key in terms]
    if terms.get("family_mode") == "aggregate" or "carryover" in terms or None in own:
        return {}
    most = min(each for each in own if each is not None)
    return {"reduced_by": {"wellness_incentive": _dollars(min(dice.cents(10, 80), most))}}


def _dollars(cents: int) -> str:
    return f"${cents // 100}.{cents % 100:02}"


def _tier(dice: Dice, name: str, names: list[str]) -> Document:
    """A tier that uses the plan's accumulators."""
    deductibles = [each for each in ("deductible", "oon_deductible") if each in names]
    maxima = [each for each in MAXIMA if each in names]
    terms: Document = {
        "deductible": dice.pick(deductibles) if dice.chance(90) else "none",
        "out_of_pocket_maximum": dice.pick(maxima) if maxima and dice.chance(85) else "none",
        "above_allowed": dice.pick(["written_off", "member", "member up to 115%", "member up to 107.5%"]),
    }
    if name == "in_network" and dice.chance(60):
        terms["above_allowed"] = "written_off"
    if dice.chance(25):
        terms["not_covered_pays"] = dice.pick(["charge", "allowed"])
    terms |= _several_maxima(dice, [each for each in maxima if each != terms["out_of_pocket_maximum"]])
    if dice.chance(25):
        terms["copay_feeds"] = dice.some([*deductibles, *maxima], 1, 2)
    if dice.chance(35):
        terms["payment_to"] = dice.pick(["member", "member", "provider"])
    if dice.chance(60):
        terms["provider_liable"] = _provider_liable(dice)
    if dice.chance(15):
        terms["code_edits"] = dice.pick(["medicare", "none"])
    return terms


def _several_maxima(dice: Dice, others: list[str]) -> Document:
    """Other maxima that a tier counts toward, or that cap it; often the same."""
    if not others or not dice.chance(50):
        return {}
    counted = dice.some(others, 1, 2)
    if dice.chance(50):
        return {"counts_toward": counted, "capped_by": counted}
    return dice.pick([{"counts_toward": counted}, {"capped_by": counted}])


def _other_bearer(dice: Dice, terms: Document) -> Document:
    """A tier's terms, now and then with another payee, or other denials that are the provider's."""
    if dice.chance(10):
        terms = terms | {"payment_to": dice.pick(["provider", "member"])}
    return terms | {"provider_liable": _provider_liable(dice)} if dice.chance(15) else terms


def _provider_liable(dice: Dice) -> Document:
    """Denials that are the provider's, with or without an attestation that makes them the member's."""
    unless = dice.pick(["advance_notice", "advance_notice", "referral"])
    terms: Document = {"for": dice.some([each for each in DENIALS if each != unless], 2, len(DENIALS))}
    return terms | {"unless": unless} if dice.chance(45) else terms


# What is not covered


def _named(dice: Dice) -> Document:
    """Therapies or codes."""
    if dice.chance(30):
        return {"codes": dice.some(ALL_CODES, 1, 2)}
    return {"therapies": dice.some(THERAPIES, 1, 1)}


def _exclusion(dice: Dice) -> Document:
    entry = _named(dice) | {"reason": "not proven"}
    return entry | {"when": criteria(dice)} if dice.chance(60) else entry


def _discount(dice: Dice, tiers: list[str]) -> Document:
    where = {"tiers": dice.some(tiers, 1, len(tiers))} if dice.chance(40) else {}
    return _named(dice) | {"percent": dice.percentage()} | where


# A second edition


def changed(dice: Dice, first: Document) -> Document:
    """The next edition: the same words with other amounts, limits, steps, order of benefits."""
    second: Document = deepcopy(first)
    for name, terms in second["accumulators"].items():
        if dice.chance(50) and terms["individual"] != "unlimited" and terms.get("family") != "unlimited":
            _change_amounts(dice, name, terms)
    for terms in second.get("limits", {}).values():
        _change_limit(dice, terms)
    _change_accounts(dice, second)
    for terms in second["benefits"].values():
        _change_benefit(dice, terms, second)
    second["tiers"] = {name: _other_bearer(dice, terms) for name, terms in second["tiers"].items()}
    for terms in second["tiers"].values() if dice.chance(20) else ():
        terms.pop(dice.pick(["counts_toward", "capped_by"]), None)
    if dice.chance(25):
        second["benefits"] = dict(reversed(second["benefits"].items()))
    if dice.chance(25):
        second["not_covered_pays"] = dice.pick(["charge", "allowed"])
    if dice.chance(25):
        second["benefit_period"] = dice.pick(["calendar_year", {"starts": "07-01"}, {"starts": "04-01"}])
    if dice.chance(15):
        _rename_tier(second, "in_network", "preferred")
    return second


def _change_accounts(dice: Dice, document: Document) -> None:
    for terms in document.get("accounts", {}).values():
        random_accounts.change(dice, terms)


def _rename_tier(document: Document, old: str, new: str) -> None:
    """Give a tier another name, in the same place of the list."""
    document["tiers"] = {new if name == old else name: terms for name, terms in document["tiers"].items()}
    for terms in document["benefits"].values():
        if old in terms:
            terms[new] = terms.pop(old)
    own = [
        each for terms in document["benefits"].values() for each in terms.get("limits", []) if isinstance(each, dict)
    ]
    for each in (*document.get("limits", {}).values(), *own, *document.get("discounts", [])):
        if "tiers" in each:
            each["tiers"] = [new if name == old else name for name in each["tiers"]]


def _change_amounts(dice: Dice, name: str, terms: Document) -> None:
    individual = dice.cents(120, 500) if name.endswith("max") else dice.cents(0, 250)
    terms["individual"] = _dollars(individual)
    if "family" in terms:
        terms["family"] = _dollars(individual * dice.pick([4, 2, 3]) // 2)
    terms.pop("reduced_by", None)
    if "self_only" in terms:
        terms["self_only"] = _self_only(dice, name.endswith("max"), terms.get("family", "unlimited"))


def _change_limit(dice: Dice, terms: Document) -> None:
    """Another amount; now and then another measure or period, so that the count starts anew."""
    if dice.chance(40):
        terms["allow"] = requantified(dice, terms["allow"])
    if dice.chance(12):
        terms["per"] = dice.pick(
            [each for each in ("benefit_period", "lifetime", "month", "rolling 45 days") if each != terms["per"]]
        )
    elif dice.chance(15):
        terms.pop(dice.pick(["except", "tiers"]), None)
    elif dice.chance(8) and "counts" not in terms and not is_money(terms["allow"]):
        terms["allow"] = other_measure(terms["allow"])


def _is_block(terms: Document, tier: str) -> bool:
    """Whether a benefit covers a tier."""
    return isinstance(terms.get(tier), dict)


def _change_benefit(dice: Dice, terms: Document, document: Document) -> None:
    """Other limits, other steps in the tiers that it covers."""
    for entry in terms.get("limits", []):
        if isinstance(entry, dict):
            _change_limit(dice, entry)
    blocks = [terms[tier]["member_pays"] for tier in document["tiers"] if _is_block(terms, tier)]
    at_facilities = any(is_per_day(each, "facility") for each in blocks)
    is_daily = at_facilities or any(map(is_per_day, blocks))
    if is_daily and dice.chance(20):
        terms["copay_scope"] = dice.pick(["clinic", "home"])
    for tier in document["tiers"]:
        block: Any = terms.get(tier)
        if isinstance(block, dict) and dice.chance(40):
            drawn = member_pays(dice, list(document["accumulators"]), is_daily=is_daily)
            block["member_pays"] = by_facility(drawn) if at_facilities else drawn
