"""Random requests against random plans: members with what they used so far, and planned services over 14 months."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from .dice import Dice
from .lines import episode_starts
from .random_accounts import add_balances, add_dated_balances
from .random_benefits import ATTESTATIONS
from .random_shared import (
    CODES,
    CONDITIONS,
    DIAGNOSES,
    EPISODES,
    FACILITIES,
    MODIFIERS,
    PLACES,
    PRACTITIONERS,
    ROLES,
    SETTINGS,
    STATES,
    STATUSES,
    TAXONOMIES,
    THERAPIES,
    VISIT_CODES,
    Document,
)
from .random_use import add_codes, add_dated_counts, add_family_use, add_fee_usage, add_use
from .rules import RuleBook
from .sums import counted_toward
from .values import add_months, money_or_unlimited

MAX_LINES = 25
UNKNOWN_CODE = "00000"
_FIRST, _LATE = date(2026, 1, 1), date(2026, 10, 31)
METHODS = [
    "COORDINATION_STANDARD",
    "COORDINATION_NON_DUPLICATION",
    "COORDINATION_MAINTENANCE_OF_BENEFITS",
    "COORDINATION_MEDICARE_SECONDARY",
    "COORDINATION_MEDICAID",
]


def request(dice: Dice, primary: list[Document], secondary: list[Document]) -> Document:
    """A request; `primary` and `secondary` are the editions of the plans, the latter empty without coordination."""
    first = dice.day(_FIRST, date(2026, 12, 20))
    memberships = ["membership", "secondary_membership"] if secondary else ["membership"]
    members = [
        {"id": f"m{number}"} | _person(dice) | {name: _membership(dice) for name in memberships if dice.chance(40)}
        for number in range(1, dice.pick([1, 1, 2, 3, 1, 2, 12]) + 1)
    ]
    ids = [str(member["id"]) for member in members]
    asked: Document = {
        "plan_id": primary[0]["id"],
        "members": members,
        "items": _items(dice, ids, first, primary, secondary),
    }
    dates = sorted(day for item in asked["items"] for day in session_dates(item))
    as_of = _as_of(dice, dates[0])
    if as_of:
        asked["as_of"] = as_of.isoformat()
    if len(members) == 1 and dice.chance(60):
        asked["coverage"] = dice.pick(["COVERAGE_SELF_ONLY", "COVERAGE_FAMILY"])
    if dice.chance(50):
        asked["requirements"] = dice.pick(
            ["REQUIREMENTS_ASSUMED_MET", "REQUIREMENTS_AS_ATTESTED", "REQUIREMENTS_AS_ATTESTED"]
        )
    if dice.chance(15):
        asked["terms"] = "TERMS_IN_FORCE_ONLY"
    _add_episodes(dice, asked, chance=100 if secondary else 35)
    _add_use(dice, asked, primary, "", dates[0], as_of or dates[0])
    if secondary:
        asked["secondary_plan_id"] = secondary[0]["id"]
        asked["coordination"] = dice.pick(METHODS)
        _add_use(dice, asked, secondary, "secondary_", dates[0], as_of or dates[0])
    # Last: a family's sum under either plan decides who owns the accounts.
    add_balances(dice, asked, primary)
    if as_of and as_of > dates[0] and dice.chance(70):
        add_dated_counts(dice, asked, primary, "", first=dates[0], as_of=as_of)
        if secondary:
            add_dated_counts(dice, asked, secondary, "secondary_", first=dates[0], as_of=as_of)
        add_dated_balances(dice, asked, primary, first=dates[0], as_of=as_of)
    return asked


def _add_episodes(dice: Dice, asked: Document, *, chance: int) -> None:
    """When some episodes began, no later than their first services."""
    known = episode_starts(asked)
    for member_id, episode in ((each["id"], name) for each in asked["members"] for name in ("", *EPISODES)):
        if dice.chance(chance):
            first = known.get((member_id, episode), min(known.values()))
            began = dice.day(first - timedelta(days=90), first)
            member = next(each for each in asked["members"] if each["id"] == member_id)
            stated = {"start_date": began.isoformat()} | ({"episode": episode} if episode else {})
            member.setdefault("episodes", []).append(stated)


def _person(dice: Dice) -> Document:
    """A member's age and state, either sometimes unknown."""
    person: Document = {}
    if dice.chance(85):
        births = ["1981-03-14", "2008-02-29", "1996-05-01", "1961-07-01"]
        person |= {"age": dice.pick([44, 17, 29, 65])} if dice.chance(50) else {"birth_date": dice.pick(births)}
    if dice.chance(85):
        person["state"] = dice.pick(STATES)
    return person


