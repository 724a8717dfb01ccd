"""An impact as a page that stands alone.

What comes in: an `Impact`, the names of what was compared, and the results of bounds. What goes out: HTML.
"""

from __future__ import annotations

from collections.abc import Sequence

from camcover.workflow.impact.charts import distribution_chart, group_chart
from camcover.workflow.impact.records import Impact, most_changed
from camcover.workflow.impact.words import bin_words, changes_of, signed
from camcover.workflow.standalone_pages import standalone_page
from camcover.workflow.thresholds import BoundResult

__all__ = ["page"]

MOST_ROWS = 200
"""Payer plans, therapies or benefits in a table; the JSON holds them all."""


def page(impact: Impact, *, before: str, after: str, book: str, outcomes: Sequence[BoundResult] = ()) -> str:
    """The page; `before`, `after` and `book` are the names of what was compared."""
    return standalone_page(
        "camcover.workflow.impact",
        "impact.html",
        impact=impact,
        before=before,
        after=after,
        book=book,
        outcomes=outcomes,
        distribution=distribution_chart(impact.change),
        groups=[
            ("plans", "By payer plan", most_changed(impact.by_plan, MOST_ROWS), len(impact.by_plan)),
            ("therapies", "By therapy", most_changed(impact.by_therapy, MOST_ROWS), len(impact.by_therapy)),
            ("benefits", "By benefit", most_changed(impact.by_benefit, MOST_ROWS), len(impact.by_benefit)),
        ],
        charts={
            "plans": group_chart("plans", "Change of what patients pay, by payer plan", impact.by_plan),
            "therapies": group_chart("therapies", "Change of what patients pay, by therapy", impact.by_therapy),
            "benefits": group_chart("benefits", "Change of what patients pay, by benefit", impact.by_benefit),
        },
        unpriced=[
            ("No longer priced", impact.members.no_longer_priced, impact.no_longer_priced),
            ("Priced only after", impact.members.newly_priced, impact.newly_priced),
            ("Never priced", impact.members.never_priced, impact.never_priced),
        ],
        cases=[("Largest increases", impact.increases), ("Largest decreases", impact.decreases)],
        share=_share,
        signed=signed,
        bin=bin_words,
        changes_of=changes_of,
    )


def _share(part: int, whole: int) -> str:
    """A part as a percentage to a hundredth, half up."""
    hundredths = (20_000 * part + whole) // (2 * whole) if whole else 0
    return f"{hundredths // 100}.{hundredths % 100:02d}%"
