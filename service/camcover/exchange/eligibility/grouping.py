"""Amounts of several segments as whole sums and limits: the total, what is used, what is left; and limits as pools.

A payer tells total, year to date and what is left in segments of their own. They belong together if they are of the
same kind, level, network, services and unit. A limit that several services share is told only in words, and once for
each of the services: those become one pool.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from camcover.exchange.eligibility.codes import REMAINING, USED_SO_FAR, named_services
from camcover.exchange.eligibility.records import (
    BenefitNetwork,
    Confidence,
    EligibilityFact,
    EligibilityNote,
    FactKind,
    NoteKind,
)
from camcover.exchange.eligibility.statements import TOTAL, PartOf, StatedAmount

__all__ = ["grouped"]

_COMBINED = re.compile(r"\b(combined|combination|shared|together|aggregate of)\b", re.IGNORECASE)
_BRIEF = {"6", "7", "13", "27", "34", "35", "36"}
"""Periods of which nothing used or left is told: a visit, a day, a week and the like."""

Grouped = tuple[list[EligibilityFact], list[EligibilityNote]]


def grouped(amounts: Iterable[StatedAmount]) -> Grouped:
    """Sums and limits, and notes on amounts that contradict each other."""
    by_part: dict[PartOf, list[StatedAmount]] = {}
    for each in amounts:
        by_part.setdefault(each.of, []).append(each)
    facts: list[EligibilityFact] = []
    notes: list[EligibilityNote] = []
    for part, some in by_part.items():
        brief = [each for each in some if each.period in _BRIEF]
        rest = [each for each in some if each.period not in _BRIEF]
        for group in (*_by_period(brief), *(group for days in _by_days(rest) for group in _by_text(days))):
            fact = _fact(part, group)
            facts.append(fact)
            if fact.confidence is Confidence.LOW:
                notes.append(EligibilityNote(NoteKind.NOT_USED, fact.segments, fact.because))
    return _pooled(facts), notes


def _by_period(amounts: Sequence[StatedAmount]) -> list[list[StatedAmount]]:
    found: dict[str, list[StatedAmount]] = {}
    for each in amounts:
        found.setdefault(each.period, []).append(each)
    return list(found.values())


def _by_days(amounts: Sequence[StatedAmount]) -> list[list[StatedAmount]]:
    """One group for each run of days that amounts are told for, if they are told for more than one."""
    found: dict[object, list[StatedAmount]] = {}
    is_one = len({each.days for each in amounts if any(each.days)}) <= 1
    for each in amounts:
        found.setdefault(None if is_one else each.days, []).append(each)
    return list(found.values())


def _by_text(amounts: Sequence[StatedAmount]) -> list[list[StatedAmount]]:
    """All amounts as one group if they do not contradict each other, else one group for each text of the payer."""
    if not amounts:
        return []
    if _is_consistent(amounts):
        return [list(amounts)]
    found: dict[str, list[StatedAmount]] = {}
    for each in amounts:
        found.setdefault(_plain(each.texts), []).append(each)
    return list(found.values())


def _is_consistent(amounts: Sequence[StatedAmount]) -> bool:
    """Whether the amounts of each role (total, used, remaining) are equal, and all totals have one period."""
    roles: dict[str, set[int | None]] = {}
    for each in amounts:
        roles.setdefault(each.role, set()).add(each.amount)
    periods = {each.period for each in amounts if each.role == TOTAL}
    return len(periods) <= 1 and all(len(some) == 1 for some in roles.values())


def _fact(part: PartOf, group: Sequence[StatedAmount]) -> EligibilityFact:
    """One sum or limit."""
    by_role = {each.role: each for each in reversed(group)}
    total, used, left = (by_role.get(role) for role in (TOTAL, USED_SO_FAR, REMAINING))
    texts = tuple(dict.fromkeys(text for each in group for text in each.texts))
    fact = EligibilityFact(
        part.kind,
        tuple(dict.fromkeys(each.segment for each in group)),
        level=part.level,
        network=part.network,
        service_types=part.service_types,
        procedure=part.procedure,
        insurance_type=part.insurance_type,
        period=total.period if total is not None else "",
        unit=part.unit,
        total=total.amount if total is not None else None,
        used=used.amount if used is not None else None,
        remaining=left.amount if left is not None else None,
        is_unlimited=total is not None and total.amount is None,
        places=part.places,
        texts=texts,
        first_day=next((each.days[0] for each in group if each.days[0]), None),
        last_day=next((each.days[1] for each in group if each.days[1]), None),
    )
    if not _is_consistent(group):
        return replace(fact, confidence=Confidence.LOW, because=f"several amounts of one {_named(fact)} differ")
    because = _doubt(fact, sure=all(each.is_sure for each in group))
    return replace(fact, confidence=Confidence.MEDIUM, because=because) if because else fact


def _doubt(fact: EligibilityFact, *, sure: bool) -> str:
    """What makes a sum or a limit less sure; empty: nothing."""
    total, used, left = fact.total, fact.used, fact.remaining
    if total is not None and left is not None and left > total:
        return "more is left than the total"
    if total is not None and used is not None and left is not None and total - left != used:
        return "what is used and what is left do not add up to the total; what is left is taken"
    if not sure:
        return "days are taken for visits"
    return ""


def _named(fact: EligibilityFact) -> str:
    return str(fact.kind).replace("_", " ")


def _plain(texts: Iterable[str]) -> str:
    return " ".join(" ".join(texts).casefold().split())


def _pooled(facts: Sequence[EligibilityFact]) -> list[EligibilityFact]:
    """The facts, those limits in one that the payer's words say to be one."""
    found: dict[object, list[EligibilityFact]] = {}
    for place, fact in enumerate(facts):
        pool = _pool_of(fact)
        key = place if pool is None else (pool.level, pool.network, pool.unit, _plain(pool.texts))
        found.setdefault(key, []).append(pool or fact)
    return [fact for some in found.values() for fact in _one_or_several(some)]


