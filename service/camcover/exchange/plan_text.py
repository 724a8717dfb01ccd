"""The text of a plan's rule file from what an importer knows of the plan, in the layout of `camcover rules fmt`.

What comes in: a `DraftPlan`: sums, tiers, benefits with a least and a most of what the member pays, notes, tests. What
goes out: YAML (docs/rule-language.md, section 4). A benefit whose least and most differ becomes two: the lower one asks
for the attestation `lower_cost_share` (point 43). Texts of a caller's file stand in quotes, never as YAML of their own.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from camcover.exchange.shares import CostShare
from camcover.rulebook import format_text
from camcover.rulebook.words import written

__all__ = [
    "DraftBenefit",
    "DraftPlan",
    "DraftSum",
    "DraftTest",
    "ShareRange",
    "notes_and_sources",
    "plan_text",
    "text_in_quotes",
]

LOWER = "-lower"
_WIDTH = 118


class ShareRange(NamedTuple):
    """The least and the most that a member pays for a service; equal where the source tells one cost share."""

    low: CostShare
    high: CostShare


class DraftSum(NamedTuple):
    """A deductible or an out-of-pocket maximum, cents; `family`: None = no amount of the family is known.

    `self_only`: of self-only coverage, where that is not `individual`.
    """

    id: str
    kind: str
    individual: int
    family: int | None
    cite: str
    mode: str = "embedded"
    self_only: int | None = None


@dataclass(frozen=True, slots=True)
class DraftBenefit:
    """A benefit. `when`: criteria as YAML. `tiers`: what the member pays in each tier; None = not covered there.

    `limits`: names of the plan's pools. `asks`: lines of YAML beside these, such as `from_year: 2`.
    """

    id: str
    therapies: tuple[str, ...]
    tiers: Mapping[str, ShareRange | None]
    cite: str
    codes: tuple[str, ...] = ()
    without_codes: tuple[str, ...] = ()
    policy: str = ""
    when: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    goes_on: bool = False
    counts: bool = True

    @property
    def is_spread(self) -> bool:
        """Whether the least and the most differ in some tier."""
        return any(each is not None and each.low != each.high for each in self.tiers.values())


class DraftTest(NamedTuple):
    """A test: what is asked, as YAML of `given`, and what is expected, as YAML of `expect`; the arithmetic above it."""

    name: str
    arithmetic: str
    given: str
    expect: str


@dataclass(frozen=True, slots=True)
class DraftPlan:
    """What an importer knows of a plan. `tiers`: YAML of each tier. `limits`: YAML of each pool."""

    id: str
    name: str
    payer_id: str
    payer: str
    first: date
    last: date
    notes: str
    sources: Mapping[str, str]
    tiers: Mapping[str, str]
    benefits: Sequence[DraftBenefit]
    sums: Sequence[DraftSum] = ()
    limits: Mapping[str, str] = field(default_factory=dict)
    exclusions: Sequence[str] = ()
    tests: Sequence[DraftTest] = ()
    fees: str = ""
    hsa_qualified: bool = False


def text_in_quotes(text: str) -> str:
    """A text as one YAML scalar, whatever stands in it."""
    return json.dumps(text, ensure_ascii=False)


def notes_and_sources(notes: str, sources: Mapping[str, str]) -> Iterator[str]:
    """The lines of a rule file's notes and sources, and an empty one; `sources`: YAML of each source."""
    yield "notes: >-"
    yield from textwrap.wrap(notes, _WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    yield "sources:"
    yield from (f"  {name}: {source}" for name, source in sources.items())
    yield ""


def plan_text(plan: DraftPlan) -> str:
    """The rule file of a plan."""
    return format_text("\n".join(_lines(plan)) + "\n")


def _lines(plan: DraftPlan) -> Iterator[str]:
    """The file line by line."""
    yield from ("format: camcover/1", "kind: plan", f"id: {plan.id}", f"name: {text_in_quotes(plan.name)}")
    yield f"payer: {{id: {plan.payer_id}, name: {text_in_quotes(plan.payer)}}}"
    yield f"effective: {{from: {plan.first}, to: {plan.last}}}"
    yield "benefit_period: calendar_year"
    yield f"hsa_qualified: {'yes' if plan.hsa_qualified else 'no'}"
    if plan.fees:
        yield f"fees: {plan.fees}"
    yield from notes_and_sources(plan.notes, plan.sources)
    if plan.sums:
        yield "accumulators:"
        yield from map(_sum, plan.sums)
        yield ""
    yield "tiers:"
    for name, tier in plan.tiers.items():
        yield f"  {name}:"
        yield from (f"    {line}" for line in tier.split("\n"))
    yield ""
    used = {name for each in plan.benefits for name in each.limits}
    pools = {name: limit for name, limit in plan.limits.items() if name in used}
    if pools:
        yield "limits:"
        yield from (f"  {name}: {limit}" for name, limit in pools.items())
        yield ""
    yield "benefits:"
    for benefit in plan.benefits:
        yield from _benefit(benefit)
    yield ""
    if plan.exclusions:
        yield "exclusions:"
        yield from (f"  - {each}" for each in plan.exclusions)
    yield from ("otherwise: not_covered", "not_covered_pays: charge")
    if plan.tests:
        yield from ("", "tests:")
        for test in plan.tests:
            yield from _test(test)


def _sum(draft: DraftSum) -> str:
    """A line of `accumulators`."""
    alone = "" if draft.self_only is None else f"self_only: {written(draft.self_only)}, "
    family = "" if draft.family is None else f", family: {written(draft.family)}, family_mode: {draft.mode}"
    amounts = f"{alone}individual: {written(draft.individual)}{family}"
    return f"  {draft.id}: {{kind: {draft.kind}, {amounts}, cite: {text_in_quotes(draft.cite)}}}"


def _benefit(draft: DraftBenefit) -> Iterator[str]:
    """A benefit, or the lower one and the higher one."""
    if draft.is_spread:
        yield from _one_benefit(draft, is_lower=True)
    yield from _one_benefit(draft, is_lower=False)


def _one_benefit(draft: DraftBenefit, *, is_lower: bool) -> Iterator[str]:
    """One benefit of the file."""
    yield f"  {draft.id}{LOWER if is_lower else ''}:"
    yield from _matching(draft)
    if draft.policy:
        yield f"    policy: {draft.policy}"
    when = _criteria(draft.when, is_lower=is_lower)
    if when:
        yield f"    when: {{{', '.join(when)}}}"
    yield from _conditions(draft)
    for tier, spread in draft.tiers.items():
        if spread is None:
            yield f"    {tier}: not_covered"
        else:
            yield f"    {tier}:"
            yield "      member_pays:"
            yield from (f"        - {step}" for step in (spread.low if is_lower else spread.high).steps)
    yield f"    cite: {text_in_quotes(draft.cite)}"


def _matching(draft: DraftBenefit) -> Iterator[str]:
    """What a benefit names."""
    for key, words in (("therapies", draft.therapies), ("codes", draft.codes), ("without_codes", draft.without_codes)):
        if words:
            yield f"    {key}: [{', '.join(_word(each) for each in words)}]"


def _conditions(draft: DraftBenefit) -> Iterator[str]:
    """What a benefit asks for and limits, and how it goes on."""
    yield from (f"    {each}" for each in draft.asks)
    if draft.requires:
        yield f"    requires: [{', '.join(draft.requires)}]"
    if draft.limits:
        yield f"    limits: [{', '.join(draft.limits)}]"
    if draft.goes_on:
        yield "    when_exhausted: next"
    if not draft.counts:
        yield "    counts_toward_out_of_pocket_maximum: no"


def _criteria(when: Iterable[str], *, is_lower: bool) -> list[str]:
    """The criteria, the attestation of the lower cost share among them."""
    found = list(when)
    if not is_lower:
        return found
    for place, each in enumerate(found):
        if each.startswith("attested: ["):
            found[place] = each.replace("[", "[lower_cost_share, ", 1)
            return found
    return [*found, "attested: [lower_cost_share]"]


def _word(word: str) -> str:
    """A therapy as it is, a code in quotes."""
    return f'"{word}"' if word[:1].isdigit() or word[:1].isupper() else word


def _test(test: DraftTest) -> Iterator[str]:
    """A test, with its arithmetic as a comment."""
    yield from textwrap.wrap(test.arithmetic, _WIDTH, initial_indent="  # ", subsequent_indent="  # ")
    yield f"  - name: {test.name}"
    yield f"    given: {test.given}"
    yield f"    expect: {test.expect}"
