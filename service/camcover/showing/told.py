"""What letters and summaries have in common: a plan of care with its answer, and texts about them.

What comes in: rules and a request. What goes out: the priced request, and texts in the reader's language.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from camcover.engine import EstimateRequest, InvalidRequest, Tables, Violation
from camcover.engine.request import Member, PlannedService
from camcover.languages import ENGLISH, Language
from camcover.messages import Argument, Dollars
from camcover.refusals import Refusal
from camcover.rulebook.records import Plan
from camcover.showing.answer import CareAnswer, answer_of
from camcover.showing.naming import RuleNames
from camcover.showing.words import WORDS
from camcover.workflow import catalog_entries
from camcover.workflow.pricing import PricedPlan, price
from camcover.workflow.what_ifs import what_ifs

__all__ = ["Told", "told_of"]

_RULES_LANGUAGE = ENGLISH
"""The language of payers' documents."""


class Told(NamedTuple):
    """A plan of care for one person, priced and explained; `plan`: its edition on the first day."""

    request: EstimateRequest
    answer: CareAnswer
    names: RuleNames
    plan: Plan | None
    plan_name: str
    illustrative: bool

    @property
    def words(self) -> Language:
        """The reader's language."""
        return self.names.language

    @property
    def member(self) -> Member:
        """The person."""
        return self.request.members[0]

    def say(self, message_id: str, **arguments: Argument) -> str:
        """A sentence."""
        return self.words.text(WORDS[message_id](**arguments))

    def money(self, cents: int) -> str:
        """An amount."""
        return self.words.dollars(cents)

    def until(self) -> str:
        """Up to which day a paper may be shown."""
        return self.say("letter-until", day=self.answer.priced.expires_on)

    def frame(self, title: str, about: str) -> dict[str, object]:
        """What every paper has: its title, its days, and what readers are warned of."""
        priced = self.answer.priced
        warnings = [self.say("web-unreviewed")] if self.words.is_unreviewed else []
        if self.illustrative:
            warnings.append(self.say("web-illustrative"))
        return {
            "lang": self.words.tag,
            "rules_language": _RULES_LANGUAGE,
            "title": self.say(title),
            "about": self.say(about),
            "made": self.say("letter-made", day=priced.created_at.date()),
            "until": self.until(),
            "warnings": warnings,
            "know": [self.words.text(each.message) for each in priced.notices],
            "law": self.say("web-law", law=priced.notices[0].citation),
            "release": self.say("web-release", release=priced.rule_release, day=priced.expires_on),
        }

    def worth(self, cents: int | None, more: str) -> str:
        """What is paid more without an approval; `more`: the message of an amount."""
        if cents is None:
            return self.say("letter-unknown")
        return self.say(more, amount=Dollars(cents)) if cents > 0 else self.say("letter-same")

    def range(self, exact: str, range_: str) -> str:
        """From least to most; the message where that is one amount, and the message of two."""
        if self.answer.is_exact:
            return self.say(exact)
        bounds = self.answer.estimate.range
        return self.say(range_, low=Dollars(bounds.low_cents), high=Dollars(bounds.high_cents))

    def span(self, first: date, last: date, *, has_year: bool = True) -> str:
        """From a day to a day: `Mar 2 - Apr 6, 2026` with a dash; one day where they are the same.

        No date breaks over lines.
        """
        end = self.words.day(last) if has_year else self.words.short_date(last)
        if first == last:
            return _unbroken(end)
        begin = self.words.day(first) if has_year and first.year != last.year else self.words.short_date(first)
        return f"{_unbroken(begin)}\N{NO-BREAK SPACE}\N{EN DASH} {_unbroken(end)}"

    def schedule(self, item: PlannedService) -> str:
        """How many visits, how often, and from when to when."""
        days = sorted(item.dates)
        steps = {(later - earlier).days for earlier, later in pairwise(days)}
        said = [self.say("letter-count", count=len(days))]
        if len(steps) == 1 and (every := f"web-every-{steps.pop()}") in WORDS:
            said.append(_lowered(self.say(every)))
        return ", ".join([*said, self.span(days[0], days[-1])])

    def therapy(self, item: PlannedService) -> str:
        """The care of an item: its therapy, else its codes."""
        return self.names.care(item)

    def numbered(self, place: int) -> str:
        """The care of an item, with its number where there are several: sentences name items by numbers."""
        name = self.therapy(self.request.items[place])
        return f"{place + 1}. {name}" if len(self.request.items) > 1 else name

    def conditions(self, item: PlannedService) -> str:
        """What the care is for: conditions by their names, diagnoses by their codes."""
        return ", ".join([*map(self.condition, item.conditions), *item.diagnoses])

    def condition(self, condition: str) -> str:
        """The name of a condition; the word itself where the catalog has no such condition."""
        return next((each.name for each in self.names.conditions if each.value == condition), condition)

    def given_by(self, item: PlannedService) -> Sequence[str]:
        """Who gives the care, and in which network."""
        found = [self.names.practitioner(item.practitioner)] if item.practitioner else []
        if item.tier:
            found.append(self.names.tier(self.request.plan_id, min(item.dates), item.tier))
        return found


def told_of(tables: Tables, request: EstimateRequest, language: Language, priced: PricedPlan | None = None) -> Told:
    """Price and explain a plan of care of one person; `priced`: its explained answer, if known.

    Raises `InvalidRequest`.
    """
    if len(request.members) != 1:
        found = f"{len(request.members)} members"
        raise InvalidRequest(
            (Violation("members", found, "one: a letter is for one person", Refusal.COUNT_OUT_OF_RANGE),)
        )
    request = request._replace(explain=True)
    priced = priced or price(tables, request._replace(explain_range=True))
    changes = what_ifs(tables, request, priced.estimate)
    summary = tables.directory[request.plan_id]
    return Told(
        request=request,
        answer=answer_of(tables, request, priced, changes=changes, language=language, tells_ends=True),
        names=RuleNames(tables, language),
        plan=catalog_entries.edition_on(
            tables, request.plan_id, min(day for item in request.items for day in item.dates)
        ),
        plan_name=f"{summary.name} ({summary.payer_name})",
        illustrative=any(each.illustrative for each in summary.editions),
    )


def _unbroken(text: str) -> str:
    """A text that stays on one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _lowered(text: str) -> str:
    """A text as it stands inside of a sentence."""
    return text[:1].lower() + text[1:]