def _one_or_several(pools: Sequence[EligibilityFact]) -> list[EligibilityFact]:
    """Pools of one text as one, where no two of them tell different numbers; else one for each set of numbers."""
    told = [(each.period or None, each.total, each.used, each.remaining) for each in pools]
    if all(len(set(some) - {None}) <= 1 for some in zip(*told, strict=True)):
        return [_joined(pools)]
    found: dict[object, list[EligibilityFact]] = {}
    for numbers, each in zip(told, pools, strict=True):
        found.setdefault(numbers, []).append(each)
    return list(map(_joined, found.values()))


def _pool_of(fact: EligibilityFact) -> EligibilityFact | None:
    """A limit that is shared by the payer's words, with all services that they name; None: it is not."""
    text = " ".join(fact.texts)
    if fact.kind is not FactKind.LIMIT or not _COMBINED.search(text) or fact.confidence is Confidence.LOW:
        return None
    named = named_services(text)
    network = BenefitNetwork.BOTH if "network" in text.casefold() else fact.network
    codes = tuple(dict.fromkeys((*fact.service_types, *sorted(named))))
    if not named and network is fact.network:
        return None
    return replace(
        fact,
        network=network,
        service_types=codes,
        is_pool=bool(named),
        confidence=Confidence.MEDIUM,
        because="what shares the limit is told only in words",
    )


def _joined(pools: Sequence[EligibilityFact]) -> EligibilityFact:
    """Several facts about one pool as one fact: the segments and services of all, and the first of each number."""
    if len(pools) == 1:
        return pools[0]
    return replace(
        pools[0],
        segments=tuple(place for each in pools for place in each.segments),
        service_types=tuple(dict.fromkeys(code for each in pools for code in each.service_types)),
        period=next((each.period for each in pools if each.period), ""),
        total=_first(each.total for each in pools),
        used=_first(each.used for each in pools),
        remaining=_first(each.remaining for each in pools),
    )


def _first(numbers: Iterable[int | None]) -> int | None:
    return next((each for each in numbers if each is not None), None)
