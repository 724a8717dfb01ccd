"""What a good-faith estimate of expected charges needs, for a clinic to complete and issue (45 CFR 149.610(c)(1)).

What comes in: a plan of care as it was told. What goes out: texts for the last page of the letter. Each part names the
paragraph of the law that asks for it. What Camcover cannot know (names, identifiers, places) are lines to write on.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from camcover.engine.request import PlannedService
from camcover.showing.told import Told

__all__ = ["good_faith"]


def good_faith(told: Told) -> dict[str, Any]:
    """The page."""
    say = told.say
    rows = list(_rows(told))
    return {
        "title": say("gfe-title"),
        "lead": say("gfe-lead"),
        # of (i): who the patient is
        "patient": [say("summary-patient"), say("letter-birth-date")],
        # of (ii), (iii) and (iv): the services with their dates, codes and charges
        "head": [
            say(each)
            for each in (
                "gfe-service",
                "gfe-code",
                "gfe-diagnosis",
                "letter-visits",
                "letter-days",
                "gfe-charge",
            )
        ],
        "rows": rows,
        "sum": say("letter-sum"),
        "total": told.money(told.answer.estimate.totals.charge_cents),
        "typical": say("gfe-typical") if any(row[-1].endswith("*") for row in rows) else "",
        # of (v): who gives the care, and where
        "provider": say("gfe-provider"),
        "provider_lines": [say(each) for each in ("gfe-name", "gfe-place", "gfe-npi", "gfe-tin")],
        # of (vi): what is scheduled separately, below its disclaimer
        "separate": say("gfe-separate"),
        "separate_text": say("gfe-separate-text"),
        "separate_line": say("gfe-separate-line"),
        # of (vii) to (x): the other disclaimers
        "rights": say("gfe-rights"),
        "notes": [say(each) for each in ("gfe-more", "gfe-only", "gfe-dispute", "gfe-contract")],
    }


def _is_unknown(item: PlannedService, code: str) -> bool:
    """Whether nobody gave the charge of a service, so that a typical one, or what the plan allows, is taken."""
    given = [item.charge_cents, *(each.charge_cents for each in item.procedures if each.code == code)]
    return all(each is None for each in given)


def _rows(told: Told) -> Iterator[list[str]]:
    """Each service, and each of its codes by itself: codes, diagnoses, visits, days, expected charge."""
    lines = sorted(told.answer.estimate.lines, key=lambda line: (line.item_index, line.code))
    for (place, code), group in groupby(lines, key=lambda line: (line.item_index, line.code)):
        of_code = list(group)
        item = told.request.items[place]
        days = sorted(line.date for line in of_code)
        charge = told.money(sum(line.charge_cents for line in of_code))
        yield [
            told.therapy(item),
            code,
            ", ".join(item.diagnoses),
            str(len({line.session for line in of_code})),
            told.span(days[0], days[-1]),
            f"{charge} *" if _is_unknown(item, code) else charge,
        ]
