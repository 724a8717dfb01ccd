"""Gaps, overlaps and dead benefits of a plan edition, each proved for all lines that a request may ask.

What comes in: a plan edition and its rule set. What goes out: `Finding`s; an overlap comes with a line that shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from camcover.rulebook.analysis.cells import CellLine
from camcover.rulebook.analysis.decisions import Decided, Endless, passes_on
from camcover.rulebook.analysis.options import FindingKind
from camcover.rulebook.analysis.services import NO_CODE, Service, Stretch, services_of, stretches_of, therapies_on
from camcover.rulebook.checks.overlap import asks_more
from camcover.rulebook.checks.scope import listed
from camcover.rulebook.records import Benefit, Exclusion, Place, Plan, RuleSet

__all__ = ["Finding", "FindingKind", "Witness", "dead_benefits", "gaps", "overlaps", "service_words"]


@dataclass(frozen=True, slots=True)
class Witness:
    """A line that shows a finding: its day, its service, and the facts that decide it."""

    stretch: Stretch
    service: Service
    line: CellLine


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth knowing about a plan edition; `subject` is the therapy, benefit or limit it is about.

    `others` are the benefits, the exclusions or the limit that are to blame, in words; `brief` names it in a list.
    """

    kind: FindingKind
    plan: Plan
    at: Place
    subject: str
    message: str
    others: tuple[str, ...] = ()
    witness: Witness | None = None
    brief: str = ""


def gaps(plan: Plan, rules: RuleSet) -> Iterator[Finding]:
    """Therapies of the catalog that neither a benefit nor an exclusion names, wholly or for some codes."""
    missing: dict[str, tuple[list[str], bool]] = {}
    for stretch in stretches_of(plan, rules):
        current = therapies_on(rules, stretch.first)
        named: dict[str, list[Service]] = {}
        for service in services_of(stretch, rules):
            named.setdefault(service.therapy, []).append(service)
        for therapy in current:
            unnamed = [code for service in named[therapy] if not service.rules for code in service.codes]
            if unnamed:
                missing.setdefault(therapy, (unnamed, any(service.rules for service in named[therapy])))
    for therapy, (codes, is_part) in missing.items():
        part = f" {_billed(codes)}" if is_part else ""
        message = f"neither a benefit nor an exclusion names '{therapy}'{part}"
        yield Finding(FindingKind.GAPS, plan, plan.heading.at, therapy, message, brief=f"{therapy}{part}")


def _billed(codes: Sequence[str]) -> str:
    """`billed as 97810, 97811 or without a code`."""
    known = ", ".join(code for code in codes if code != NO_CODE)
    words = [f"billed as {known}"] if known else []
    return " or ".join([*words, *(["without a code"] if NO_CODE in codes else [])])


def service_words(service: Service) -> str:
    """`acupuncture`, or `acupuncture billed as 97810, 97811`."""
    return service.therapy if NO_CODE in service.codes else f"{service.therapy} {_billed(service.codes)}"


def dead_benefits(plan: Plan, cells: Iterable[Decided]) -> Iterator[Finding]:
    """Benefits that are the first to match on no line, nor follow one that a used-up limit passes on."""
    alive: set[str] = set()
    takers: dict[str, dict[str, None]] = {}
    order = [*map(_exclusion_name, plan.exclusions), *(f"'{name}'" for name in plan.benefits)]
    for cell in cells:
        alive.update(str(benefit.id) for benefit in cell.chain)
        exclusion = cell.exclusion
        names = [_exclusion_name(exclusion)] if exclusion else [f"'{each.id}'" for each in cell.chain]
        for benefit in cell.holding():
            takers.setdefault(str(benefit.id), {}).update(dict.fromkeys(names))
    for name, benefit in plan.benefits.items():
        if str(name) in alive:
            continue
        blamed = takers.get(str(name), {})
        others = tuple(each for each in order if each in blamed)
        verb = "takes" if len(others) == 1 else "take"
        why = f"{' and '.join(others)} {verb} every line that meets its criteria"
        message = f"benefit '{name}' never applies: {why if others else 'no line meets its criteria'}"
        yield Finding(FindingKind.DEAD, plan, benefit.at, str(name), message, others)


def _exclusion_name(exclusion: Exclusion) -> str:
    """An exclusion has no id: it is called by its line."""
    return f"the exclusion in line {exclusion.at.line}"


def overlaps(plan: Plan, cells: Iterable[Decided], dead: Iterable[str], endless: Endless) -> Iterator[Finding]:
    """Pairs of benefits whose criteria some line meets both, so that the file order decides.

    Left out are dead benefits, and pairs in which the earlier benefit is meant to come first: it passes lines on, or
    asks for more attestations. The witness meets as few other benefits before the later one as possible; `others` are
    these.
    """
    left_out = set(dead)
    found: dict[tuple[str, str], tuple[Decided, list[Benefit]]] = {}
    for cell in cells:
        if cell.exclusion is not None:
            continue
        holding = cell.holding()
        for place, later in enumerate(holding):
            for earlier in holding[:place]:
                pair = str(earlier.id), str(later.id)
                if passes_on(earlier, endless) or asks_more(earlier, later) or left_out & set(pair):
                    continue
                if pair not in found or place < len(found[pair][1]):
                    found[pair] = cell, holding[:place]
    for (earlier_id, later_id), (cell, before) in found.items():
        yield _overlap(plan, earlier_id, later_id, cell, before=before)


def _overlap(plan: Plan, earlier: str, later: str, cell: Decided, *, before: Sequence[Benefit]) -> Finding:
    """The finding for two benefits that both match the line of a cell."""
    third = [str(each.id) for each in before if each.id != earlier]
    beside = f" (as does {listed(third)})" if third else ""
    both = f"benefits '{earlier}' and '{later}' both match {service_words(cell.grid.service)}{beside}"
    witness = Witness(cell.grid.stretch, cell.grid.service, cell.line)
    others = tuple(str(each.id) for each in before)
    message = f"{both}; the first in the file applies"
    return Finding(FindingKind.OVERLAPS, plan, plan.benefits[later].at, later, message, others, witness)
