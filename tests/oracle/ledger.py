"""One plan's ledger: each line adjudicated in turn (section 4, "order on a covered line", points 9 to 16, 25, 26)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from . import cost_share
from .coverage import NEVER_ASSUMED, condition_met, failed_criterion, failure, is_excluded, matches, own_criteria
from .day_codes import DayCodes
from .lines import Line, episode_starts, members_of
from .prices import Price, SharedFees, price, unpriced_charge
from .rules import Limit, RuleBook, limits_of
from .sums import PlanEditions, Sums
from .usage import Usage, Visit
from .values import Json, count, half_up, money, percent, percent_of


@dataclass
class Outcome:
    """What one plan says of one line, cents."""

    tier: str
    charge: int
    benefit: str = ""
    covered: bool = False
    reason: str = ""
    covered_units: int = 0
    allowed: int = 0
    deductible: int = 0
    copay: int = 0
    coinsurance: int = 0
    penalty: int = 0
    balance_bill: int = 0
    not_covered: int = 0
    written_off: int = 0
    plan_paid: int = 0
    terms_assumed: bool = False
    accepts_allowed: bool = False
    pays_member: bool = False
    is_providers: bool = False
    fee: int = 0

    @property
    def owed(self) -> int:
        """What the patient owes before another plan pays."""
        share = self.deductible + self.copay + self.coinsurance
        return share + self.penalty + self.balance_bill + self.not_covered


Eligible = Callable[[int], int]
"""The amount with which the steps start, from the covered part's allowed amount."""


