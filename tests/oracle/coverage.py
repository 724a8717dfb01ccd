"""Which benefit applies: exclusions, matching, criteria (section 4, points 2, 3, 7 to 9 of docs/rule-language.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from .lines import Line, plain_code
from .rules import RuleBook
from .values import Json, add_months

NEVER_ASSUMED = "lower_cost_share"
"""The attestation that is missing wherever it is not given (point 43)."""


def matches(entry: Json, line: Line) -> bool:
    """Whether a benefit, exclusion or discount names the line's therapy or its code, and does not go without it."""
    if line.code in entry.get("without_codes", []):
        return False
    return line.therapy in entry.get("therapies", []) or (line.code != "" and line.code in entry.get("codes", []))


def is_excluded(plan: Json, line: Line, rules: RuleBook, *, assumed: bool) -> bool:
    """Whether an exclusion names the line and its criteria hold.

    Reading: where attestations are `assumed`, each is given or assumed, so that `not_attested` never holds.
    """
    return any(
        matches(exclusion, line)
        and failed_criterion(exclusion.get("when", {}), line, rules, assumed=False) == ""
        and not (assumed and set(exclusion.get("when", {}).get("not_attested", [])) - line.lacks - {NEVER_ASSUMED})
        for exclusion in plan.get("exclusions", [])
    )


def failure(plan: Json, benefit: str, tier: str, line: Line, rules: RuleBook, *, assumed: bool) -> str:
    """Why a benefit that names the line does not pass: tier, the policy's criteria, its own; empty when it passes.

    `assumed`: what the line does not tell is taken to hold (point 40).
    """
    terms = plan["benefits"][benefit]
    if not isinstance(terms.get(tier, "not_covered"), dict):
        return "TIER_NOT_COVERED"
    if "policy" in terms:
        reason = failed_criterion(rules.policy(terms["policy"], line.terms_day)["when"], line, rules, assumed=assumed)
        if reason:
            return reason
    return failed_criterion(own_criteria(terms), line, rules, assumed=assumed)


def own_criteria(terms: Json) -> Json:
    """A benefit's own criteria; its waiting period and its first year stand beside `when`."""
    own: Json = terms.get("when", {}) | {key: terms[key] for key in ("waiting_period", "from_year") if key in terms}
    return own


def failed_criterion(when: Json, line: Line, rules: RuleBook, *, assumed: bool) -> str:
    """The reason of the first criterion that does not hold, in the order of section 4's table; empty when all hold."""
    when = when | {f"member {key}": words for key, words in when.get("member", {}).items()}
    for keys, reason, is_open, holds in _CRITERIA:
        if not any(key in when for key in keys):
            continue
        if is_open(line, rules):
            if not assumed:
                return reason
        elif assumed and reason == "ATTESTATION_NOT_COVERED":
            # Each attestation is given or assumed: so those asked for are there, and none is missing (point 43).
            # What a modifier says is not there is not assumed, nor is a lower cost share.
            missing = line.lacks | ({NEVER_ASSUMED} - line.attests)
            if keys == ("not_attested",) and not missing.issuperset(when["not_attested"]):
                return reason
            if keys == ("attested",) and not missing.isdisjoint(when["attested"]):
                return reason
        elif not holds(when, line, rules):
            return reason
    return ""


def _has_diagnosis(when: Json, line: Line, rules: RuleBook) -> bool:
    wanted = [*_entries(when.get("conditions", []), line, rules), *(plain_code(code) for code in when.get("icd10", []))]
    return _any_starts(line.diagnoses, wanted)


def _lacks_diagnosis(when: Json, line: Line, rules: RuleBook) -> bool:
    """Reading: without any diagnosis none matches, so the criterion holds; it does not ask for a diagnosis."""
    return not _any_starts(line.diagnoses, list(_entries(when["not_conditions"], line, rules)))


def _entries(conditions: list[str], line: Line, rules: RuleBook) -> Iterator[str]:
    for condition in conditions:
        yield from (plain_code(code) for code in rules.entry("conditions", condition, line.terms_day)["icd10"])


