"""The summary for the primary-care provider, on one page: planned care, approvals wanted, the cost to the patient.

What comes in: a plan of care as it was told. What goes out: texts for `papers/summary.typ`, as JSON has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from camcover.engine.estimate import Amounts
from camcover.rulebook.records import Attestation
from camcover.rulebook.term_messages import attestation
from camcover.showing.answer import Approval
from camcover.showing.charts import others_cents
from camcover.showing.naming import capitalised
from camcover.showing.told import Told

__all__ = ["summary"]

_AMOUNTS = {
    "charge_cents": "web-charge-short",
    "plan_paid_cents": "summary-plan-pays",
    "others_cents": "web-share-others",
    "written_off_cents": "web-share-discount",
    "patient_cents": "summary-patient-pays",
}
"""The amounts of the costs, with the message of each."""

_ALWAYS = ("charge_cents", "plan_paid_cents", "patient_cents")
"""Those that are shown even where they are nothing."""


def summary(told: Told) -> dict[str, Any]:
    """All that the summary says."""
    say, totals = told.say, told.answer.estimate.totals
    amounts = {name: word for name, word in _AMOUNTS.items() if name in _ALWAYS or _of(totals, name)}
    return told.frame("summary-title", "summary-about") | {
        "words": {
            "care": say("summary-care"),
            "approvals": say("summary-approvals"),
            "cost": say("summary-cost"),
        },
        "patient": [say("summary-patient"), say("letter-birth-date")],
        "lead": say("summary-lead"),
        "plan": [say("summary-plan"), told.plan_name],
        "care_head": [
            say("web-therapy-short"),
            say("summary-for"),
            say("summary-schedule"),
            say("summary-by"),
            say("summary-covered"),
        ],
        "care": [
            [
                told.therapy(item),
                told.conditions(item),
                told.schedule(item),
                ", ".join(told.given_by(item)),
                say("web-covered-short", covered=lines.covered, visits=lines.visits),
            ]
            for item, lines in zip(told.request.items, told.answer.care, strict=True)
        ],
        "approvals_head": [
            say("letter-what"),
            say("summary-for"),
            say("letter-state"),
            say("letter-without"),
        ],
        "approvals": [list(_approval(told, each)) for each in told.answer.approvals],
        "approvals_none": say("summary-no-approvals"),
        "cost_head": [say("web-therapy-short"), *map(say, amounts.values())],
        "cost": [
            [told.therapy(item), *(told.money(_of(sums, name)) for name in amounts)]
            for item, sums in zip(told.request.items, told.answer.estimate.items, strict=True)
        ],
        "cost_foot": [say("letter-sum"), *(told.money(_of(totals, name)) for name in amounts)],
        "range": told.range("summary-exact", "summary-range"),
    }


def _of(sums: Amounts, name: str) -> int:
    """An amount by its name; `others_cents`: what a second plan and accounts pay."""
    cents = others_cents(sums) if name == "others_cents" else getattr(sums, name)
    return int(cents)


def _approval(told: Told, approval: Approval) -> Iterator[str]:
    """An approval, the care that needs it, whether it is there, and what it is worth."""
    yield capitalised(told.words.text(attestation(Attestation(approval.word))))
    yield told.therapy(told.request.items[approval.item_index])
    yield told.say("summary-has" if approval.has else "summary-wanted")
    yield told.worth(approval.worth_cents, "summary-patient-more")