class PlanLedger:
    """The state of one plan over a request: sums, usage of limits, visits, copays."""

    def __init__(self, rules: RuleBook, request: Json, plan_id: str, prefix: str, first_day: date) -> None:
        """`prefix` is "" for the primary and "secondary_" for the second plan: the request's names of its sums."""
        self._rules = rules
        self._plan_id, self._prefix = plan_id, prefix
        members = members_of(request)
        as_of = date.fromisoformat(request["as_of"]) if request.get("as_of") else first_day
        given = {member["id"]: member.get(f"{prefix}accumulators") or [] for member in members}
        family = request.get("secondary_family_accumulators" if prefix else "family_accumulators") or []
        self._in_force_only = request.get("terms") == "TERMS_IN_FORCE_ONLY"
        editions = PlanEditions(rules, plan_id, self._in_force_only)
        name = f"{prefix}membership"
        earned = {member["id"] for member in members if (member.get(name) or {}).get("wellness_incentive")}
        self.sums = Sums(editions, as_of, given, family, is_family_coverage(request, members), earned)
        self._usage = Usage(members, prefix, rules.days_of(plan_id), as_of, first_day)
        self._usage.starts = episode_starts(request)
        self._shared = SharedFees(members, prefix, first_day)
        self._day_codes = DayCodes(members, prefix, rules)
        self._copays: dict[Visit, int] = {}
        self._facilities: dict[Visit, str] = {}
        self._coinsurances: dict[Visit, tuple[int, int]] = {}
        self._penalties: dict[Visit, int] = {}
        self._assumes = request.get("requirements") != "REQUIREMENTS_AS_ATTESTED"

    def place(self, lines: list[tuple[Line, str]]) -> None:
        """Note all lines that will be adjudicated, with their tiers."""
        self._shared.place(lines)

    def tiers(self, day: date) -> list[str]:
        """The plan's tiers in the edition whose terms hold on `day`; none where there is none."""
        plan = self._plan_on(day)
        return list(plan["tiers"]) if plan else []

    def _plan_on(self, day: date) -> Json | None:
        """The edition whose terms hold on `day`."""
        return self._rules.plan_with_terms(self._plan_id, day, in_force_only=self._in_force_only)

    def accumulators(self) -> list[str]:
        """The accumulators of all editions."""
        editions = self._rules.editions("plan", self._plan_id)
        return list(dict.fromkeys(name for plan in editions for name in plan.get("accumulators", {})))

    def adjudicate(self, line: Line, tier: str, settled_charge: int | None = None, eligible: Eligible = int) -> Outcome:
        """The outcome of the next line in order; sums and limits move."""
        plan = self._plan_on(line.day)
        line = replace(line, membership=line.member.get(f"{self._prefix}membership") or {})
        reason = _outside_coverage(line)
        if reason and plan is not None:
            self.sums.enter(plan, line.day)
        if reason or plan is None:
            charge = unpriced_charge(line) if settled_charge is None else settled_charge
            return Outcome(tier, charge, reason=reason or "NOT_IN_FORCE", not_covered=charge)
        terms_day, period = self._rules.terms_day(self._plan_id, line.day), self._rules.period(self._plan_id, line.day)
        line = replace(line, terms_day=terms_day, tier=tier, period=period)
        outcome = self._judge(plan, line, tier, settled_charge, eligible)
        outcome.terms_assumed = line.terms_day < line.day
        outcome.accepts_allowed = outcome.covered and plan["tiers"][tier]["above_allowed"] == "written_off"
        outcome.pays_member = plan["tiers"].get(tier, {}).get("payment_to") == "member"
        return outcome

    def _judge(self, plan: Json, line: Line, tier: str, settled_charge: int | None, eligible: Eligible) -> Outcome:
        """The outcome of a line under the terms that hold."""
        self.sums.enter(plan, line.day)
        if not line.therapy:
            charge = unpriced_charge(line) if settled_charge is None else settled_charge
            return Outcome(tier, charge, reason="UNKNOWN_CODE", not_covered=charge)
        priced = price(line, plan, tier, self._rules, self._shared, settled_charge)
        outcome = self._cover_or_not(plan, line, tier, priced, eligible)
        is_billed = _pays_allowed(plan, tier) and not outcome.is_providers
        self._shared.take(line, tier, priced, outcome.fee if is_billed else outcome.allowed)
        return outcome

    def _cover_or_not(self, plan: Json, line: Line, tier: str, priced: Price, eligible: Eligible) -> Outcome:
        """The outcome of a line whose price is settled."""
        units_asked = line.units
        benefit, reason = self._choose(plan, line, tier)
        billed = priced.charge
        if not reason and self._lacks_requirement(plan, benefit, line):
            reason = "REQUIREMENT_MISSING"
        if not reason and _has_code_edits(plan, tier) and line.code:
            units, reason = self._day_codes.judge(line)
            if reason:
                return Outcome(tier, billed, benefit, reason=reason, written_off=billed, is_providers=True)
            priced = replace(
                priced,
                charge=_part(priced.charge, units, line.units),
                allowed=_part(priced.allowed, units, line.units),
            )
            line = replace(line, units=units)
        outcome = self._judge_rest(plan, line, tier, priced, (benefit, reason), eligible)
        if priced.charge < billed or (outcome.covered_units < units_asked and not outcome.reason):
            outcome.reason = outcome.reason or "UNITS_PER_DAY"
        outcome.written_off += billed - priced.charge
        outcome.charge, outcome.fee = billed, priced.allowed
        if outcome.covered:
            self._day_codes.add(line, outcome.covered_units)
        return outcome

    def _judge_rest(
        self, plan: Json, line: Line, tier: str, priced: Price, chosen: tuple[str, str], eligible: Eligible
    ) -> Outcome:
        """The outcome of the units that the codes of the day leave."""
        benefit, reason = chosen
        if not reason and self._is_exhausted(plan, benefit, line):
            reason = "LIMIT_REACHED"
        if reason:
            is_providers = self._is_providers(plan, tier, self._denial(plan, benefit, line, reason), line)
            lost, written_off = (0, priced.charge) if is_providers else _not_covered(plan, line, priced)
            outcome = Outcome(tier, priced.charge, benefit, reason=reason, not_covered=lost, written_off=written_off)
            outcome.is_providers = is_providers
            return outcome
        return self._cover(plan, benefit, line, tier, priced, eligible)

    # Which benefit

    def _choose(self, plan: Json, line: Line, tier: str) -> tuple[str, str]:
        """The benefit that decides the line, and the reason when it is not covered.

        Reading: where no benefit passes, the first that names the line and covers its tier decides it, else the first
        that names it; of several that are exhausted and followed by none, the last (each is passed over as if it were
        not there).
        """
        if is_excluded(plan, line, self._rules, assumed=self._assumes):
            return "", "EXCLUDED"
        named = [benefit for benefit, terms in plan.get("benefits", {}).items() if matches(terms, line)]
        if not named:
            return "", "NOT_LISTED"
        exhausted = ""
        for benefit in named:
            if failure(plan, benefit, tier, line, self._rules, assumed=self._assumes):
                continue
            if plan["benefits"][benefit].get("when_exhausted") == "next" and self._is_exhausted(plan, benefit, line):
                exhausted = benefit
                continue
            return benefit, ""
        if exhausted:
            return exhausted, "LIMIT_REACHED"
        failures = [(each, failure(plan, each, tier, line, self._rules, assumed=self._assumes)) for each in named]
        return next((each for each in failures if each[1] != "TIER_NOT_COVERED"), failures[0])

    def _is_exhausted(self, plan: Json, benefit: str, line: Line) -> bool:
        """Whether a limit of the benefit has nothing left for the line and no attestation lets it through."""
        return any(not self._lets_through(limit, line) for limit in self._used_up(plan, benefit, line))

    def _used_up(self, plan: Json, benefit: str, line: Line) -> Iterator[Limit]:
        """The limits with nothing left; visit limits are not judged once a line of the visit was covered (point 14)."""
        visit = self._visit(benefit, line)
        for limit in limits_of(plan, benefit):
            is_passed = limit.allow.measure == "visits" and self._usage.has_visit(visit)
            if (
                not is_passed
                and not self._leaves_out(limit, line)
                and self._left(limit, line, visit) < _least(limit, line)
            ):
                yield limit

    def _left(self, limit: Limit, line: Line, visit: Visit) -> int:
        """What a limit has left for a line; below 0 when a soft limit was passed, or a birthday lowered the amount."""
        return limit.amount_for(line.age, assumed=self._assumes) - self._usage.used(limit, visit)

    def _visit_number(self, plan: Json, benefit: str, line: Line, visits: str) -> int:
        """The number of the line's visit by `N visits`, or by `N visits of LIMIT` (point 13)."""
        visit, (_, _, name) = self._visit(benefit, line), visits.partition(" of ")
        if not name:
            return self._usage.visit_number(visit)
        limit = next(each for each in limits_of(plan, benefit) if each.id == name)
        is_included = self._leaves_out(limit, line) or self._usage.is_counted(limit, visit)
        return self._usage.used(limit, visit) + (0 if is_included else 1)

    def _visit(self, benefit: str, line: Line) -> Visit:
        """The visit that a line belongs to under a benefit."""
        period, plan = self._rules.period(self._plan_id, line.day), self._plan_on(line.day) or {}
        condition = condition_met(plan["benefits"][benefit], line, self._rules)
        return Visit(line.member_id, benefit, line.day, period, line.item.get("episode", ""), condition)

    def _refusal(self, plan: Json, benefit: str, line: Line) -> bool:
        """Whether a benefit does not cover the line: for a requirement, or for a limit that is used up."""
        return self._lacks_requirement(plan, benefit, line) or self._is_exhausted(plan, benefit, line)

    def _lacks_requirement(self, plan: Json, benefit: str, line: Line) -> bool:
        """Whether a requirement of the chosen benefit that is no penalty is not met."""
        return any("penalty" not in terms for _, terms in self._missing(plan, benefit, line))

    def _denial(self, plan: Json, benefit: str, line: Line, reason: str) -> set[str]:
        """The words of `provider_liable` for a denial; none when it is always the member's (points 41, 43).

        Reading: of several limits that are used up, the first in order gives the reason.
        """
        if reason == "DIAGNOSIS_NOT_COVERED":
            return {"diagnosis"}
        if reason == "REQUIREMENT_MISSING":
            return {next(name for name, terms in self._missing(plan, benefit, line) if "penalty" not in terms)}
        if reason == "ATTESTATION_NOT_COVERED":
            return {each for each in self._asked_of(plan, benefit, line) if not self._is_attested(each, line)}
        if reason == "LIMIT_REACHED":
            ended = (each for each in self._used_up(plan, benefit, line) if not self._lets_through(each, line))
            return set() if next(ended).allow.measure == "money" else {"limits"}
        return set()

    def _asked_of(self, plan: Json, benefit: str, line: Line) -> list[str]:
        """The attestations asked for by the criteria that refuse the line: the policy's where they do, else its own."""
        terms = plan["benefits"][benefit]
        blocks = [self._rules.policy(terms["policy"], line.terms_day)["when"]] if "policy" in terms else []
        for when in [*blocks, own_criteria(terms)]:
            if failed_criterion(when, line, self._rules, assumed=self._assumes):
                asked: list[str] = when.get("attested", [])
                return asked
        return []

    def _is_providers(self, plan: Json, tier: str, denial: set[str], line: Line) -> bool:
        """Whether the tier makes a denial the provider's (point 41)."""
        terms = plan["tiers"].get(tier, {}).get("provider_liable", {"for": []})
        return bool(denial & set(terms["for"])) and not ("unless" in terms and self._is_attested(terms["unless"], line))

    def _missing(self, plan: Json, benefit: str, line: Line) -> list[tuple[str, Json]]:
        """The requirements that apply to the line and are not met, with their terms, in order."""
        missing: list[tuple[str, Json]] = []
        for entry in plan["benefits"][benefit].get("requires", []):
            name, terms = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
            applies = "after" not in terms
            if not applies:
                applies = self._visit_number(plan, benefit, line, terms["after"]) > count(terms["after"])
            if applies and not self._is_attested(name, line):
                missing.append((name, terms))
        return missing

    def _is_attested(self, attestation: str, line: Line) -> bool:
        """Whether it is given, or assumed; a lower cost share never is."""
        is_assumed = self._assumes and attestation != NEVER_ASSUMED
        return attestation in line.attests or (is_assumed and attestation not in line.lacks)

    def _lets_through(self, limit: Limit, line: Line) -> bool:
        """Whether a limit is soft and its attestation given or assumed."""
        return limit.beyond is not None and self._is_attested(limit.beyond, line)

    def _leaves_out(self, limit: Limit, line: Line) -> bool:
        """Whether a limit leaves the line out: by its tier, or by all that `except` names being there (point 43)."""
        if limit.tiers and line.tier not in limit.tiers:
            return True
        return bool(limit.excepts) and all(self._is_attested(each, line) for each in limit.excepts)

    # A covered line

    def _cover(
        self,
        plan: Json,
        benefit: str,
        line: Line,
        tier: str,
        priced: Price,
        eligible_from: Eligible,
        *,
        is_rest: bool = False,
    ) -> Outcome:
        """Eligible amount, steps, cap, penalty, money limit, what is above the allowed amount; then the posting.

        Reading: a soft limit whose attestation holds neither splits nor cuts, also while something is left of it.
        """
        visit = self._visit(benefit, line)
        limits = limits_of(plan, benefit)
        counting = [limit for limit in limits if not self._leaves_out(limit, line)]
        hard = [(each, self._left(each, line, visit)) for each in counting if not self._lets_through(each, line)]
        units = min([line.units, *_units_left(hard, line)])
        part = Price(_part(priced.charge, units, line.units), _part(priced.allowed, units, line.units))
        outcome = Outcome(tier, priced.charge, benefit, covered=True, covered_units=units, allowed=part.allowed)
        if units < line.units:
            rest = Price(priced.charge - part.charge, priced.allowed - part.allowed)
            is_providers = self._is_providers(plan, tier, {"limits"}, line)
            outcome.not_covered, outcome.written_off = (
                (0, rest.charge) if is_providers else _not_covered(plan, line, rest)
            )
            outcome.reason = "LIMIT_REACHED"
            outcome.is_providers = is_providers

        whole = eligible_from(part.allowed)
        eligible = min([whole, *_money_left(hard, "allowed")])
        for begun in [visit, *self._usage.visits_begun(visit)]:
            self._copays.setdefault(begun, self._usage.copay_before(begun))
            before = self._usage.facility_before(begun)
            self._facilities.setdefault(begun, str(line.item.get("facility", "")) if before is None else before)
        self._coinsurances.setdefault(visit, self._usage.coinsurance_before(visit))
        known = self._copays, self._coinsurances, self._facilities
        at = cost_share.Situation(plan, tier, benefit, visit, units, self.sums, *known)
        steps = cost_share.steps_of(
            plan["benefits"][benefit][tier]["member_pays"],
            lambda visits: self._visit_number(plan, benefit, line, visits),
        )
        share = cost_share.take_steps(steps, eligible, at)
        cost_share.cap(share, at)
        outcome.deductible, outcome.copay, outcome.coinsurance = share.deductible, share.copay, share.coinsurance

        paid = eligible - share.total
        for _, terms in self._missing(plan, benefit, line):
            penalty = self._penalty(terms["penalty"], paid, visit)
            outcome.penalty += penalty
            paid -= penalty
        outcome.plan_paid = min([paid, *_money_left(hard, "plan_paid")])
        handed = 0
        for counts, cut in (("allowed", whole - eligible), ("plan_paid", paid - outcome.plan_paid)):
            if cut and _tightest(hard, counts).hands_on and not is_rest:
                handed += cut
            elif cut:
                outcome.not_covered += cut
                outcome.reason = "LIMIT_REACHED"
        billed, forgiven = _above_allowed(plan["tiers"][tier]["above_allowed"], part)
        outcome.balance_bill = billed
        outcome.written_off += forgiven

        cost_share.post(share, at)
        for limit in (each for each in limits if each not in counting):
            self._usage.leave_out(limit, visit)
        for limit in counting:
            minutes = units * line.minutes
            self._usage.add(limit, visit, units=units, minutes=minutes, eligible=eligible, plan_paid=outcome.plan_paid)
        self._usage.add_visit(visit)
        if handed:
            self._hand_on(plan, benefit, replace(line, units=units), tier, handed, outcome)
        return outcome

    def _hand_on(self, plan: Json, benefit: str, line: Line, tier: str, rest: int, outcome: Outcome) -> None:
        """Let the next benefit cover what a limit has cut of a line, as if it were the next line (point 16)."""
        following = self._behind(plan, benefit, line, tier)
        if not following or self._refusal(plan, following, line) or self._splits(plan, following, line):
            outcome.not_covered += rest
            outcome.reason = "LIMIT_REACHED"
            return
        part = self._cover(plan, following, line, tier, Price(rest, rest), int, is_rest=True)
        for name in ("deductible", "copay", "coinsurance", "penalty", "not_covered", "plan_paid"):
            setattr(outcome, name, getattr(outcome, name) + getattr(part, name))
        outcome.reason = part.reason or outcome.reason

    def _behind(self, plan: Json, benefit: str, line: Line, tier: str) -> str:
        """The benefit that the search finds behind one; empty where there is none."""
        named: list[str] = [each for each, terms in plan["benefits"].items() if matches(terms, line)]
        for each in named[named.index(benefit) + 1 :]:
            if failure(plan, each, tier, line, self._rules, assumed=self._assumes):
                continue
            if plan["benefits"][each].get("when_exhausted") != "next" or not self._is_exhausted(plan, each, line):
                return each
        return ""

    def _splits(self, plan: Json, benefit: str, line: Line) -> bool:
        """Whether a limit of units or hours leaves fewer units than the line has."""
        visit = self._visit(benefit, line)
        counting = [each for each in limits_of(plan, benefit) if not self._leaves_out(each, line)]
        hard = [(each, self._left(each, line, visit)) for each in counting if not self._lets_through(each, line)]
        return any(units < line.units for units in _units_left(hard, line))

    def _penalty(self, terms: str, paid: int, visit: Visit) -> int:
        """What a missing requirement takes off what the plan still pays; of one in dollars what is left of the visit's.

        Point 12.
        """
        if not terms.startswith("$"):
            return percent_of(percent(terms), paid)
        before = self._penalties.setdefault(visit, self._usage.penalty_before(visit))
        penalty = min(paid, max(0, money(terms) - before))
        self._penalties[visit] += penalty
        return penalty