def condition_met(terms: Json, line: Line, rules: RuleBook) -> str:
    """The first of the conditions of a benefit's own `when` that a line meets; empty where it meets none."""
    for condition in terms.get("when", {}).get("conditions", []):
        if _any_starts(line.diagnoses, list(_entries([condition], line, rules))):
            return str(condition)
    return ""


def _any_starts(diagnoses: list[str], prefixes: list[str]) -> bool:
    return any(diagnosis.startswith(prefix) for diagnosis in diagnoses for prefix in prefixes)


def _is_right_age(when: Json, line: Line, _rules: RuleBook) -> bool:
    if line.age is None:
        raise ValueError("an age that is not given is open")
    return int(when["ages"].get("min", 0)) <= line.age <= int(when["ages"].get("max", 1000))


def _is_licensed(_when: Json, line: Line, rules: RuleBook) -> bool:
    """No entry in the catalog: the states do not regulate the practitioner, so none licenses it."""
    entry = rules.entry_in_force("licensure", line.practitioner, line.terms_day)
    if entry is None:
        return False
    if "licensed" in entry:
        return line.state in entry["licensed"]
    return line.state not in entry["unlicensed"]


def _has_waited(when: Json, line: Line, _rules: RuleBook) -> bool:
    """Whether the waiting period is over: days or months from the day of enrollment on."""
    length, unit = when["waiting_period"].split()
    start = date.fromisoformat(line.membership["enrolled_on"])
    end = add_months(start, int(length)) if unit.startswith("month") else start + timedelta(days=int(length))
    return line.day >= end


def _is_from_year(when: Json, line: Line, _rules: RuleBook) -> bool:
    """Whether the first service lies before the benefit period, so many years ago (point 51)."""
    first = date.fromisoformat(line.item["first_service"])
    return first < add_months(line.period, -12 * (int(when["from_year"]) - 2))


def _is_license_open(line: Line, rules: RuleBook) -> bool:
    """Without a state or a practitioner, unless the practitioner that is given is licensed nowhere (point 40).

    Reading: an entry with an empty list `licensed` does not occur; one that leaves out no state licenses somewhere.
    """
    if not line.practitioner:
        return True
    return not line.state and rules.entry_in_force("licensure", line.practitioner, line.terms_day) is not None


def _never(_line: Line, _rules: RuleBook) -> bool:
    return False


_Open = Callable[[Line, RuleBook], bool]
_Holds = Callable[[Json, Line, RuleBook], bool]

_CRITERIA: tuple[tuple[tuple[str, ...], str, _Open, _Holds], ...] = (
    (("conditions", "icd10"), "DIAGNOSIS_NOT_COVERED", lambda line, _: not line.has_diagnosis, _has_diagnosis),
    (("not_conditions",), "DIAGNOSIS_NOT_COVERED", _never, _lacks_diagnosis),
    (
        ("practitioners",),
        "PRACTITIONER_NOT_COVERED",
        lambda line, _: not line.practitioner,
        lambda when, line, _: line.practitioner in when["practitioners"],
    ),
    (("settings",), "SETTING_NOT_COVERED", _never, lambda when, line, _: line.setting in when["settings"]),
    (("ages",), "AGE", lambda line, _: line.age is None, _is_right_age),
    (("states",), "STATE", lambda line, _: not line.state, lambda when, line, _: line.state in when["states"]),
    (("licensed",), "UNLICENSED", _is_license_open, _is_licensed),
    (
        ("member role",),
        "MEMBER_ROLE",
        lambda line, _: not line.membership.get("role"),
        lambda when, line, _: line.membership["role"] in when["member role"],
    ),
    (
        ("member status",),
        "MEMBER_STATUS",
        lambda line, _: not line.membership.get("status"),
        lambda when, line, _: line.membership["status"] in when["member status"],
    ),
    (("waiting_period",), "WAITING_PERIOD", lambda line, _: not line.membership.get("enrolled_on"), _has_waited),
    (("from_year",), "WAITING_PERIOD", lambda line, _: not line.item.get("first_service"), _is_from_year),
    (("attested",), "ATTESTATION_NOT_COVERED", _never, lambda when, line, _: line.attests >= set(when["attested"])),
    (
        ("not_attested",),
        "ATTESTATION_NOT_COVERED",
        _never,
        lambda when, line, _: line.attests.isdisjoint(when["not_attested"]),
    ),
)