def _membership(dice: Dice) -> Document:
    """How a plan covers a member; each fact may be unknown."""
    known: Document = {}
    first = dice.day(date(2025, 7, 1), date(2026, 9, 1)) if dice.chance(25) else None
    if first is not None:
        known["covered_from"] = first.isoformat()
    if dice.chance(25):
        known["covered_to"] = dice.day(max(first or _FIRST, _FIRST), date(2027, 2, 1)).isoformat()
    if dice.chance(70):
        known["role"] = dice.pick(ROLES)
    if dice.chance(70):
        known["status"] = dice.pick(STATUSES)
    if dice.chance(70):
        known["wellness_incentive"] = dice.chance(60)
    if dice.chance(60):
        known["enrolled_on"] = dice.day(date(2025, 4, 30), min(first or _LATE, _LATE)).isoformat()
    return known


def _as_of(dice: Dice, first: date) -> date | None:
    """The day of the sums so far, seldom after the first date of service; periods and editions begin with a month."""
    if dice.chance(45):
        return None
    late = min(first + timedelta(days=dice.number(1, 20)), add_months(first.replace(day=1), 1) - timedelta(days=1))
    return late if dice.chance(10) else dice.day(_FIRST, first)


# Items


def session_dates(item: Document) -> list[date]:
    """The dates of an item's sessions, as written."""
    if "dates" in item:
        return [date.fromisoformat(day) for day in item["dates"]]
    first = date.fromisoformat(item["start_date"])
    return [first + timedelta(days=item["every_days"] * place) for place in range(item["sessions"])]


