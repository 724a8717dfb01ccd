"""Random catalogs, policies and fee tables: what plans refer to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .dice import Dice

Document = dict[str, Any]

THERAPIES = ["acupuncture", "massage", "chiropractic", "yoga"]
CODES = {
    "acupuncture": ["97810", "97811"],
    "massage": ["97124", "97140"],
    "chiropractic": ["98940", "97140"],
    "yoga": [],
}
VISIT_CODES = {"acupuncture": ["99203", "97140"], "massage": [], "chiropractic": ["99203", "97124"], "yoga": ["97124"]}
ALL_CODES = ["97810", "97811", "97124", "97140", "98940", "99203"]
CODE_FACTS: dict[str, Document] = {
    "97811": {"add_on_to": ["97810", "97124"], "units_per_day": "3"},
    "97124": {"units_per_day": "2", "not_with": ["98940"], "unless": "referral"},
    "97140": {"not_with": ["98940"], "unless": "plan_of_care", "never_with": ["97124"], "always_therapy": "yes"},
    "97810": {"units_per_day": "1"},
    "99203": {"units_per_day": "4", "not_with": ["97810"], "unless": "advance_notice"},
}
MODIFIERS: dict[str, Document] = {
    "AT": {"attests": ["plan_of_care"]},
    "GA": {"attests": ["advance_notice"]},
    "GZ": {"lacks": ["advance_notice"]},
    "XX": {"attests": ["referral"], "lacks": ["rehabilitation"]},
    "25": {},
    "95": {"setting": "telehealth"},
}
PLACES = {"11": "office", "12": "home", "02": "telehealth", "49": "clinic"}
TAXONOMIES = {
    "171100000X": "acupuncturist",
    "225700000X": "massage-therapist",
    "111N00000X": "chiropractor",
    "207Q00000X": "physician",
    "208100000X": "physician",
}
EPISODES = ["knee", "back"]
FACILITIES = ["north", "south"]
CONDITIONS = ["back-pain", "neck-pain", "migraine"]
PRACTITIONERS = ["acupuncturist", "massage-therapist", "chiropractor", "physician"]
SETTINGS = ["office", "home", "telehealth", "clinic"]
STATES = ["WA", "OR", "AL", "NE"]
DIAGNOSES = ["M54.50", "M54.2", "G43.909", "F41.1", "m5459"]
ATTESTED = ["rehabilitation", "plan_of_care", "referral", "advance_notice", "lower_cost_share"]
POLICIES = ["pain-policy", "licensed-policy"]
FEES = "shared-fees"
NETWORK = ["in_network", "out_of_network"]

ALWAYS = {"from": "2024-01-01"}
SPLITS = ["2026-05-01", "2026-07-01", "2027-01-01"]
AFTER = {"2026-05-01": "2026-06-01", "2026-07-01": "2026-08-01", "2027-01-01": "2027-02-01"}
BEFORE = {"2026-05-01": "2026-04-30", "2026-07-01": "2026-06-30", "2027-01-01": "2026-12-31"}


def heading(kind: str, id_: str, effective: Document) -> Document:
    """What every file begins with; nothing here is from a public source."""
    return {"format": "camcover/1", "kind": kind, "id": id_, "effective": effective, "illustrative": "yes"}


def ranges(dice: Dice) -> list[Document]:
    """The effective ranges of an id's editions: one without end, or two without a gap."""
    if not dice.chance(25):
        return [ALWAYS]
    split = dice.pick(SPLITS)
    return [ALWAYS | {"to": BEFORE[split]}, {"from": split}]


def catalog(dice: Dice, effective: Document) -> Document:
    """A catalog of the fixed vocabulary with random charges, diagnoses and licensure."""
    therapies = {}
    for name in THERAPIES:
        low = dice.number(20, 90)
        charges = {"low": f"${low}", "typical": dice.money(low + 1, low + 40), "high": f"${low + 60}"}
        therapies[name] = {
            "name": name.capitalize(),
            **({"codes": CODES[name]} if CODES[name] else {}),
            **({"visit_codes": VISIT_CODES[name]} if VISIT_CODES[name] else {}),
            "practitioners": dice.some(PRACTITIONERS, 1, 2),
            "typical_charge": charges,
            "minutes": _minutes(dice, CODES[name]),
        }
    return heading("catalog", "cam-core", effective) | {
        "therapies": therapies,
        "conditions": {
            "back-pain": {"name": "Back pain", "icd10": dice.pick([["M54.5"], ["M54.50", "M54.59"], ["M54"]])},
            "neck-pain": {"name": "Neck pain", "icd10": ["M54.2"]},
            "migraine": {"name": "Migraine", "icd10": dice.pick([["G43"], ["G43.909", "R51"]])},
        },
        "practitioners": {
            "acupuncturist": {"name": "Acupuncturist", "taxonomy": "171100000X"},
            "massage-therapist": {"name": "Massage therapist", "taxonomy": "225700000X"},
            "chiropractor": {"name": "Chiropractor", "taxonomies": ["111N"]},
            "physician": {"name": "Physician", "taxonomy": "207Q00000X", "taxonomies": ["208"]},
        },
        "modifiers": MODIFIERS,
        **({"codes": {code: CODE_FACTS[code] for code in dice.some([*CODE_FACTS], 1, 5)}} if dice.chance(60) else {}),
        "places_of_service": PLACES,
        "licensure": {
            name: {dice.pick(["licensed", "unlicensed"]): dice.some(STATES, 1, 2)}
            for name in dice.some(PRACTITIONERS, 1, 3)
        },
    }


