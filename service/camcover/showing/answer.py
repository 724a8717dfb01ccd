"""The answer that people are shown of a plan of care: sums, months, visits with their steps, what would change it.

What comes in: a priced plan. What goes out: records of texts and amounts in cents, which templates lay out. Every
figure is the engine's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

from camcover.engine import EstimateRequest, Tables
from camcover.engine.estimate import Citation, Estimate, ExplainedStep, Line, Reason
from camcover.languages import Language
from camcover.messages import Dollars, Message
from camcover.rulebook.records import Attestation
from camcover.rulebook.term_messages import attestation
from camcover.showing.charts import MonthChart, ShareBar, month_chart, others_cents, split
from camcover.showing.naming import RuleNames
from camcover.showing.range_ends import RangeEnd, ends_of
from camcover.showing.words import WORDS
from camcover.workflow.pricing import PricedPlan
from camcover.workflow.what_ifs import WhatIf, WhatIfKind, approvals_of

__all__ = ["CareAnswer", "CareLines", "VisitRun", "answer_of", "causes_of", "sources_of", "why_of"]

_EMPTY_STEPS = frozenset(
    {
        "step-deductible-none",
        "step-copay-none",
        "step-coinsurance-none",
        "step-compared-none",
        "step-plan-pays-nothing",
    }
)
"""Steps that say that nothing happens: a reader of a page looks for what does."""

_OWN = {"assumed-sum": "web-assumed-sum", "assumed-no-sum": "web-assumed-no-sum"}
"""Messages about a member by number, and the same said to the one person whom a page asks."""

_PARTS = (
    ("deductible_cents", "web-part-deductible"),
    ("copay_cents", "web-part-copay"),
    ("coinsurance_cents", "web-part-coinsurance"),
    ("penalty_cents", "web-part-penalty"),
    ("balance_bill_cents", "web-part-balance-bill"),
    ("not_covered_cents", "web-part-not-covered"),
)


class ShownSource(NamedTuple):
    """Where figures come from: the document, its address if it has one, and the places in it."""

    title: str
    url: str
    places: tuple[str, ...]


class Step(NamedTuple):
    """One step of a visit: its text, and its source, which is a payer's document or words of ours.

    `url`: the document's address of the web; empty where it has none.
    """

    text: str
    source: str
    is_document: bool
    url: str


class VisitRun(NamedTuple):
    """Visits in a row that cost the same for the same reason: their numbers, days, why, sums, and steps of one.

    `others_cents`: what a second plan and accounts pay.
    """

    first: int
    last: int
    days: tuple[date, ...]
    why: str
    covered: bool
    charge_cents: int
    patient_cents: int
    plan_cents: int
    others_cents: int
    discount_cents: int
    each_cents: int
    steps: tuple[Step, ...]
    rule: str

    @property
    def visits(self) -> int:
        """How many visits."""
        return self.last - self.first + 1


class CareLines(NamedTuple):
    """One kind of care: its name, how many visits are covered, its sums, its visits.

    `tax`: whether an HSA or FSA may pay for it; empty where that is not known.
    """

    name: str
    covered: int
    visits: int
    charge_cents: int
    patient_cents: int
    runs: tuple[VisitRun, ...]
    tax: str


class Approval(NamedTuple):
    """What is to be done before the first visit; `worth`: what is paid more without it, None = not known."""

    item_index: int
    word: str
    title: str
    has: bool
    worth_cents: int | None


class OtherCost(NamedTuple):
    """One thing that would change the cost, and by how much."""

    text: str
    difference_cents: int
    width: int


class CareAnswer(NamedTuple):
    """All that the page shows.

    `ends`: the least and the most with what leads there; `ends_note`: the message of what their amounts are, or empty.
    """

    priced: PricedPlan
    estimate: Estimate
    visits: int
    covered: int
    is_exact: bool
    causes: tuple[str, ...]
    ends: tuple[RangeEnd, ...]
    ends_note: str
    shares: tuple[ShareBar, ...]
    months: MonthChart
    approvals: tuple[Approval, ...]
    others: tuple[OtherCost, ...]
    care: tuple[CareLines, ...]
    sources: tuple[ShownSource, ...]


def answer_of(
    tables: Tables,
    request: EstimateRequest,
    priced: PricedPlan,
    *,
    changes: Sequence[WhatIf],
    language: Language,
    tells_ends: bool = False,
) -> CareAnswer:
    """What the page shows of a priced request; `tells_ends`: also what leads to each end of its range."""
    estimate, names = priced.estimate, RuleNames(tables, language)
    urls = _addresses(estimate.citations)
    care = tuple(
        _care(item.therapy, [line for line in estimate.lines if line.item_index == place], names, urls)
        for place, item in enumerate(request.items)
    )
    ends, ends_note = ends_of(tables, request, estimate.range, names) if tells_ends else ((), "")
    lows = estimate.range.low_cents, estimate.range.high_cents
    return CareAnswer(
        priced=priced,
        estimate=estimate,
        visits=sum(each.visits for each in care),
        covered=sum(each.covered for each in care),
        is_exact=lows[0] == lows[1],
        causes=causes_of(estimate, language),
        ends=ends,
        ends_note=ends_note,
        shares=split(estimate.totals),
        months=month_chart(estimate.lines, [names.therapy(item.therapy) for item in request.items], language),
        approvals=_approvals(request, estimate, changes, names),
        others=_others(request, changes, names),
        care=care,
        sources=sources_of(estimate.citations),
    )


def causes_of(estimate: Estimate, language: Language) -> tuple[str, ...]:
    """Why the cost is a range: each assumption, and each approval that is taken to be there."""
    told = [language.text(_said_to_one(each)) for each in estimate.range.assumptions]
    told += [language.text(each.message) for each in estimate.prerequisites]
    return tuple(dict.fromkeys(told))


def _said_to_one(message: Message) -> Message:
    """A message about `member 1` as one about the reader."""
    arguments = dict(message.arguments)
    owner = arguments.pop("owner", None)
    if message.id in _OWN and isinstance(owner, Message) and owner.id == "owner-member":
        return WORDS[_OWN[message.id]](**arguments)
    return message


def sources_of(citations: Iterable[Citation]) -> tuple[ShownSource, ...]:
    """The documents that an answer rests on, each once. Only addresses of the web become links."""
    places: dict[tuple[str, str], dict[str, None]] = {}
    for each in citations:
        places.setdefault((each.title, _address(each)), {}).update({each.place: None} if each.place else {})
    return tuple(ShownSource(title, url, tuple(found)) for (title, url), found in places.items())


def _address(citation: Citation) -> str:
    return citation.url if citation.url.startswith(("https://", "http://")) else ""


def _addresses(citations: Iterable[Citation]) -> Mapping[str, str]:
    """The addresses of documents by their titles."""
    return {each.title: _address(each) for each in citations}


def _care(therapy: str, lines: Sequence[Line], names: RuleNames, urls: Mapping[str, str]) -> CareLines:
    """The visits of one kind of care, equal ones in a row together. A visit is one line, or one for each code."""
    sessions = [tuple(group) for _, group in groupby(lines, key=lambda line: line.session)]
    runs, number = [], 0
    for _, group in groupby(sessions, key=_alike):
        run = _run(list(group), number, names.language, urls)
        number = run.last
        runs.append(run)
    covered = sum(_is_covered(each) for each in sessions)
    charge, patient = sum(line.charge_cents for line in lines), sum(line.patient_cents for line in lines)
    tax = names.tax_advantage(therapy)
    return CareLines(names.therapy(therapy), covered, len(sessions), charge, patient, tuple(runs), tax)


def _is_covered(session: Sequence[Line]) -> bool:
    return all(line.covered for line in session)


def _alike(session: Sequence[Line]) -> tuple[object, ...]:
    """What two visits have in common that a reader may take together."""
    return tuple(
        (line.covered, line.reason, line.amounts, line.tier, line.code, tuple(step.message for step in line.steps))
        for line in session
    )


def _run(sessions: Sequence[Sequence[Line]], before: int, language: Language, urls: Mapping[str, str]) -> VisitRun:
    first, lines = sessions[0], [line for session in sessions for line in session]
    return VisitRun(
        first=before + 1,
        last=before + len(sessions),
        days=tuple(session[0].date for session in sessions),
        why="; ".join(_of_code(line, why_of(line, language), first) for line in first),
        covered=_is_covered(first),
        charge_cents=sum(line.charge_cents for line in lines),
        patient_cents=sum(line.patient_cents for line in lines),
        plan_cents=sum(line.plan_paid_cents for line in lines),
        others_cents=sum(map(others_cents, lines)),
        discount_cents=sum(line.written_off_cents for line in lines),
        each_cents=sum(line.patient_cents for line in first),
        steps=tuple(
            _step(each, _of_code(line, language.text(each.message), first), language, urls)
            for line in first
            for each in line.steps
            if each.message.id not in _EMPTY_STEPS
        ),
        # The first step is the price; the second the rule that decides.
        rule=first[0].steps[min(1, len(first[0].steps) - 1)].rule,
    )


def _of_code(line: Line, text: str, session: Sequence[Line]) -> str:
    """A text about a line, with its code where the visit has several lines."""
    return f"{line.code}: {text}" if len(session) > 1 else text


def _step(step: ExplainedStep, text: str, language: Language, urls: Mapping[str, str]) -> Step:
    source = language.name(step.citation)
    # A step names a document by its title, with the place in it where there is one.
    cited = (url for title, url in urls.items() if step.citation == title or step.citation.startswith(f"{title}, "))
    return Step(text, source, is_document=step.citation == source, url=next(cited, ""))


def why_of(line: Line, language: Language) -> str:
    """In a few words: why a visit is not covered, else what its cost is made of."""
    if not line.covered and line.reason is not Reason.NONE:
        return language.text(line.steps[1 if len(line.steps) > 1 else 0].message)
    parts = [
        language.text(WORDS[word](amount=Dollars(cents))) for name, word in _PARTS if (cents := getattr(line, name))
    ]
    return "; ".join(parts) if parts else language.text(WORDS["web-part-nothing"]())


def _approvals(
    request: EstimateRequest, estimate: Estimate, changes: Sequence[WhatIf], names: RuleNames
) -> tuple[Approval, ...]:
    worth = {
        (each.item_index, each.word): each.difference_cents for each in changes if each.change is WhatIfKind.WITHOUT
    }
    found = []
    for place, word in approvals_of(request, estimate):
        said = attestation(Attestation(word))
        title = names.language.text(
            WORDS["web-approval"](approval=said, therapy=names.therapy(request.items[place].therapy))
        )
        has = Attestation(word) in request.items[place].attestations
        found.append(Approval(place, word, title, has, worth.get((place, word))))
    return tuple(found)


def _others(request: EstimateRequest, changes: Sequence[WhatIf], names: RuleNames) -> tuple[OtherCost, ...]:
    """What would change the cost, the largest change first; bars to one scale of 100."""
    told: list[tuple[str, int]] = []
    for each in changes:
        if not each.difference_cents:
            continue
        therapy = names.therapy(request.items[each.item_index].therapy) if each.item_index >= 0 else ""
        if each.change is WhatIfKind.WITHOUT:
            said = WORDS["web-other-without"](approval=attestation(Attestation(each.word)), therapy=therapy)
        elif each.change is WhatIfKind.TIER:
            tier = names.tier(request.plan_id, min(request.items[each.item_index].dates), each.word)
            said = WORDS["web-other-tier"](therapy=therapy, tier=tier)
        else:
            said = WORDS["web-other-deductible"]()
        told.append((names.language.text(said), each.difference_cents))
    most = max((abs(cents) for _, cents in told), default=1)
    ranked = sorted(told, key=lambda each: -abs(each[1]))
    return tuple(OtherCost(text, cents, max(1, 50 * abs(cents) // most)) for text, cents in ranked)