def _outside_coverage(line: Line) -> str:
    """The reason of a line outside the member's coverage under a plan, else empty (point 37)."""
    first, last = line.membership.get("covered_from"), line.membership.get("covered_to")
    if first and line.day < date.fromisoformat(first):
        return "BEFORE_COVERAGE"
    return "AFTER_COVERAGE" if last and line.day > date.fromisoformat(last) else ""


def _has_code_edits(plan: Json, tier: str) -> bool:
    """Whether a tier holds the codes of a day to each other (point 48)."""
    own = plan["tiers"].get(tier, {}).get("code_edits")
    return str(own or plan.get("code_edits", "none")) == "medicare"


def is_family_coverage(request: Json, members: list[Json]) -> bool:
    """As the request says, else a family's where there are several members, sums or balances of a family (point 38)."""
    coverage = request.get("coverage")
    sums = request.get("family_accumulators") or request.get("secondary_family_accumulators")
    sums = sums or request.get("family_account_balances")
    return coverage == "COVERAGE_FAMILY" or (coverage != "COVERAGE_SELF_ONLY" and (len(members) > 1 or bool(sums)))


def _least(limit: Limit, line: Line) -> int:
    """With less than this a limit is used up for a line: one visit, unit or cent, or the minutes of one unit."""
    return max(line.minutes, 1) if limit.allow.measure == "minutes" else 1