def _items(
    dice: Dice, ids: list[str], first: date, primary: list[Document], secondary: list[Document]
) -> list[Document]:
    """One to five items, within the bound on lines; now and then all on the same days, or one again and again."""
    items: list[Document] = []
    lines = 0
    together = _when(dice, first, dice.number(1, 5)) if dice.chance(20) else None
    for _ in range(dice.number(1, 5)):
        item = _item(dice, ids, primary, secondary)
        procedures = max(1, len(item.get("procedures", [])))
        sessions = min(dice.number(1, 9), (MAX_LINES - lines) // procedures)
        if sessions < 1:
            break
        when = _when(dice, first, sessions) if together is None else _first_of(together, sessions)
        if not items and not any(_is_in_force(primary, day) for day in session_dates(when)):
            when = {"dates": [_FIRST.isoformat()]}
        if dice.chance(40):
            days = session_dates(when)
            item["first_service"] = dice.day(date(2023, 6, 1), min(days)).isoformat()
        drawn = [item | when] * (sessions if len(session_dates(when)) == 1 and dice.chance(50) else 1)
        items += drawn
        lines += len(drawn) * len(session_dates(when)) * procedures
    return items


def _first_of(when: Document, sessions: int) -> Document:
    """At most so many of the dates."""
    if "dates" in when:
        return {"dates": when["dates"][:sessions]}
    return when | {"sessions": min(when["sessions"], sessions)}


def _is_in_force(editions: list[Document], day: date) -> bool:
    """Whether an edition is in force; a request none of whose dates has terms is refused (point 37)."""
    ranges = [edition["effective"] for edition in editions]
    return any(each["from"] <= day.isoformat() <= each.get("to", "9999-12-31") for each in ranges)


def _when(dice: Dice, first: date, sessions: int) -> Document:
    """Dates in a row, or listed in any order, or one date.

    Items often share days, so that visits have several lines.
    """
    start = first + timedelta(days=dice.pick([0, 0, 7, 30, 120, 200, 330]))
    every = dice.pick([7, 1, 3, 14, 30, 45])
    if not dice.chance(35):
        return {"start_date": start.isoformat(), "sessions": sessions, "every_days": every}
    if dice.chance(20):
        return {"dates": [start.isoformat()]}
    offsets = {dice.number(0, 425) if dice.chance(30) else every * place for place in range(sessions)}
    days = [(start + timedelta(days=offset)).isoformat() for offset in offsets if (start - first).days + offset <= 425]
    return {"dates": days or [start.isoformat()]}


def _item(dice: Dice, ids: list[str], primary: list[Document], secondary: list[Document]) -> Document:
    """A planned service without its dates."""
    named = [name for terms in primary[0]["benefits"].values() for name in terms.get("therapies", [])]
    therapy = dice.pick(named if named and dice.chance(85) else THERAPIES)
    item: Document = {"therapy": therapy}
    if len(ids) > 1 or dice.chance(30):
        item["member_id"] = dice.pick(ids)
    billed = CODES[therapy] + VISIT_CODES[therapy]
    item |= _procedures(dice, billed) if billed and dice.chance(55) else _amounts(dice)
    if dice.chance(90):
        item["tier"] = dice.pick(list(primary[0]["tiers"]))
    if dice.chance(45):
        item["episode"] = dice.pick(EPISODES)
    if dice.chance(45):
        item["facility"] = dice.pick(FACILITIES)
    if secondary and dice.chance(40):
        item["secondary_tier"] = dice.pick(list(secondary[0]["tiers"]))
    item |= _circumstances(dice)
    if dice.chance(20):
        _say_as_a_claim(dice, item)
    return item


def _say_as_a_claim(dice: Dice, item: Document) -> None:
    """Put modifiers beside procedures, and a place of service and a taxonomy for setting and practitioner."""
    for procedure in item.get("procedures", []):
        modifiers = [
            each
            for each in dice.some([*MODIFIERS], 0, 3)
            if not set(MODIFIERS[each].get("lacks", [])) & set(item.get("attestations", []))
        ]
        procedure["modifiers"] = [each for each in modifiers if each != "GZ" or "GA" not in modifiers]
    is_remote = any("95" in each["modifiers"] for each in item.get("procedures", []))
    setting = "telehealth" if is_remote else item.get("setting", "office")
    if is_remote and "setting" in item:
        item["setting"] = setting
    place = next((code for code, each in PLACES.items() if each == setting), None)
    if place and dice.chance(60):
        item["place_of_service"] = place
    taxonomies = [code for code, each in TAXONOMIES.items() if each == item.get("practitioner")]
    if taxonomies and dice.chance(60):
        item["taxonomy"] = dice.pick(taxonomies)
        if dice.chance(50):
            del item["practitioner"]


def _circumstances(dice: Dice) -> Document:
    """By whom, where, for what, with which attestations; each may be unknown."""
    facts: Document = {}
    if dice.chance(85):
        facts["practitioner"] = dice.pick(PRACTITIONERS)
    if dice.chance(40):
        facts["setting"] = dice.pick(SETTINGS)
    if dice.chance(25):
        facts["state"] = dice.pick(STATES)
    if dice.chance(75):
        facts["diagnoses"] = dice.some(DIAGNOSES, 1, 2)
    if dice.chance(25):
        facts["conditions"] = dice.some(CONDITIONS, 1, 2)
    if dice.chance(55):
        facts["attestations"] = dice.some(ATTESTATIONS, 1, 4)
    return facts


def _amounts(dice: Dice) -> Document:
    """Charge and negotiated rate, either often unknown."""
    amounts: Document = {}
    if dice.chance(75):
        amounts["charge_cents"] = dice.cents(20, 220)
    if dice.chance(15):
        amounts["allowed_cents"] = dice.cents(10, 160)
    return amounts


def give_minutes(dice: Dice, asked: Document, rules: RuleBook) -> None:
    """Minutes in place of some units (point 50); on the first date so many that each line is billed."""
    has_rule = all("unit_rule" in each for each in rules.editions("plan", asked["plan_id"]))
    if not has_rule or dice.chance(40):
        return
    first = min(day for item in asked["items"] for day in session_dates(item))
    for item in asked["items"]:
        least = 30 if first in session_dates(item) else 1
        for procedure in item.get("procedures", []):
            if rules.is_timed(item["therapy"], procedure["code"]) and dice.chance(60):
                procedure.pop("units", None)
                procedure["minutes"] = dice.number(least, 50)


def leave_to_codes(dice: Dice, asked: Document, rules: RuleBook) -> None:
    """Leave out the therapy of some items whose codes settle it (point 2)."""
    for item in asked["items"]:
        codes = [each["code"] for each in item.get("procedures", [])]
        practitioner = item.get("practitioner") or TAXONOMIES.get(item.get("taxonomy", ""), "")
        left = [
            rules.therapies_of(code, practitioner, codes[:place] + codes[place + 1 :])
            for place, code in enumerate(codes)
        ]
        settled = all(len(each) == 1 or code == UNKNOWN_CODE for code, each in zip(codes, left, strict=True))
        minutes = [code for code, each in zip(codes, item.get("procedures", []), strict=True) if each.get("minutes")]
        timed = all(rules.is_timed(therapy, code) for code in minutes for each in left for therapy in each)
        if left and settled and timed and dice.chance(30):
            item.pop("therapy", None)


def _procedures(dice: Dice, billed: list[str]) -> Document:
    """One or two procedures; what is given for a session with one may stand on the item (point 34)."""
    codes = dice.some(billed, 1, 2)
    procedures = []
    if dice.chance(4):
        procedures.append({"code": UNKNOWN_CODE, "charge_cents": dice.cents(20, 220)})
    for code in codes:
        procedure: Document = {"code": code}
        if dice.chance(60):
            procedure["units"] = dice.number(1, 6)
        procedures.append(procedure)
    if len(procedures) == 1 and dice.chance(30):
        return {"procedures": procedures} | _amounts(dice)
    return {"procedures": [_amounts(dice) | procedure for procedure in procedures]}


# What was used before


def _add_use(dice: Dice, asked: Document, editions: list[Document], prefix: str, first: date, as_of: date) -> None:
    """Sums and counts below every edition's maxima; unset now and then."""
    for name in editions[0]["accumulators"]:
        if dice.chance(55):
            _add_sums(dice, asked, name, editions, prefix)
    _keep_within_maxima(asked, editions, prefix)
    for member in asked["members"]:
        add_use(dice, member, editions, prefix, first=first, as_of=as_of, asked=asked)
        if dice.chance(20):
            add_fee_usage(dice, member, editions, prefix, first)
        add_codes(dice, member, prefix, first)
    add_family_use(dice, asked["members"], editions, prefix, first, as_of)


def _add_sums(dice: Dice, asked: Document, name: str, editions: list[Document], prefix: str) -> None:
    """An accumulator's sums for some members, and perhaps for the family, consistent with each other."""
    members = asked["members"]
    individual = min(_least(editions, name, key, 40000) for key in ("individual", "self_only"))
    family = _least(editions, name, "family", 80000)
    total = quarters = 0
    for member in members:
        if dice.chance(75):
            used = dice.number(0, min(individual, family // len(members)))
            entry: dict[str, Any] = {"accumulator": name, "used_cents": used}
            if dice.chance(30):
                entry["last_quarter_cents"] = dice.number(0, used)
            total, quarters = total + used, quarters + entry.get("last_quarter_cents", 0)
            member.setdefault(f"{prefix}accumulators", []).append(entry)
    if asked.get("coverage") != "COVERAGE_SELF_ONLY" and dice.chance(30):
        entry = {"accumulator": name, "used_cents": dice.number(total, max(total, family))}
        if quarters:
            entry["last_quarter_cents"] = dice.number(quarters, entry["used_cents"])
        asked.setdefault(f"{prefix}family_accumulators", []).append(entry)


def _keep_within_maxima(asked: Document, editions: list[Document], prefix: str) -> None:
    """Let no deductible be used beyond a maximum toward which every cent of it counts (point 30)."""
    counted = counted_toward(editions)
    owners = [member.get(f"{prefix}accumulators", []) for member in asked["members"]]
    for owner in [*owners, asked.get(f"{prefix}family_accumulators", [])]:
        stated = {each["accumulator"]: each for each in owner}
        for name, each in stated.items():
            maxima = [stated[maximum]["used_cents"] for maximum in counted.get(name, []) if maximum in stated]
            if maxima and min(maxima) < each["used_cents"]:
                each["used_cents"] = min(maxima)
                if "last_quarter_cents" in each:
                    each["last_quarter_cents"] = min(each["last_quarter_cents"], each["used_cents"])
    of_family = asked.get(f"{prefix}family_accumulators", [])
    of_members = [each for owner in owners for each in owner]
    of_family[:] = [
        each for each in of_family if each["used_cents"] >= _most_of(each["accumulator"], of_members, counted)
    ]


def _most_of(name: str, sums: list[Document], counted: dict[str, list[str]]) -> int:
    """The most that a member's sum says of an accumulator, by itself or by a deductible that counts toward it."""
    return max(
        (each["used_cents"] for each in sums if name in [each["accumulator"], *counted.get(each["accumulator"], [])]),
        default=0,
    )


def _least(editions: Iterable[Document], name: str, key: str, otherwise: int) -> int:
    """The least maximum over the editions; unlimited counts as `otherwise`."""
    amounts = [money_or_unlimited(plan["accumulators"][name].get(key)) for plan in editions]
    return min(otherwise if amount is None else amount for amount in amounts)
