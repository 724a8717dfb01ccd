"""Rule documents by kind and id, and the edition of each on a day: sections 1, 2, point 8 of docs/rule-language.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from .values import Allowance, Json, add_months, allowance, begins_with, period_start


def in_force(document: Json, day: date) -> bool:
    """Whether `day` lies in the document's inclusive range."""
    return _distance(document, day) == 0


def _distance(document: Json, day: date) -> int:
    """Days from `day` to the document's range; 0 inside it."""
    effective = document["effective"]
    start = date.fromisoformat(effective["from"])
    end = date.fromisoformat(effective["to"]) if "to" in effective else date.max
    return max((start - day).days, (day - end).days, 0)


def nearest(documents: Iterable[Json], day: date) -> Json:
    """The document in force, else the one whose range is nearest; of two as near, the earlier."""
    return min(documents, key=lambda each: (_distance(each, day), each["effective"]["from"]))


@dataclass(frozen=True)
class Limit:
    """A limit of a benefit: its name (section 4, point 36) and its terms; `by_age`: the entries before the last one."""

    id: str
    allow: Allowance
    per: str
    counts: str
    beyond: str | None
    excepts: tuple[str, ...]
    tiers: tuple[str, ...]
    by_age: tuple[tuple[int, int, int], ...]
    hands_on: bool = False
    owner: str = "member"

    @property
    def family(self) -> bool:
        """Whether all members share the count."""
        return self.owner == "family"

    @property
    def most(self) -> int:
        """The greatest of its amounts."""
        return max([self.allow.amount, *(amount for _, _, amount in self.by_age)])

    def amount_for(self, age: int | None, *, assumed: bool) -> int:
        """What it allows at an age; at one that is not given what the first entry says, where that is assumed."""
        holding = [amount for low, high, amount in self.by_age if (assumed if age is None else low <= age <= high)]
        return holding[0] if holding else self.allow.amount

    @property
    def signature(self) -> tuple[str, str, str]:
        """What must be the same in two editions for the count to go on (point 31)."""
        return self.id, self.allow.measure, f"{self.per} of each {self.owner}"


def _limit(name: str, terms: Json) -> Limit:
    entries = [{"allow": terms["allow"]}] if isinstance(terms["allow"], str) else terms["allow"]
    allow = allowance(entries[-1]["allow"])
    by_age = tuple(_at_ages(entry) for entry in entries[:-1])
    excepts = tuple(terms.get("except", {}).get("attested", []))
    usual = "plan_paid" if allow.measure == "money" else "covered"
    tiers = tuple(terms.get("tiers", []))
    counts, beyond = terms.get("counts", usual), terms.get("beyond")
    hands_on, per = terms.get("straddle") == "next", terms["per"]
    owner = "episode" if begins_with(per) == "episode" else terms.get("for", "member")
    owner = per if per in ("episode", "condition") else owner
    return Limit(name, allow, per, counts, beyond, excepts, tiers, by_age, hands_on, owner)


def _at_ages(entry: Json) -> tuple[int, int, int]:
    """The youngest and the oldest age of an entry of `allow`, and its amount."""
    ages = entry["ages"]
    return int(ages.get("min", 0)), int(ages.get("max", 1000)), allowance(entry["allow"]).amount


def limits_of(plan: Json, benefit: str) -> list[Limit]:
    """The limits of a benefit, pools looked up, in file order; of those that are one count the first (point 36)."""
    entries = plan["benefits"][benefit].get("limits", [])
    own = sum(isinstance(entry, dict) for entry in entries)
    limits: list[Limit] = []
    number = 0
    for entry in entries:
        if isinstance(entry, str):
            limits.append(_limit(entry, plan["limits"][entry]))
            continue
        number += 1
        name = benefit if own == 1 else f"{benefit}.{number}"
        limits.append(_limit(entry.get("id", name), entry))
    counts = {limit.signature: limit for limit in reversed(limits)}
    return [limit for limit in limits if counts[limit.signature] is limit]


def _starts(plan: Json) -> str:
    """Month and day on which an edition's benefit period begins."""
    period = plan.get("benefit_period", "calendar_year")
    return "01-01" if period == "calendar_year" else str(period["starts"])


