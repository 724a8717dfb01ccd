"""Requests with open facts against plans that are now and then plain, and ways to complete them (point 29).

A plan with every construct at once has a wide range whatever is open; so constructs are left out by chance, one by one,
until the narrow ranges occur as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from datetime import date, timedelta

from . import random_plan, random_request, random_shared
from .dice import Dice
from .ledger import is_family_coverage
from .random_accounts import complete_balances
from .random_benefits import ATTESTATIONS, go_by_benefits, is_money
from .random_request import session_dates
from .random_shared import DIAGNOSES, PRACTITIONERS, ROLES, STATES, STATUSES, Document
from .random_use import most_allowed
from .rules import Limit, limits_of, nearest
from .scenarios import Scenario, file_name
from .sums import own_amount
from .values import money_or_unlimited
from .yaml_text import yaml_text


def draw_open_scenario(dice: Dice) -> tuple[Scenario, Dice]:
    """A rule set and a request that leaves much open, and the dice to complete it with."""
    catalogs = [random_shared.catalog(dice, effective) for effective in random_shared.ranges(dice)]
    documents = catalogs + [random_shared.fees(dice, effective) for effective in random_shared.ranges(dice)]
    for id_ in random_shared.POLICIES:
        documents += [random_shared.policy(dice, id_, effective) for effective in random_shared.ranges(dice)]
    plans = [random_plan.plan_editions(dice, "plan-one")]
    if dice.chance(15):
        plans.append(random_plan.plan_editions(dice, "plan-two"))
    for editions in plans:
        if not dice.chance(30):
            del editions[1:]
            editions[0]["effective"] = {"from": editions[0]["effective"]["from"]}
        kept = dice.some(list(_CONSTRUCTS), 0, 2 if dice.chance(75) else len(_CONSTRUCTS))
        left_out = [name for name in _CONSTRUCTS if name not in kept]
        for plan in editions:
            for name in left_out:
                _CONSTRUCTS[name](plan)
    request = random_request.request(dice, plans[0], plans[1] if len(plans) > 1 else [])
    _open(dice, request)
    every = [*documents, *(plan for editions in plans for plan in editions)]
    return Scenario({file_name(each): yaml_text(each) for each in every}, request), dice


# Plainer plans


def _without_feeds(plan: Document) -> None:
    for accumulator in plan["accumulators"].values():
        accumulator.pop("feeds", None)
    for tier in plan["tiers"].values():
        tier.pop("copay_feeds", None)


def _with_one_maximum(plan: Document) -> None:
    for accumulator in plan["accumulators"].values():
        accumulator.pop("counts", None)
    for tier in plan["tiers"].values():
        tier.pop("counts_toward", None)
        tier.pop("capped_by", None)


def _without_carryover(plan: Document) -> None:
    for accumulator in plan["accumulators"].values():
        accumulator.pop("carryover", None)


def _without_penalties(plan: Document) -> None:
    for benefit in plan["benefits"].values():
        if "requires" in benefit:
            benefit["requires"] = [each if isinstance(each, str) else next(iter(each)) for each in benefit["requires"]]


def _without_discounts(plan: Document) -> None:
    plan.pop("discounts", None)
    plan["not_covered_pays"] = "charge"
    for tier in plan["tiers"].values():
        tier.pop("not_covered_pays", None)


def _without_next(plan: Document) -> None:
    for benefit in plan["benefits"].values():
        benefit.pop("when_exhausted", None)
    for terms in [*plan.get("limits", {}).values(), *_own_limits(plan)]:
        terms.pop("straddle", None)


def _without_money(plan: Document) -> None:
    """Limits of money become limits of visits; none counts what the plan pays."""
    for terms in [*plan.get("limits", {}).values(), *_own_limits(plan)]:
        terms.pop("counts", None)
        terms.pop("straddle", None)
        if is_money(terms["allow"]):
            terms["allow"] = "3 visits"


def _without_windows(plan: Document) -> None:
    for terms in [*plan.get("limits", {}).values(), *_own_limits(plan)]:
        if terms["per"].startswith("rolling") or "first_visit" in terms["per"]:
            terms["per"] = "benefit_period"


def _with_one_limit(plan: Document) -> None:
    """The first limit of each benefit only, and none shared."""
    plan.pop("limits", None)
    go_by_benefits(plan)
    for benefit in plan["benefits"].values():
        own = [each for each in benefit.pop("limits", []) if isinstance(each, dict)][:1]
        if own:
            benefit["limits"] = own
        else:
            benefit.pop("when_exhausted", None)


def _without_phases(plan: Document) -> None:
    for steps in _steps_lists(plan):
        first = steps["member_pays"][0] if isinstance(steps["member_pays"], list) else None
        if isinstance(first, dict) and "steps" in first:
            steps["member_pays"] = steps["member_pays"][-1]["steps"]


def _without_waivers(plan: Document) -> None:
    for steps in _steps_lists(plan):
        for part in steps["member_pays"] if isinstance(steps["member_pays"], list) else []:
            for step in part.get("steps", [part]) if isinstance(part, dict) else []:
                if isinstance(step, dict):
                    step.pop("waived_with_deductible", None)


def _without_chosen(plan: Document) -> None:
    """No attestation decides which benefit applies, or what a limit counts."""
    for rule in [*plan["benefits"].values(), *plan.get("exclusions", [])]:
        for key in ("attested", "not_attested"):
            rule.get("when", {}).pop(key, None)
        if rule.get("when") == {}:
            del rule["when"]
    for terms in [*plan.get("limits", {}).values(), *_own_limits(plan)]:
        terms.pop("except", None)


def _without_tiers(plan: Document) -> None:
    for terms in [*plan.get("limits", {}).values(), *_own_limits(plan)]:
        terms.pop("tiers", None)


def _without_ages(plan: Document) -> None:
    """No limit allows another amount at another age."""
    for terms in [*plan.get("limits", {}).values(), *_own_limits(plan)]:
        if isinstance(terms["allow"], list):
            terms["allow"] = terms["allow"][-1]["allow"]


def _without_accounts(plan: Document) -> None:
    plan.pop("accounts", None)


def _own_limits(plan: Document) -> Iterator[Document]:
    for benefit in plan["benefits"].values():
        yield from (each for each in benefit.get("limits", []) if isinstance(each, dict))


def _steps_lists(plan: Document) -> Iterator[Document]:
    for benefit in plan["benefits"].values():
        for tier in plan["tiers"]:
            if isinstance(benefit.get(tier), dict):
                yield benefit[tier]


def _without_code_edits(plan: Document) -> None:
    for each in (plan, *plan["tiers"].values()):
        each.pop("code_edits", None)


_CONSTRUCTS: dict[str, Callable[[Document], None]] = {
    "feeds": _without_feeds,
    "several maxima": _with_one_maximum,
    "carryover": _without_carryover,
    "penalties": _without_penalties,
    "discounts": _without_discounts,
    "next": _without_next,
    "money": _without_money,
    "windows": _without_windows,
    "several limits": _with_one_limit,
    "phases": _without_phases,
    "waivers": _without_waivers,
    "chosen": _without_chosen,
    "visits of limits": go_by_benefits,
    "limits of tiers": _without_tiers,
    "limits by age": _without_ages,
    "code edits": _without_code_edits,
    "accounts": _without_accounts,
}


# Opener requests

_MEMBERSHIPS = ("membership", "secondary_membership")


def _open(dice: Dice, request: Document) -> None:
    """Leave out what is given, by chance: most of the time nearly all of one kind."""
    if dice.chance(60):
        del request["items"][1 + dice.number(0, 1) :]
    _open_use(dice, request)
    single = [[name] for name in ("tier", "secondary_tier", "practitioner", "state", "first_service")]
    for names in (*single, ["diagnoses", "conditions"]):
        if dice.chance(35):
            _leave_out(request["items"], names)
    if dice.chance(25):
        _leave_out(request["members"], ["age", "birth_date", "state"])
    if dice.chance(60):
        _leave_out([request], ["requirements"])
    if dice.chance(35):
        memberships = [each.get(name, {}) for each in request["members"] for name in _MEMBERSHIPS]
        _leave_out(memberships, dice.some(["role", "status", "enrolled_on", "wellness_incentive"], 1, 4))


def _open_use(dice: Dice, request: Document) -> None:
    """Leave out what is used so far, by chance."""
    for name in ("accumulators", "limit_usage", "prior_visits", "benefit_visits"):
        if dice.chance(50):
            _leave_out(request["members"], [name, f"secondary_{name}"])
    if dice.chance(50):
        _leave_out([request], ["family_accumulators", "secondary_family_accumulators"])
    if dice.chance(50):
        _leave_out([request, *request["members"]], ["account_balances", "family_account_balances"])


def _leave_out(parts: Iterable[Document], names: Iterable[str]) -> None:
    """Take fields out of parts of a request."""
    for part in parts:
        for name in names:
            part.pop(name, None)


# Completions


def completed(dice: Dice, scenario: Scenario, known: set[tuple[int, int]]) -> Document:
    """The request with every open fact given; `known`: (item, line) whose charge is not assumed on some date."""
    request: Document = deepcopy(scenario.request)
    documents = scenario.parsed
    request["members"] = request.get("members") or [{}]
    _complete_facts(dice, request)
    _complete_attestations(dice, request)
    _complete_prices(dice, request, documents, known)
    for prefix in ("", "secondary_") if request.get("secondary_plan_id") else ("",):
        editions = sorted(
            (each for each in documents if each["id"] == request[f"{prefix}plan_id"]),
            key=lambda each: str(each["effective"]["from"]),
        )
        _complete_membership(dice, request, f"{prefix}membership")
        _complete_tiers(dice, request, editions, prefix)
        _complete_use(dice, request, editions, prefix)
        if not prefix:
            days = sorted(day for item in request["items"] for day in session_dates(item))
            as_of = date.fromisoformat(request["as_of"]) if request.get("as_of") else days[0]
            complete_balances(dice, request, editions, as_of, days)
    return request


def _complete_facts(dice: Dice, request: Document) -> None:
    """Diagnosis, practitioner, day of the first service, age and state.

    A fact is left open only where that is as good as some value: a diagnosis that no plan names. Elsewhere an open fact
    fails criteria of which every value meets some: in each year another one fails for every first service.
    """
    for item in request["items"]:
        if not item.get("diagnoses") and not item.get("conditions") and dice.chance(80):
            item["diagnoses"] = dice.some([*DIAGNOSES, "Z00.0"], 1, 2)
        if not item.get("practitioner"):
            item["practitioner"] = dice.pick(PRACTITIONERS)
        if not item.get("first_service"):
            item["first_service"] = dice.day(date(2023, 6, 1), min(session_dates(item))).isoformat()
    first = min(day for item in request["items"] for day in session_dates(item))
    for member in request["members"]:
        if "age" not in member and "birth_date" not in member:
            years = dice.pick([11, 12, 17, 18, 29, 30, 44, 64, 65, 70, 71])
            if dice.chance(50):
                member["age"] = years
            else:
                born = first - timedelta(days=round(365.25 * years) + dice.number(-380, 20))
                member["birth_date"] = min(born, first).isoformat()
        if not member.get("state"):
            member["state"] = dice.pick([*STATES, "TX"])


def _complete_membership(dice: Dice, request: Document, name: str) -> None:
    """Role, status and day of enrollment under a plan."""
    first = min(day for item in request["items"] for day in session_dates(item))
    for member in request["members"]:
        known = member.setdefault(name, {})
        if "role" not in known:
            known["role"] = dice.pick(ROLES)
        if "wellness_incentive" not in known and dice.chance(80):
            known["wellness_incentive"] = dice.chance(50)
        if "status" not in known:
            known["status"] = dice.pick(STATUSES)
        if "enrolled_on" not in known:
            day = first - timedelta(days=dice.pick([0, 19, 20, 21, 59, 60, 61, 62, 220, dice.number(-300, 300)]))
            known["enrolled_on"] = min(day, date.fromisoformat(known.get("covered_from", "9999-12-31"))).isoformat()


def _complete_attestations(dice: Dice, request: Document) -> None:
    """Any of those that are not given; the rest is missing."""
    if request.get("requirements") == "REQUIREMENTS_AS_ATTESTED":
        return
    request["requirements"] = "REQUIREMENTS_AS_ATTESTED"
    for item in request["items"]:
        given = [*item.get("attestations", []), *dice.some(ATTESTATIONS, 0, 4)]
        item["attestations"] = list(dict.fromkeys(given))


def _complete_prices(dice: Dice, request: Document, documents: list[Document], known: set[tuple[int, int]]) -> None:
    """A charge between the low and the high typical one, where that is assumed on every date, and the same."""
    for number, item in enumerate(request["items"]):
        procedures = item.get("procedures", [])
        if len(procedures) > 1 or (number, 1) in known:
            continue
        bounds = {_typical(documents, item, day) for day in session_dates(item)}
        low, high = max(low for low, _ in bounds), min(high for _, high in bounds)
        if low <= high:
            item["charge_cents"] = dice.pick([low, high, dice.number(low, high)])


def _typical(documents: list[Document], item: Document, day: date) -> tuple[int, int]:
    """The low and high typical charge of an item's therapy."""
    catalog = nearest([each for each in documents if each["kind"] == "catalog"], day)
    codes = [each["code"] for each in item.get("procedures", [])]
    therapy = item.get("therapy") or next(
        name for name, each in catalog["therapies"].items() if codes[0] in each.get("codes", [])
    )
    charge = catalog["therapies"][therapy]["typical_charge"]
    return money_or_unlimited(charge["low"]) or 0, money_or_unlimited(charge["high"]) or 0


