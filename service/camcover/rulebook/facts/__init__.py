"""The statements of a rule file as facts in words. Two versions are compared by these facts.

What comes in: a document's record. What goes out: its `Part`, with its facts and the parts inside it; each is made when
it is needed. Every field of every record, except the position, is a fact or the name of a part.
"""

from __future__ import annotations

from camcover.rulebook.facts.part import Fact, Part, is_same
from camcover.rulebook.facts.plan import plan_part
from camcover.rulebook.facts.shared import catalog_part, fees_part, policy_part
from camcover.rulebook.records import Catalog, Document, Fees, Plan, Policy

__all__ = ["Fact", "Part", "document_part", "is_same"]


def document_part(document: Document) -> Part:
    """The part that a whole document is."""
    match document:
        case Plan():
            return plan_part(document)
        case Policy():
            return policy_part(document)
        case Fees():
            return fees_part(document)
        case Catalog():
            return catalog_part(document)