def _minutes(dice: Dice, codes: list[str]) -> Document:
    """How long a session takes, and a unit of some codes."""
    own = (
        {code: dice.pick(["15 minutes", "20 minutes", "30 minutes"]) for code in dice.some(codes, 0, 2)}
        if codes
        else {}
    )
    return {"session": dice.pick(["45 minutes", "1 hour"])} | ({"codes": own} if own else {})


def criteria(dice: Dice) -> Document:
    """A `when` block of one or two criteria, loose enough that many lines pass."""
    when: Document = {}
    for key in dice.some(list(_CRITERIA), 1, 2):
        when |= _CRITERIA[key](dice)
    return when


ROLES, STATUSES = ["subscriber", "spouse", "child"], ["active", "retiree"]


def _role(dice: Dice) -> Document:
    return {"role": dice.some(ROLES, 1, 2)}


def _status(dice: Dice) -> Document:
    return {"status": dice.some(STATUSES, 1, 1)}


_CRITERIA: dict[str, Callable[[Dice], Document]] = {
    "conditions": lambda dice: {"conditions": dice.some(CONDITIONS, 1, 2)},
    "icd10": lambda dice: {"icd10": dice.some(["M54", "M54.5", "G43", "F41.1"], 1, 3)},
    "not_conditions": lambda dice: {"not_conditions": dice.some(CONDITIONS, 1, 1)},
    "practitioners": lambda dice: {"practitioners": dice.some(PRACTITIONERS, 2, 3)},
    "settings": lambda dice: {"settings": dice.some(SETTINGS, 2, 3)},
    "ages": lambda dice: {
        "ages": dice.pick([{"min": "18"}, {"max": "64"}, {"min": "12", "max": "70"}, {"min": "30"}, {"max": "29"}])
    },
    "states": lambda dice: {"states": dice.some(STATES, 2, 3)},
    "licensed": lambda _dice: {"licensed": "required"},
    "member": lambda dice: {"member": dice.pick([_role(dice), _status(dice), _role(dice) | _status(dice)])},
    "attested": lambda dice: {"attested": dice.some(ATTESTED, 1, 2)},
    "not_attested": lambda dice: {"not_attested": dice.some(ATTESTED, 1, 1)},
}


def policy(dice: Dice, id_: str, effective: Document) -> Document:
    """A policy of random criteria."""
    return heading("policy", id_, effective) | {"when": criteria(dice)}


def fees(dice: Dice, effective: Document) -> Document:
    """Fee tables for the networks: amounts, percentages of the charge, chains; sometimes a table is missing."""
    tables: Document = {
        "in_network": _amounts(dice) | _otherwise(dice, ["charge", "base"]),
        "out_of_network": (_amounts(dice) if dice.chance(40) else {})
        | {"otherwise": f"{dice.percentage()} of in_network"},
        "base": _amounts(dice) | _otherwise(dice, ["charge"]),
    }
    if dice.chance(15):
        del tables["out_of_network"]
    return heading("fees", FEES, effective) | {"tiers": tables}


def _amounts(dice: Dice) -> Document:
    """Amounts per unit for some codes and therapies."""
    codes = {code: dice.money(15, 90) for code in dice.some(ALL_CODES, 0, 4)}
    therapies = {name: dice.money(30, 120) for name in dice.some(THERAPIES, 0, 3)}
    amounts: Document = ({"codes": codes} if codes else {}) | ({"therapies": therapies} if therapies else {})
    if dice.chance(25):
        others = [name for name in THERAPIES if name not in therapies]
        amounts["visits"] = {name: dice.money(30, 120) for name in dice.some(others, 1, 2)}
    if dice.chance(20):
        amounts["maximum_per_day"] = dice.money(40, 160)
    if dice.chance(25):
        amounts["rates"] = [_rate(dice) for _ in range(dice.number(1, 3))]
    if codes and dice.chance(25):
        amounts["practice_expense"] = {code: dice.money(4, 14) for code in dice.some(list(codes), 1, len(codes))}
        amounts["multiple_procedures"] = dice.pick(["50%", "80%", "33.33%", "0%"])
    return amounts


def _rate(dice: Dice) -> Document:
    """Other amounts, or a part of those of the table, for some practitioners or settings."""
    rate: Document = {"practitioners": dice.some(PRACTITIONERS, 1, 2)} if dice.chance(70) else {}
    if not rate or dice.chance(30):
        rate["settings"] = dice.some(SETTINGS, 1, 2)
    if dice.chance(40):
        return rate | {"percent": dice.percentage()}
    therapies = dice.some(THERAPIES, 0, 2)
    rate["codes"] = {code: dice.money(15, 90) for code in dice.some(ALL_CODES, 1, 3)}
    if therapies:
        rate[dice.pick(["visits", "therapies"])] = {name: dice.money(30, 120) for name in therapies}
    return rate


def _otherwise(dice: Dice, bases: list[str]) -> Document:
    """What applies to all else, or nothing."""
    if dice.chance(30):
        return {}
    return {"otherwise": f"{dice.pick(['80%', '62.5%', '100%', '33.33%', '120%'])} of {dice.pick(bases)}"}