class RuleBook:
    """All documents of a rule set."""

    def __init__(self, documents: Iterable[Json]) -> None:
        """Sort `documents` by kind."""
        self._documents: dict[str, list[Json]] = {"catalog": [], "policy": [], "fees": [], "plan": []}
        for document in documents:
            self._documents[document["kind"]].append(document)

    def editions(self, kind: str, id_: str) -> list[Json]:
        """The editions of an id, in order of date."""
        same = [each for each in self._documents[kind] if each["id"] == id_]
        return sorted(same, key=lambda each: str(each["effective"]["from"]))

    def find(self, kind: str, id_: str, day: date) -> Json | None:
        """The edition in force on `day`."""
        return next((each for each in self.editions(kind, id_) if in_force(each, day)), None)

    def plan_with_terms(self, id_: str, day: date, *, in_force_only: bool) -> Json | None:
        """The plan's edition whose terms hold on `day`: in force, or the last one up to 12 months on (point 37)."""
        found = self.find("plan", id_, day)
        last = self.editions("plan", id_)[-1]
        if found is None and not in_force_only and "to" in last["effective"]:
            end = date.fromisoformat(last["effective"]["to"])
            return last if end < day <= add_months(end, 12) else None
        return found

    def period(self, id_: str, day: date) -> date:
        """First day of the plan's benefit period that holds `day`; an edition that changes it begins one (point 24)."""
        editions = self.editions("plan", id_)
        plan = self.nearest_plan(id_, day)
        month, day_of_month = _starts(plan).split("-")
        start = period_start(day, int(month), int(day_of_month))
        place = editions.index(plan)
        while place > 0 and _starts(editions[place - 1]) == _starts(plan):
            place -= 1
        changed = date.fromisoformat(editions[place]["effective"]["from"])
        return start if place == 0 else max(start, changed)

    def terms_day(self, id_: str, day: date) -> date:
        """The day by which a plan's terms on `day` are read: behind the last edition its last day (point 37)."""
        last = self.editions("plan", id_)[-1]["effective"].get("to")
        return day if last is None else min(day, date.fromisoformat(last))

    def nearest_plan(self, id_: str, day: date) -> Json:
        """The plan's edition in force on `day`, else the nearest."""
        return nearest(self.editions("plan", id_), day)

    def days_of(self, id_: str) -> PlanDays:
        """One plan by day."""
        return PlanDays(self, id_)

    def policy(self, id_: str, day: date) -> Json:
        """The policy in force; a valid rule set has one wherever a plan refers to it."""
        document = self.find("policy", id_, day)
        if document is None:
            raise LookupError(f"no policy {id_} on {day}")
        return document

    def _catalogs(self, day: date) -> Iterator[Json]:
        """Catalogs in force on `day` first, then all others from the nearest on."""
        catalogs = self._documents["catalog"]
        yield from sorted(catalogs, key=lambda each: (_distance(each, day), each["effective"]["from"]))

    def entry(self, section: str, id_: str, day: date) -> Json:
        """A therapy or condition of the catalog on `day`, else of the edition nearest to it; {} when none has it."""
        for catalog in self._catalogs(day):
            if id_ in catalog.get(section, {}):
                found: Json = catalog[section][id_]
                return found
        return {}

    def entry_in_force(self, section: str, id_: str, day: date) -> Json | None:
        """The same, only from catalogs in force on `day`."""
        for catalog in self._catalogs(day):
            if in_force(catalog, day) and id_ in catalog.get(section, {}):
                found: Json = catalog[section][id_]
                return found
        return None

    def is_timed(self, therapy: str, code: str) -> bool:
        """Whether every edition of the catalog says how long a unit of a code of a therapy takes."""
        therapies = [each["therapies"].get(therapy, {}) for each in self._documents["catalog"]]
        return all(code in each.get("minutes", {}).get("codes", {}) for each in therapies)

    def every_code(self) -> Iterator[tuple[str, Json]]:
        """What every edition of a catalog says of codes."""
        for catalog in self._documents["catalog"]:
            yield from catalog.get("codes", {}).items()

    def latest(self, section: str, word: str) -> Any:
        """What the latest edition of a catalog that has a modifier or a place of service says of it."""
        having = [each for each in self._documents["catalog"] if word in each.get(section, {})]
        return max(having, key=lambda each: str(each["effective"]["from"]))[section][word]

    def practitioner_of(self, taxonomy: str, therapy: str) -> str:
        """The practitioner of a taxonomy code, else of its longest beginning; of several the one who gives the therapy.

        Reading: what some edition of a catalog says is said.
        """
        named = [pair for each in self._documents["catalog"] for pair in each.get("practitioners", {}).items()]
        for length in range(len(taxonomy), 0, -1):
            found = {
                str(id_)
                for id_, each in named
                if taxonomy[:length] in [each.get("taxonomy"), *each.get("taxonomies", [])]
            }
            if found:
                break
        therapies = [each["therapies"][therapy] for each in self._documents["catalog"] if therapy in each["therapies"]]
        giving = {id_ for id_ in found for each in therapies if id_ in each.get("practitioners", [id_])}
        return next(iter(found & giving or found))

    def therapies_of(self, code: str, practitioner: str, beside: list[str]) -> list[str]:
        """The therapies that a line with `code` may be of, where the request names none (point 2); none has it: empty.

        `beside`: the other codes of the item. Reading: what some edition of a catalog says is said, as of codes.
        """
        named = [pair for each in self._documents["catalog"] for pair in each.get("therapies", {}).items()]

        def of(key: str, word: str) -> set[str]:
            return {id_ for id_, therapy in named if word in therapy.get(key, [])}

        left = of("codes", code) | of("visit_codes", code)
        given = of("practitioners", practitioner) | {id_ for id_, each in named if not each.get("practitioners")}
        siblings = set().union(*(of("codes", other) for other in beside))
        for narrower in (given if practitioner else left, siblings, of("codes", code)):
            left = left & narrower or left
        return sorted(left)


