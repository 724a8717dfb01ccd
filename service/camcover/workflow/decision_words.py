"""What a case of a decision table decides, and on which terms, in words for staff."""

from __future__ import annotations

from camcover.rulebook.analysis.decisions import Verdict
from camcover.workflow.decision_tables import BenefitTerms, TableRow

__all__ = ["decided", "term_lines"]


def decided(case: TableRow) -> str:
    """What becomes of a line."""
    if case.verdict is Verdict.BENEFIT:
        return f"covered by {case.benefits[0]}" if case.benefits else "covered"
    if case.verdict is Verdict.NOT_LISTED:
        return "not covered: no rule names it"
    reason = case.reason.replace("_", " ").lower()
    return f"excluded: {reason}" if case.verdict is Verdict.EXCLUDED else f"not covered: {reason}"


def term_lines(terms: TableRow | BenefitTerms) -> list[str]:
    """The terms of one benefit, a line each."""
    lines = [f"{each.tier.replace('_', ' ')}: {', then '.join(each.member_pays) or 'nothing'}" for each in terms.terms]
    lines += [f"needs {each}" for each in terms.requirements]
    lines += [f"at most {each.text}" for each in terms.limits]
    lines += [f"account {each.account}: {each.text}" for each in terms.accounts]
    lines += [
        f"{each.tier.replace('_', ' ')}: {said}"
        for each in terms.terms
        for said in (each.payment, each.provider_liable)
        if said
    ]
    return lines