def _complete_tiers(dice: Dice, request: Document, editions: list[Document], prefix: str) -> None:
    """One place for all open tiers, where it is the same tier in every edition."""
    lists = {tuple(edition["tiers"]) for edition in editions}
    if len(lists) > 1:
        return
    (tiers,) = lists
    chosen = dice.pick(tiers)
    for item in request["items"]:
        if not prefix and not item.get("tier"):
            item["tier"] = chosen
        if prefix and not item.get("secondary_tier") and item.get("tier", "") not in tiers:
            item["secondary_tier"] = chosen


def _complete_use(dice: Dice, request: Document, editions: list[Document], prefix: str) -> None:
    """Sums and use of limits, where `as_of` lies in the edition that holds the first date."""
    first = min(day for item in request["items"] for day in session_dates(item))
    as_of = date.fromisoformat(request.get("as_of") or first.isoformat())
    plan = nearest(editions, as_of)
    for name, terms in plan.get("accumulators", {}).items():
        if dice.chance(85):
            _complete_sum(dice, request, name, terms, prefix)
    limits = {limit.id: limit for benefit in reversed(plan["benefits"]) for limit in limits_of(plan, benefit)}
    # What one member states of a limit of the family is the use of all of them (point 39).
    known = [
        limit.id
        for limit in limits.values()
        if limit.owner == "family" and any(_is_stated(each, plan, limit.id, prefix) for each in request["members"])
    ]
    for member in request["members"]:
        for limit in limits.values():
            is_open = limit.id not in known and not _is_stated(member, plan, limit.id, prefix)
            if limit.per != "visit" and is_open and dice.chance(75):
                most = most_allowed(editions, limit)
                amount = dice.pick([0, most, dice.number(0, most), dice.number(0, most)])
                key = "used_cents" if limit.allow.measure == "money" else "used"
                for whose in _counts_of(limit, plan, request):
                    member.setdefault(f"{prefix}limit_usage", []).append({"limit": limit.id, key: amount, **whose})


