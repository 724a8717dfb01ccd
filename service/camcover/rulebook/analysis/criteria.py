"""The criteria that a line must meet for each rule that names its service, in the order of judgment.

What comes in: a service's rules on one day. What goes out: `Check`s, numbered through all rules. Number n is bit n of
the masks in `cells.py`. So the first failed criterion of a rule is the lowest failed bit among the rule's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from camcover.rulebook.analysis.services import Rule
from camcover.rulebook.checks.regions import OLDEST, normalised
from camcover.rulebook.checks.scope import catalogs_on, licensing, policy_on
from camcover.rulebook.records import Benefit, Criteria, RuleSet, WaitingPeriod
from camcover.rulebook.words import waiting_words

Value = str | int | None | tuple[str, ...]
"""What a line says in one respect: a word ("": not known), completed years (None: not known), or several: its
attestations, or the waiting periods that are over."""


class Subject(StrEnum):
    """What a criterion looks at."""

    TIER = "tier"
    DIAGNOSIS = "diagnosis"
    SETTING = "setting"
    AGE = "age"
    PRACTITIONER = "practitioner"
    STATE = "state"
    LICENSE = "license"
    ROLE = "role"
    STATUS = "status"
    WAITING = "waiting period"
    ATTESTATION = "attestation"


REASONS = {
    Subject.TIER: "TIER_NOT_COVERED",
    Subject.DIAGNOSIS: "DIAGNOSIS_NOT_COVERED",
    Subject.SETTING: "SETTING_NOT_COVERED",
    Subject.AGE: "AGE",
    Subject.PRACTITIONER: "PRACTITIONER_NOT_COVERED",
    Subject.STATE: "STATE",
    Subject.LICENSE: "UNLICENSED",
    Subject.ROLE: "MEMBER_ROLE",
    Subject.STATUS: "MEMBER_STATUS",
    Subject.WAITING: "WAITING_PERIOD",
    Subject.ATTESTATION: "ATTESTATION_NOT_COVERED",
}
"""The reason with which a line ends that fails a criterion (docs/rule-language.md, section 4)."""


@dataclass(frozen=True, slots=True)
class Check:
    """One criterion of the rule with number `rule`: `key` as the file calls it, `block` where it stands.

    `allowed` are the words that meet it, for a diagnosis the plain prefixes (of `not_conditions`: those that fail it),
    for an age the first and the last year. Of attestations all must be there, of `not_attested` none. A
    waiting period is a word as well: it is over.
    """

    rule: int
    subject: Subject
    key: str
    block: Criteria | None
    allowed: frozenset[str] = frozenset()
    years: tuple[int, int] = (0, OLDEST)

    @property
    def refuses(self) -> bool:
        """Whether a diagnosis among `allowed` fails the criterion instead of meeting it."""
        return self.key == "not_conditions"

    def is_met_by(self, value: Value) -> bool:
        """Whether a value meets it (not for diagnoses and licenses); an unknown value does not."""
        if self.subject is Subject.AGE:
            return isinstance(value, int) and self.years[0] <= value <= self.years[1]
        if isinstance(value, tuple):
            return self.allowed.isdisjoint(value) if self.key == "not_attested" else self.allowed <= set(value)
        return value in self.allowed

    def matches(self, diagnosis: str) -> bool:
        """Whether a plain diagnosis begins with one of the prefixes."""
        return any(diagnosis.startswith(prefix) for prefix in self.allowed)


def checks_of(named: Iterable[Rule], rules: RuleSet, day: date) -> list[Check]:
    """The criteria of each rule as they stand on `day`: tier, policy, its own."""
    found: list[Check] = []
    for number, rule in enumerate(named):
        if isinstance(rule, Benefit):
            found.append(Check(number, Subject.TIER, "tier", None, frozenset(map(str, rule.tiers))))
            policy = policy_on(rules, rule.policy, day)
            found += _block(number, policy.when if policy else None, rules, day)
        found += _block(number, rule.when, rules, day)
    return found


def _block(rule: int, block: Criteria | None, rules: RuleSet, day: date) -> Iterator[Check]:
    """The criteria of a `when` block in the order of the table in section 4."""
    if block is None:
        return
    prefixes = {normalised(code) for code in block.icd10 or ()} | _prefixes(block.conditions or (), rules, day)
    if prefixes:
        key = " and ".join(key for key in ("conditions", "icd10") if getattr(block, key))
        yield Check(rule, Subject.DIAGNOSIS, key, block, frozenset(prefixes))
    refused = _prefixes(block.not_conditions or (), rules, day)
    if refused:
        yield Check(rule, Subject.DIAGNOSIS, "not_conditions", block, frozenset(refused))
    words = (
        (Subject.PRACTITIONER, "practitioners", block.practitioners),
        (Subject.SETTING, "settings", block.settings),
    )
    for subject, key, allowed in words:
        if allowed is not None:
            yield Check(rule, subject, key, block, frozenset(map(str, allowed)))
    if block.ages is not None:
        last = OLDEST if block.ages.max is None else block.ages.max
        yield Check(rule, Subject.AGE, "ages", block, years=(block.ages.min or 0, last))
    if block.states is not None:
        yield Check(rule, Subject.STATE, "states", block, frozenset(map(str, block.states)))
    if block.licensed:
        yield Check(rule, Subject.LICENSE, "licensed", block)
    yield from _member(rule, block)
    yield from _attestations(rule, block)


def _member(rule: int, block: Criteria) -> Iterator[Check]:
    """What a `when` block asks of the member, and the waiting period of its benefit."""
    for subject, key, allowed in ((Subject.ROLE, "roles", block.roles), (Subject.STATUS, "statuses", block.statuses)):
        if allowed is not None:
            yield Check(rule, subject, key, block, frozenset(map(str, allowed)))
    if block.waiting_period is not None:
        yield Check(rule, Subject.WAITING, "waiting_period", block, frozenset([waiting_words(block.waiting_period)]))


def _attestations(rule: int, block: Criteria) -> Iterator[Check]:
    """What a `when` block asks of attestations."""
    for key, asked in (("attested", block.attested), ("not_attested", block.not_attested)):
        if asked is not None:
            yield Check(rule, Subject.ATTESTATION, key, block, frozenset(map(str, asked)))


def attestations_asked(checks: Iterable[Check]) -> list[str]:
    """The attestations that checks ask about, in order of the alphabet."""
    return sorted({word for check in checks if check.subject is Subject.ATTESTATION for word in check.allowed})


def waits_asked(checks: Iterable[Check]) -> list[WaitingPeriod]:
    """The waiting periods that checks ask about, each once."""
    blocks = (check.block for check in checks if check.subject is Subject.WAITING)
    return list(dict.fromkeys(block.waiting_period for block in blocks if block and block.waiting_period))


def condition_entries(rules: RuleSet, day: date, conditions: Iterable[str]) -> Iterator[str]:
    """The ICD-10 entries that conditions stand for on `day` (docs/rule-language.md, point 3)."""
    for name in conditions:
        known = (catalog.conditions[name] for catalog in catalogs_on(rules, day) if name in catalog.conditions)
        condition = next(known, None)
        yield from map(str, condition.icd10 if condition is not None else ())


def _prefixes(conditions: Iterable[str], rules: RuleSet, day: date) -> set[str]:
    """The plain ICD-10 prefixes of conditions on `day`."""
    return set(map(normalised, condition_entries(rules, day, conditions)))


def licensing_states(rules: RuleSet, day: date, therapy: str = "") -> dict[str, frozenset[str]]:
    """For each practitioner of any catalog the states that license it on `day`; none where the catalog has no entry.

    Those who give `therapy` come first.
    """
    entries = {name: entry for catalog in catalogs_on(rules, day) for name, entry in catalog.licensure.items()}
    catalogs = (catalog for editions in rules.catalogs.values() for catalog in editions)
    given = (catalog.therapies[therapy] for catalog in catalogs_on(rules, day) if therapy in catalog.therapies)
    first = [str(name) for each in given for name in each.practitioners]
    names = dict.fromkeys([*first, *(str(name) for catalog in catalogs for name in catalog.practitioners)])
    return {name: licensing(entries.get(name)) for name in names}