@dataclass(frozen=True)
class PlanDays:
    """One plan: what its editions say on a day."""

    rules: RuleBook
    id: str

    def period(self, day: date) -> date:
        """First day of the benefit period that holds `day`."""
        return self.rules.period(self.id, day)

    def signatures(self, day: date) -> set[tuple[str, str, str]]:
        """The limits that a count stated as of `day` may be of: those of the edition in force or nearest."""
        plan = self.rules.nearest_plan(self.id, day)
        return {limit.signature for benefit in plan.get("benefits", {}) for limit in limits_of(plan, benefit)}

    def limits_on(self, benefit: str, day: date) -> list[Limit]:
        """The limits of a benefit by the edition in force on `day`, else the nearest, each count once."""
        plan = self.rules.nearest_plan(self.id, day)
        if benefit not in plan["benefits"]:
            plan = next(each for each in self.rules.editions("plan", self.id) if benefit in each["benefits"])
        return limits_of(plan, benefit)

    def leaves_out(self, limit: Limit) -> bool:
        """Whether the limit leaves lines out in some edition (point 43)."""
        editions = self.rules.editions("plan", self.id)
        alike = (own for plan in editions for name in plan.get("benefits", {}) for own in limits_of(plan, name))
        return any((own.excepts or own.tiers) and own.signature == limit.signature for own in alike)

    def conditions_of(self, limit: Limit) -> set[str]:
        """The conditions that have a count of their own under a limit: those of any of its benefits (point 49)."""
        return {
            condition
            for plan in self.rules.editions("plan", self.id)
            for name, terms in plan.get("benefits", {}).items()
            if any(own.id == limit.id and own.owner == "condition" for own in limits_of(plan, name))
            for condition in terms.get("when", {}).get("conditions", [])
        }

    def own_visit_limits(self, benefit: str, day: date) -> list[Limit]:
        """The benefit's own visit limits per benefit period, as the edition in force on `day` or nearest has them."""
        return [limit for limit in self.limits_on(benefit, day) if self.is_own_visit_limit(limit, benefit)]

    def is_own_visit_limit(self, limit: Limit, benefit: str) -> bool:
        """Whether it is a benefit's own visit limit per benefit period, alike in every edition that has the benefit."""
        editions = [each for each in self.rules.editions("plan", self.id) if benefit in each.get("benefits", {})]
        return (
            limit.per == "benefit_period"
            and limit.allow.measure == "visits"
            and not self.leaves_out(limit)
            and limit.owner == "member"
            and all(limit.id not in each.get("limits", {}) for each in editions)
            and all(any(own.signature == limit.signature for own in limits_of(each, benefit)) for each in editions)
        )