def _units_left(limits: list[tuple[Limit, int]], line: Line) -> Iterator[int]:
    """The whole units that limits of units and of hours leave."""
    for limit, left in limits:
        if limit.allow.measure == "units":
            yield left
        elif limit.allow.measure == "minutes" and line.minutes:
            yield left // line.minutes


def _part(cents: int, units: int, of_units: int) -> int:
    """The covered units' part of an amount, half up."""
    return half_up(Fraction(cents * units, of_units))


def _money_left(limits: list[tuple[Limit, int]], counts: str) -> list[int]:
    """What is left of the money limits that count one thing."""
    return [left for limit, left in limits if limit.allow.measure == "money" and limit.counts == counts]


def _pays_allowed(plan: Json, tier: str) -> bool:
    """Whether what is not covered is billed by the fees in a tier: as the tier says, else the plan."""
    usual = plan.get("not_covered_pays", "charge")
    return bool(plan["tiers"].get(tier, {}).get("not_covered_pays", usual) == "allowed")


def _tightest(limits: list[tuple[Limit, int]], counts: str) -> Limit:
    """The money limit that leaves the least of those that count one thing, the first of equal ones."""
    same = [each for each in limits if each[0].allow.measure == "money" and each[0].counts == counts]
    return min(same, key=lambda each: each[1])[0]


def _not_covered(plan: Json, line: Line, priced: Price) -> tuple[int, int]:
    """What the member owes for what is not covered, and what is written off of its charge (point 26).

    Reading: "what the fees would allow" is the allowed amount of section 3: an amount the request gives goes first.
    """
    base = min(priced.charge, priced.allowed) if _pays_allowed(plan, line.tier) else priced.charge
    here = [each for each in plan.get("discounts", []) if line.tier in each.get("tiers", [line.tier])]
    share = next((each["percent"] for each in here if matches(each, line)), "0%")
    owed = base - percent_of(percent(share), base)
    return owed, priced.charge - owed


def _above_allowed(rule: str, priced: Price) -> tuple[int, int]:
    """Charge minus allowed amount: what the member is billed, and what is written off (point 25)."""
    above = priced.charge - priced.allowed
    if rule == "written_off":
        return 0, above
    if rule == "member":
        return above, 0
    ceiling = percent(rule.removeprefix("member up to "))
    billed = min(above, percent_of(ceiling, priced.allowed) - priced.allowed)
    return billed, above - billed