def _counts_of(limit: Limit, plan: Document, request: Document) -> list[Document]:
    """The counts that a limit may have for a member's lines: of each episode, of each condition, else one."""
    if limit.owner == "episode":
        named = {item.get("episode", "") for item in request["items"]} - {""}
        return [{}, *({"episode": each} for each in sorted(named))]
    if limit.owner != "condition":
        return [{}]
    users = [each for name, each in plan["benefits"].items() if limit.id in {own.id for own in limits_of(plan, name)}]
    return [
        {},
        *({"condition": each} for each in sorted({name for user in users for name in user["when"]["conditions"]})),
    ]


def _is_stated(member: Document, plan: Document, limit: str, prefix: str) -> bool:
    """Whether a request says what was used of a limit, by itself or by visits of its benefits."""
    if any(each["limit"] == limit for each in member.get(f"{prefix}limit_usage", [])):
        return True
    users = {benefit for benefit in plan["benefits"] if any(each.id == limit for each in limits_of(plan, benefit))}
    visits = [*member.get(f"{prefix}prior_visits", []), *member.get(f"{prefix}benefit_visits", [])]
    return any(each["benefit"] in users for each in visits)


def _complete_sum(dice: Dice, request: Document, name: str, terms: Document, prefix: str) -> None:
    """An accumulator's sums that are not given: each member's up to its maximum, the family's no less than theirs."""
    is_family = is_family_coverage(request, request["members"])
    individual, family = own_amount(terms, is_family=is_family), money_or_unlimited(terms.get("family"))
    amounts = [individual]
    if is_family:
        amounts = [family] if terms.get("family_mode") == "aggregate" else [individual, family]
    most = min((each for each in amounts if each is not None), default=None)
    total = 0
    stated = f"{prefix}family_accumulators"
    of_family = next((each for each in request.get(stated, []) if each["accumulator"] == name), None)
    if of_family is not None and most is not None:
        most = min(most, of_family["used_cents"])
    for member in request["members"]:
        sums = member.setdefault(f"{prefix}accumulators", [])
        given = next((each for each in sums if each["accumulator"] == name), None)
        if given is None and most is not None:
            given = {"accumulator": name, "used_cents": _some_cents(dice, most)}
            sums.append(given)
        total += given["used_cents"] if given else 0
    if is_family and of_family is None and family is not None and dice.chance(60):
        used = dice.pick([min(total, family), family, dice.number(min(total, family), family)])
        request.setdefault(stated, []).append({"accumulator": name, "used_cents": used})


def _some_cents(dice: Dice, most: int) -> int:
    """None, all, one cent less, or anything."""
    return dice.pick([0, most, max(most - 1, 0), dice.number(0, most), dice.number(0, most)])
